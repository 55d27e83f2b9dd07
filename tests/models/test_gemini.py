"""Gemini: what is asked of it, what of its answers counts, and that nothing goes there unasked."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from fakes.gemini_server import KEY, GeminiStandIn, gemini_server
from mirador_lsp.core.dialogue import Chunk, Limits, Prompt, Usage
from mirador_lsp.core.errors import BadReply, ContextOverflow, ModelUnavailable, UserError
from mirador_lsp.core.health import Health
from mirador_lsp.core.servers import ModelServer
from mirador_lsp.models.gemini import KEY_HEADER, GeminiBackend, GeminiOptions
from mirador_lsp.models.scripted import ScriptedBackend
from mirador_lsp.models.servers import reach
from mirador_lsp.models.transport import Transport

_SCRIPT = """
[[model]]
name = "small"
context_tokens = 100000
[[reply]]
text = "one two three"
alternatives = { "None" = 0.2 }
"""
_ASK = Prompt("You review.", "def f(): return eval(x)", "What is wrong?")
_FLASH = "gemini-2.5-flash"


@asynccontextmanager
async def served(
    folder: Path, named: tuple[str, ...] = (_FLASH,), **how: Any
) -> AsyncIterator[tuple[GeminiBackend, GeminiStandIn]]:
    """A backend that may use the models named, and the service it talks to."""
    script = folder / "script.toml"
    script.write_text(_SCRIPT)
    models = how.pop("models", {_FLASH: "small"})
    pins = how.pop("pins", {})
    stand_in = GeminiStandIn(ScriptedBackend(script), models, **how)
    async with gemini_server(stand_in):
        transport = Transport("google", stand_in.address, key=KEY, key_header=KEY_HEADER)
        options = GeminiOptions(named, 2048, pins=pins)
        backend = GeminiBackend(transport, options, prefix="google", leaves="It leaves.")
        yield backend, stand_in
        await backend.close()


async def said(backend: GeminiBackend, model: str = _FLASH, **limits: Any) -> tuple[str, Usage]:
    """The whole reply and what it cost."""
    text = ""
    most = limits.pop("max_tokens", 20)
    async with backend.open(f"google/{model}", _ASK, Limits(most, 60, **limits)) as reply:
        async for piece in reply:
            text += piece.text if isinstance(piece, Chunk) else ""
        return text, reply.usage


async def test_a_question_is_worded_as_the_service_documents(tmp_path: Path) -> None:
    """Instructions apart from the code, the limits in their place, the key in a header alone."""
    async with served(tmp_path) as (backend, service):
        text, usage = await said(backend, temperature=0.5)
        path, fields, body = service.asked[-1]
    assert text == "one two three"
    assert usage.completion_tokens == 3
    assert path == f"/v1beta/models/{_FLASH}:streamGenerateContent?alt=sse"
    assert fields["x-goog-api-key"] == KEY
    assert "authorization" not in fields
    assert KEY not in path + json.dumps(body)
    assert body["systemInstruction"] == {"parts": [{"text": "You review."}]}
    (turn,) = body["contents"]
    assert turn["role"] == "user"
    assert turn["parts"][0]["text"].endswith("What is wrong?")
    assert body["generationConfig"] == {
        "candidateCount": 1,
        "maxOutputTokens": 20,
        "temperature": 0.5,
        "seed": 0,
    }


async def test_only_models_that_are_named_are_there(tmp_path: Path) -> None:
    """What the service has besides is no model here and is told how to become one; without a name
    there is none, and no question is put.
    """
    models = {_FLASH: "small", "gemini-2.5-pro": "small"}
    async with served(tmp_path, models=models) as (backend, _):
        assert [card.name for card in await backend.cards()] == [f"google/{_FLASH}"]
        with pytest.raises(ModelUnavailable, match="no model gemini-2") as raised:
            await said(backend, "gemini-2.5-pro")
        assert "models of that server" in raised.value.remedy
    async with served(tmp_path, (), models=models) as (backend, service):
        assert await backend.cards() == ()
        with pytest.raises(ModelUnavailable):
            await said(backend)
        (check,) = await backend.health()
        assert service.questions == []
    assert "no model" in check.detail
    assert "2 more are there" in check.detail


async def test_a_card_says_what_is_told_and_what_leaves(tmp_path: Path) -> None:
    """The context is never more than the settings say; the digest changes with the version."""
    about = {_FLASH: {"inputTokenLimit": 1024, "thinking": True}}
    async with served(tmp_path, about=about) as (backend, service):
        (card,) = await backend.cards()
        service.about = {_FLASH: {"version": "002"}}
        await backend.health()
        (newer,) = await backend.cards()
    assert card.context_tokens == 1024
    assert newer.context_tokens == 2048
    assert card.leaves == "It leaves."
    assert "cloud" in card.tags
    assert card.digest != newer.digest


async def test_a_key_that_is_not_taken_is_told_as_that(tmp_path: Path) -> None:
    """The service refuses it with 400, as it does much else."""
    async with served(tmp_path) as (_, service):
        transport = Transport("google", service.address, key="wrong", key_header=KEY_HEADER)
        backend = GeminiBackend(transport, GeminiOptions((_FLASH,)), prefix="google")
        (check,) = await backend.health()
        why = await backend.why_not(f"google/{_FLASH}")
        await backend.close()
    assert check.detail == "google does not take the key."
    assert "key_file" in check.remedy
    assert why == f"{check.detail} {check.remedy}"


async def test_the_list_is_read_to_its_last_page(tmp_path: Path) -> None:
    """A model on a later page is found; one that gives no words, or has no address, is not."""
    models = dict.fromkeys(["first", "second", "embedder", _FLASH, "last"], "small")
    about = {
        "embedder": {"supportedGenerationMethods": ["embedContent"]},
        "second": {"name": "models/../x"},
    }
    named = ("last", "embedder", "second", "../x")
    async with served(tmp_path, named, models=models, about=about, page=2) as (backend, _):
        assert [card.name for card in await backend.cards()] == ["google/last"]
        checks = await backend.health()
    refused = {check.name for check in checks if check.health is Health.WARNING}
    assert refused == {"model embedder", "model second", "model ../x"}


@pytest.mark.parametrize(
    ("model", "config", "extra"),
    [
        (_FLASH, {"thinkingBudget": 0}, 0),
        ("gemini-2.5-flash-lite", {"thinkingBudget": 0}, 0),
        ("gemini-2.5-pro", {"thinkingBudget": 128}, 128),
        ("gemini-3-pro-preview", {"thinkingLevel": "low"}, 2048),
        ("gemini-flash-latest", {"thinkingBudget": 0}, 0),
    ],
)
async def test_models_are_kept_from_thinking_as_far_as_they_can_be(
    tmp_path: Path, model: str, config: dict[str, Any], extra: int
) -> None:
    """What is left for thinking does not count against the reply."""
    how = {"models": {model: "small"}, "about": {model: {"thinking": True}}}
    async with served(tmp_path, (model,), **how) as (backend, service):
        await said(backend, model)
    (body,) = service.questions
    assert body["generationConfig"]["thinkingConfig"] == config
    assert body["generationConfig"]["maxOutputTokens"] == 20 + extra


async def test_what_a_model_cannot_do_is_learned_once(tmp_path: Path) -> None:
    """A refusal to give probabilities or not to think costs one question more, the first time."""
    how: dict[str, Any] = {"no_logprobs": True, "must_think": True}
    async with served(tmp_path, about={_FLASH: {"thinking": True}}, **how) as (backend, service):
        for _ in range(2):
            assert (await said(backend, top_logprobs=3))[0] == "one two three"
    assert len(service.questions) == 4
    last = service.questions[-1]["generationConfig"]
    assert "thinkingConfig" not in last
    assert "responseLogprobs" not in last
    assert last["maxOutputTokens"] > 20


async def test_probabilities_come_with_their_tokens(tmp_path: Path) -> None:
    """And with the alternatives that were asked for."""
    limits = Limits(9, 60, top_logprobs=2)
    async with (
        served(tmp_path) as (backend, service),
        backend.open(f"google/{_FLASH}", _ASK, limits) as reply,
    ):
        chunks = [piece async for piece in reply if isinstance(piece, Chunk)]
    assert all(chunk.logprob is not None and chunk.alternatives for chunk in chunks)
    assert service.questions[0]["generationConfig"]["logprobs"] == 2


async def test_a_reply_is_no_longer_than_asked_for_whatever_was_left_to_think(
    tmp_path: Path,
) -> None:
    """The tokens left for thinking are not used up in words."""
    model = "gemini-3-pro"
    how = {"models": {model: "small"}, "about": {model: {"thinking": True}}}
    async with served(tmp_path, (model,), **how) as (backend, _):
        text, usage = await said(backend, model, max_tokens=1)
    assert text.split() == ["one", "two"]
    assert usage.truncated


async def test_the_first_generation_gives_a_reason_with_every_piece(tmp_path: Path) -> None:
    """It is not the end before the stream ends."""
    async with served(tmp_path, reason_everywhere=True) as (backend, _):
        assert (await said(backend))[0] == "one two three"


def _event(text: str = "", reason: str = "", **more: Any) -> str:
    candidate: dict[str, Any] = {"content": {"parts": [{"text": text}], "role": "model"}}
    if reason:
        candidate["finishReason"] = reason
    return json.dumps({"candidates": [candidate]} | more)


async def test_what_it_thinks_is_not_what_it_says(tmp_path: Path) -> None:
    """Thoughts are counted and not read; fields that nobody knows are no matter."""
    thought = {"parts": [{"text": "Hm.", "thought": True}, {"text": "No", "thoughtSignature": "x"}]}
    usage = {"promptTokenCount": 9, "candidatesTokenCount": 1, "thoughtsTokenCount": 7}
    events = (
        json.dumps({"candidates": [{"content": thought}], "responseId": "r"}),
        _event(reason="STOP", usageMetadata=usage | {"cachedContentTokenCount": 4}),
    )
    async with served(tmp_path, events=events) as (backend, _):
        text, cost = await said(backend)
    assert text == "No"
    assert (cost.prompt_tokens, cost.cached_tokens, cost.completion_tokens) == (9, 4, 8)


@pytest.mark.parametrize(
    "events",
    [
        (_event("one"),),
        (_event("one"), _event(reason="BLOCKLIST")),
        (_event("one"), "data: <html>"),
        (_event("one"), '{"candidates": 3}'),
        (_event(reason="MAX_TOKENS"),),
        ("data: [DONE]",),
        (),
    ],
)
async def test_half_a_reply_is_no_reply(tmp_path: Path, events: tuple[str, ...]) -> None:
    """Only a stream that ends in good form, with a good reason, counts."""
    async with served(tmp_path, events=events) as (backend, _):
        with pytest.raises(BadReply):
            await said(backend)


async def test_a_prompt_that_was_cut_in_silence_is_an_error(tmp_path: Path) -> None:
    """Its own count gives it away."""
    usage = {"promptTokenCount": 2, "candidatesTokenCount": 1}
    events = (_event("fine", "STOP", usageMetadata=usage),)
    async with served(tmp_path, events=events) as (backend, _):
        with pytest.raises(ContextOverflow):
            await said(backend)


async def test_a_pinned_version_must_be_that_version(tmp_path: Path) -> None:
    """As with the other servers."""
    async with served(tmp_path, pins={_FLASH: "a" * 64}) as (backend, service):
        with pytest.raises(ModelUnavailable, match="not the version that is pinned"):
            await said(backend)
        assert service.questions == []


def _server(url: str = "https://g.example", **more: Any) -> ModelServer:
    facts = {"name": "google", "kind": "gemini", "url": url, "models": (_FLASH,)}
    return ModelServer(**facts | more)


def test_a_service_is_never_reached_unencrypted_or_without_a_key(tmp_path: Path) -> None:
    """Neither does a key have a place in an address; a key file is its owner's alone."""
    env = {"G": KEY}
    with pytest.raises(UserError, match="unencrypted"):
        reach(_server("http://g.example", key_env="G"), env)
    with pytest.raises(UserError, match="has no key"):
        reach(_server(), env)
    with pytest.raises(UserError, match="variable G,"):
        reach(_server(key_env="G"), {})
    with pytest.raises(UserError):
        reach(_server(f"https://g.example/?key={KEY}", key_env="G"), env)
    file = tmp_path / "key"
    file.write_text(f"{KEY}\n")
    file.chmod(0o644)
    with pytest.raises(UserError, match="read by others") as raised:
        reach(_server(key_file=str(file)), env)
    assert KEY not in raised.value.sentence()
    file.chmod(0o600)
    assert KEY not in repr(reach(_server(key_file=str(file)), env))


@pytest.mark.parametrize("content", [b"", b"\n", b"two\nlines", "sch\u00fcssel".encode(), b"\xff"])
def test_a_key_file_that_holds_no_key_is_told(tmp_path: Path, content: bytes) -> None:
    """Before anything is sent."""
    file = tmp_path / "key"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(UserError):
        reach(_server(key_file=str(file)), {})
    with pytest.raises(UserError):
        reach(_server(key_file=str(tmp_path)), {})


async def test_doctor_says_in_one_sentence_what_leaves(tmp_path: Path) -> None:
    """Wherever the address is: what listens here would only pass it on."""
    async with served(tmp_path) as (_, service):
        server = reach(_server(service.address, key_env="G"), {"G": KEY})
        (card,) = await server.bare.cards()
        checks = await server.health()
        await server.backend.close()
    assert card.leaves == checks[-1].detail == server.leaves
    assert "your code included, leaves this machine and goes to Google" in server.leaves
    assert KEY not in " ".join(f"{check.detail} {check.remedy}" for check in checks)
