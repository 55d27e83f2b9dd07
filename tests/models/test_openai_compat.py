"""Servers of OpenAI's dialect: what each kind is known by, and what of a stream counts."""

import asyncio
import json
from typing import Any

import pytest

from fakes.openai_server import OpenAIStandIn, openai_server
from mirador_lsp.core.dialogue import Chunk, Constraint, Limits, Prefill, Prompt, Usage
from mirador_lsp.core.errors import BadReply, ContextOverflow, ModelError, ModelUnavailable
from mirador_lsp.core.health import Health
from mirador_lsp.models.openai_compat import OpenAIBackend, OpenAIOptions
from mirador_lsp.models.transport import Transport

_ASK = Prompt("You review.", "eval(x)", "What is wrong?", Constraint('root ::= "x"'))
_MODELS = {"/v1/models": {"object": "list", "data": [{"id": "coder", "object": "model"}]}}


def said(content: str, **more: Any) -> str:
    """An event with a piece of the reply."""
    return json.dumps({"choices": [{"index": 0, "delta": {"content": content}} | more]})


def ended(reason: str = "stop", **usage: Any) -> str:
    """The event that ends a reply."""
    body: dict[str, Any] = {"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}
    return json.dumps(body | ({"usage": usage} if usage else {}))


_DONE = "data: [DONE]"
_WHOLE = (said("one"), said(" two"), ended(prompt_tokens=20, completion_tokens=2), _DONE)


def backend(stand_in: OpenAIStandIn, **options: Any) -> OpenAIBackend:
    """A backend over the server, which is called "lab"."""
    transport = Transport("lab", stand_in.address, key="sk-1")
    return OpenAIBackend(transport, OpenAIOptions(**options), prefix="lab")


async def ask(stand_in: OpenAIStandIn, prompt: Prompt = _ASK) -> tuple[str, Usage]:
    """The whole reply and what it cost."""
    made = backend(stand_in)
    text = ""
    try:
        limits = Limits(20, 60, top_logprobs=2)
        async with made.open("lab/coder", prompt, limits) as reply:
            async for piece in reply:
                text += piece.text if isinstance(piece, Chunk) else ""
        return text, reply.usage
    finally:
        await made.close()


async def test_a_whole_reply_and_what_it_cost() -> None:
    """Text, tokens and cached tokens come from the stream."""
    details = {"prompt_tokens_details": {"cached_tokens": 15}}
    usage = json.dumps(
        {"choices": [], "usage": {"prompt_tokens": 20, "completion_tokens": 2} | details}
    )
    events = (": keep-alive", "event: message", said("one"), said(" two"), ended(), usage, _DONE)
    async with openai_server(OpenAIStandIn(_MODELS, events)) as stand_in:
        text, cost = await ask(stand_in)
    assert text == "one two"
    assert (cost.prompt_tokens, cost.cached_tokens, cost.completion_tokens) == (20, 15, 2)
    assert not cost.truncated


async def test_a_reply_at_its_limit_says_so() -> None:
    """`length` is a whole reply that was cut at its limit."""
    async with openai_server(OpenAIStandIn(_MODELS, (said("one"), ended("length"), _DONE))) as s:
        assert (await ask(s))[1].truncated


async def test_probabilities_and_progress_are_passed_on() -> None:
    """Alternatives come with their tokens; the share read comes before the first."""
    told = {"token": "one", "logprob": -0.5, "top_logprobs": [{"token": "No", "logprob": -1.0}]}
    events = (
        json.dumps({"choices": [], "prompt_progress": {"total": 30, "processed": 10}}),
        said("one", logprobs={"content": [told]}),
        said(" two", logprobs={"content": [{"token": " ", "logprob": -3.0}]}),
        ended(),
        _DONE,
    )
    async with openai_server(OpenAIStandIn(_MODELS, events)) as stand_in:
        made = backend(stand_in)
        async with made.open("lab/coder", _ASK, Limits(20, 60, top_logprobs=2)) as reply:
            pieces = [piece async for piece in reply]
        await made.close()
    assert pieces == [
        Prefill(10, 30),
        Chunk("one", -0.5, (("No", -1.0),)),
        Chunk(" two", -3.0),
    ]


@pytest.mark.parametrize(
    ("events", "error"),
    [
        ((said("one"),), BadReply),
        ((ended(prompt_tokens=20), _DONE), BadReply),
        ((said("one"), ended()), BadReply),
        ((said("one"), _DONE), BadReply),
        ((said("one"), ended("content_filter"), _DONE), BadReply),
        ((said("one"), '{"error": {"message": "out of memory"}}'), ModelUnavailable),
        ((said("one"), 'data: {"error": "context length exceeded"}'), ContextOverflow),
        ((said("one"), "data: <html>"), BadReply),
        ((said("one"), '{"choices": 3}'), BadReply),
        ((said("one"), ended(prompt_tokens=2), _DONE), ContextOverflow),
    ],
)
async def test_half_a_reply_is_no_reply(events: tuple[str, ...], error: type[ModelError]) -> None:
    """Only a stream that names a reason and then says that it is done counts."""
    async with openai_server(OpenAIStandIn(_MODELS, events)) as stand_in:
        with pytest.raises(error):
            await ask(stand_in, Prompt("You review code all day long.", "eval(x)", "Wrong?"))


async def test_a_connection_that_breaks_is_an_error() -> None:
    """However much was heard."""
    async with openai_server(OpenAIStandIn(_MODELS, (said("one"), ended()), cut=True)) as stand_in:
        with pytest.raises(ModelError):
            await ask(stand_in)


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (
            400,
            {"error": {"message": "request (9 tokens) exceeds the available context size"}},
            ContextOverflow,
            "fit",
        ),
        (
            400,
            {"error": {"message": "This model's maximum context length is 4096 tokens"}},
            ContextOverflow,
            "fit",
        ),
        (400, {"error": {"message": "bad grammar"}}, ModelUnavailable, "bad grammar"),
        (401, {"error": {"message": "invalid key"}}, ModelUnavailable, "wants a key"),
        (403, {}, ModelUnavailable, "wants a key"),
        (404, {"error": "model not found"}, ModelUnavailable, "not there any more"),
        (429, {"error": {"message": "slow down"}}, ModelUnavailable, "busy"),
        (503, {"error": {"message": "Loading model"}}, ModelUnavailable, "busy"),
        (500, {"detail": "boom"}, ModelUnavailable, "boom"),
        (500, None, ModelUnavailable, "500"),
    ],
)
async def test_each_refusal_has_its_own_sentence(
    status: int, body: Any, error: type[ModelError], words: str
) -> None:
    """What the server says is told; keys and busy servers have remedies."""
    stand_in = OpenAIStandIn(_MODELS, status=status, error=body)
    async with openai_server(stand_in):
        with pytest.raises(error, match=words):
            await ask(stand_in)


@pytest.mark.parametrize(
    ("answers", "context", "field"),
    [
        ({"/props": {"default_generation_settings": {"n_ctx": 3000}}}, 3000, "grammar"),
        (
            {"/v1/models": {"data": [{"id": "coder", "max_model_len": 2000}]}},
            2000,
            "structured_outputs",
        ),
        ({"/api/v0/models": {"data": [{"id": "coder", "max_context_length": 1000}]}}, 1000, ""),
        ({}, 4096, ""),
    ],
)
async def test_each_kind_of_server_is_known_by_what_it_tells(
    answers: dict[str, Any], context: int, field: str
) -> None:
    """The context is the server's, never more than the settings say; grammars go where they are
    understood.
    """
    async with openai_server(OpenAIStandIn(_MODELS | answers, _WHOLE)) as stand_in:
        made = backend(stand_in)
        (card,) = await made.cards()
        await made.close()
        await ask(stand_in)
    assert card.context_tokens == context
    assert card.supports_grammar is bool(field)
    body = stand_in.asked[-1][1]
    assert {"grammar", "structured_outputs"} & set(body) == ({field} if field else set())


async def test_the_time_of_the_answer_is_no_part_of_the_version() -> None:
    """Some servers tell it as the time the model was made; what they tell of the model counts."""
    data: dict[str, Any] = {"id": "coder", "created": 1, "meta": {"n_params": 7}}
    answers = {"/v1/models": {"data": [data]}}
    digests = []
    async with openai_server(OpenAIStandIn(answers)) as stand_in:
        for created, size in ((1, 7), (2, 7), (2, 8)):
            data |= {"created": created, "meta": {"n_params": size}}
            made = backend(stand_in)
            digests += [card.digest for card in await made.cards()]
            await made.close()
        pinned = backend(stand_in, pins={"coder": digests[0]})
        assert await pinned.cards() == ()
        assert any("pinned" in check.detail for check in await pinned.health())
        await pinned.close()
        only = backend(stand_in, only=("other",))
        with pytest.raises(ModelUnavailable, match="not among the models"):
            async with only.open("lab/coder", _ASK, Limits(5, 60)):
                pytest.fail("entered")
        await only.close()
    assert digests[0] == digests[1] != digests[2]


async def test_a_model_called_by_a_path_has_a_short_name() -> None:
    """llama.cpp's server calls a model by its file; folders are nobody's business."""
    answers = {"/v1/models": {"data": [{"id": "/home/me/models/coder.gguf"}]}}
    async with openai_server(OpenAIStandIn(answers)) as stand_in:
        made = backend(stand_in)
        assert [card.name for card in await made.cards()] == ["lab/coder.gguf"]
        await made.close()


async def test_leaving_hangs_up() -> None:
    """The server sees the connection end, which is what makes it stop the model."""
    hold = asyncio.Event()
    async with openai_server(OpenAIStandIn(_MODELS, (said("one"),), hold=hold)) as stand_in:
        made = backend(stand_in)
        async with made.open("lab/coder", _ASK, Limits(20, 60)) as reply:
            async for piece in reply:
                assert isinstance(piece, Chunk)
                break
        async with asyncio.timeout(30):
            await stand_in.left.wait()
        await made.close()


@pytest.mark.parametrize(
    "answers", [{}, {"/v1/models": []}, {"/v1/models": {"data": [3, {"id": 4}]}}]
)
async def test_another_kind_of_server_has_no_models(answers: dict[str, Any]) -> None:
    """No card; doctor says why where it is not one of these servers at all."""
    async with openai_server(OpenAIStandIn(answers)) as stand_in:
        made = backend(stand_in)
        assert await made.cards() == ()
        (check,) = await made.health()
        await made.close()
    assert check.health is (Health.OK if "data" in str(answers) else Health.WARNING)


@pytest.mark.parametrize(
    ("listed", "left"),
    [(["coder", "ranker"], ["lab/coder"]), (["/models/anything.gguf"], []), (["coder", "b"], None)],
)
async def test_a_model_that_ranks_is_asked_nothing_else(
    listed: list[str], left: list[str] | None
) -> None:
    """It can do no more; the only model of a server may be called anything."""
    models = {"/v1/models": {"data": [{"id": each} for each in listed]}}
    async with openai_server(OpenAIStandIn(models)) as stand_in:
        made = backend(stand_in, ranker="ranker")
        wanted = [f"lab/{each}" for each in listed] if left is None else left
        assert [card.name for card in await made.cards()] == wanted
        (check,) = await made.health()
        assert check.health is Health.OK
        await made.close()
