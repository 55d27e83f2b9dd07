"""The commands that change code: fix, document, write tests, and the user's own actions."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from mirador_lsp.core.answers import Topic
from mirador_lsp.core.changes import Intent
from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.text import Span
from mirador_lsp.server import answering
from mirador_lsp.server.answer_views import OnPage
from mirador_lsp.server.applying import apply_patch
from mirador_lsp.server.arguments import about_document, about_finding, text
from mirador_lsp.server.asked import Asked, asked
from mirador_lsp.server.changing import Outcome, State, Wanted, all_fixes, change
from mirador_lsp.server.jobs import Job
from mirador_lsp.server.server import MiradorServer
from mirador_lsp.settings import ActionSettings, read_prompt

Answer = dict[str, Any]

_LONGEST_NAME = 200


async def fix(ls: MiradorServer, arguments: Sequence[Any]) -> Answer:
    """`mirador.fix`: mend one finding."""
    said, _ = about_finding(arguments)
    ask = asked(ls, said)
    job = Job("fix", _title("fix", ask), ask.snapshot.uri)
    wanted = Wanted(job, Intent.FIX, _place(ask), finding=ask.finding)
    return (await change(ls, ask, wanted)).answer()


async def fix_all(ls: MiradorServer, arguments: Sequence[Any]) -> Answer:
    """`mirador.fixAll`: make all safe fixes of a document, for clients that cannot be given the
    edit with the action.
    """
    snapshot = asked(ls, about_document(arguments)).snapshot
    outcome = Outcome(State.NOT_OFFERED, why="There is nothing to fix safely.")
    patch = await all_fixes(ls, snapshot)
    if patch is not None:
        outcome.title, outcome.rungs = patch.title, patch.rungs
        outcome.why = await apply_patch(ls, snapshot, patch)
        outcome.state = State.REFUSED if outcome.why else State.APPLIED
    if outcome.why:
        ls.messages.refusal(UserError(outcome.why))
    return outcome.answer()


async def document(ls: MiradorServer, arguments: Sequence[Any]) -> Answer:
    """`mirador.document`: write the doc comment of the symbol at a place."""
    ask = asked(ls, about_document(arguments))
    job = Job("document", _title("document", ask), ask.snapshot.uri)
    return (await change(ls, ask, Wanted(job, Intent.DOCUMENT, _place(ask)))).answer()


async def write_tests(ls: MiradorServer, arguments: Sequence[Any]) -> Answer:
    """`mirador.writeTests`: write a test file for the symbol at a place."""
    ask = asked(ls, about_document(arguments))
    client = ls.session.client
    if client.applies_edits and not (client.creates_files and client.document_changes):
        why = "This editor creates no files for language servers, so no tests can be written."
        ls.messages.refusal(UserError(why, remedy="Use an editor that does."))
        return Outcome(State.NOT_OFFERED, why=why).answer()
    job = Job("tests", _title("write tests for", ask), ask.snapshot.uri)
    return (await change(ls, ask, Wanted(job, Intent.TESTS, _place(ask)))).answer()


async def action(ls: MiradorServer, arguments: Sequence[Any]) -> Answer:
    """`mirador.action`: what a prompt file of the user's own asks."""
    said = about_document(arguments)
    ask = asked(ls, said)
    await ls.settled.wait()
    chosen = _action(ls, text(said, "name", _LONGEST_NAME), ask)
    question = await asyncio.to_thread(read_prompt, chosen)
    if chosen.edits == "nothing":
        return await _answered(ls, ask, chosen, question)
    span = Span(0, len(ask.snapshot.text)) if chosen.edits == "file" else _place(ask)
    if chosen.edits == "selection" and span.start == span.end:
        message = "Nothing is selected."
        raise UserError(message, remedy="Select the code that is meant.")
    job = Job("action", f"{plain(chosen.title, 80)}: {ask.snapshot.name}", ask.snapshot.uri)
    wanted = Wanted(job, Intent.CUSTOM, span, question=question, scope=chosen.edits)
    return (await change(ls, ask, wanted)).answer()


async def _answered(ls: MiradorServer, ask: Asked, chosen: ActionSettings, question: str) -> Answer:
    """An action that changes nothing ends in words, which are shown as a page."""
    page = OnPage(ls.pages, "action", ask.snapshot.uri, plain(chosen.title, 120))
    wanted = answering.Wanted(Topic.CUSTOM, question, chosen.title)
    outcome = await answering.answer(ls, ask, wanted, page)
    return asdict(outcome.result(with_text=True))


def _action(ls: MiradorServer, name: str, ask: Asked) -> ActionSettings:
    for one in ls.settings.actions:
        if one.name == name and one.is_for(ask.snapshot.language):
            return one
    message = f'There is no action "{name}" for this language.'
    raise UserError(message, remedy="Actions stand under [[actions]] in your own settings.")


def _place(ask: Asked) -> Span:
    """The place that was named; the beginning of the document where none was."""
    return ask.span if ask.span is not None else Span(0, 0)


def _title(verb: str, ask: Asked) -> str:
    what = f"{ask.finding.rule} in " if ask.finding is not None else ""
    return f"{verb} {what}{ask.snapshot.name}"
