"""`mirador/explain`, `mirador/ask` and the commands that do the same in every other editor."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from mirador_lsp.core.answers import Topic
from mirador_lsp.core.errors import UserError
from mirador_lsp.server import answering, arguments, remembering
from mirador_lsp.server.answer_views import OnPage, Parts, Silent
from mirador_lsp.server.answering import Listener, Wanted
from mirador_lsp.server.arguments import about_document
from mirador_lsp.server.asked import Asked, asked
from mirador_lsp.server.extensions import Part
from mirador_lsp.server.panels import panel_of
from mirador_lsp.server.server import MiradorServer

Result = dict[str, Any]

_LONGEST_QUESTION = 2000


async def explain(ls: MiradorServer, params: Any) -> Result:
    """`mirador/explain`: what the code does; of a finding, why it is a problem."""
    ask = asked(ls, _said(params))
    view = _parts(ls, ask)
    wanted = Wanted(Topic.EXPLAIN, models=await panel_of(ls, ask.said))
    outcome = await answering.answer(ls, ask, wanted, view)
    return asdict(outcome.result(with_text=isinstance(view, Silent)))


async def ask(ls: MiradorServer, params: Any) -> Result:
    """`mirador/ask`: the answer to a question of the user's; follow-ups name the conversation."""
    about = asked(ls, _said(params))
    view = _parts(ls, about)
    wanted, conversation = await _question(ls, about)
    return await _answered(ls, about, wanted, conversation, view)


async def explain_command(ls: MiradorServer, said: Sequence[Any]) -> Result:
    """`mirador.explain`: the same as a page that fills, for editors without a view of their own."""
    about = asked(ls, about_document(said))
    page = OnPage(ls.pages, "explain", about.snapshot.uri, "")
    wanted = Wanted(Topic.EXPLAIN, models=await panel_of(ls, about.said))
    outcome = await answering.answer(ls, about, wanted, page)
    return asdict(outcome.result(with_text=True))


async def ask_command(ls: MiradorServer, said: Sequence[Any]) -> Result:
    """`mirador.ask`: the same as a page that fills, follow-ups below what was said before."""
    about = asked(ls, about_document(said))
    wanted, conversation = await _question(ls, about)
    page = OnPage(ls.pages, "ask", conversation, wanted.question, wanted.history)
    return await _answered(ls, about, wanted, conversation, page)


async def _answered(
    ls: MiradorServer, about: Asked, wanted: Wanted, conversation: str, view: Listener
) -> Result:
    outcome = await answering.answer(ls, about, wanted, view)
    if outcome.answer is not None and outcome.answer.model:
        ls.conversations.add(conversation, wanted.question, outcome.answer.text)
        remembering.answered(ls, about.snapshot, wanted.question, outcome.answer)
    return asdict(outcome.result(with_text=not isinstance(view, Parts), conversation=conversation))


async def _question(ls: MiradorServer, about: Asked) -> tuple[Wanted, str]:
    """The question with what was said before it, and the name of its conversation."""
    question = arguments.text(about.said, "question", _LONGEST_QUESTION)
    if not question:
        message = "There is no question."
        raise UserError(message, remedy="Say what you want to know.")
    name = arguments.text(about.said, "conversation", 64)
    history = await ls.conversations.turns(name)
    if history is None:
        name, history = ls.conversations.begin(), ()
    models = await panel_of(ls, about.said)
    wanted = Wanted(Topic.ASK, question, history=history, conversation=name, models=models)
    return wanted, name


def _said(params: Any) -> Mapping[str, Any]:
    """The parameters of our own requests, in the shape of a command's argument."""
    document = params.get("textDocument") if isinstance(params, Mapping) else None
    if not isinstance(document, Mapping):
        message = "The parameters need a textDocument."
        raise JsonRpcInvalidParams(message)
    return about_document([{**params, "uri": document.get("uri")}])


def _parts(ls: MiradorServer, about: Asked) -> Parts | Silent:
    """Parts where the client sent a token for them."""
    token = about.said.get("partialResultToken")
    if isinstance(token, bool) or not isinstance(token, str | int):
        return Silent()
    where = token

    def send(part: Part) -> None:
        ls.protocol.notify(types.PROGRESS, types.ProgressParams(where, asdict(part)))

    return Parts(send, ls.congested)
