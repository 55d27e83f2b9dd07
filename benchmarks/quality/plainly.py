"""The same model, asked once in plain words: what Mirador has to be better than."""

import re
import time
from collections.abc import AsyncGenerator, Sequence

from benchmarks.home import Home
from benchmarks.quality.cases import Case
from benchmarks.quality.outcomes import Claim, Outcome
from benchmarks.quality.sides import Side
from benchmarks.quality.weaknesses import number_in
from mirador_lsp.app import App, open_app
from mirador_lsp.core.dialogue import Chunk, Limits, Prompt, Usage
from mirador_lsp.core.errors import ModelError
from mirador_lsp.settings import Settings

SYSTEM = "You are a helpful assistant."
QUESTION = (
    "Does this code have a bug or a security defect? Begin your answer with yes or no. After a "
    "yes, give the line number as “line N”, the CWE number as “CWE-N” if it is a weakness, and one "
    "sentence of explanation."
)
_TOKENS, _PLENTY = 120, 600.0
_ANSWER = re.compile(r"\W*(yes|no)\b", re.IGNORECASE)
_LINE = re.compile(r"\blines?\W{0,3}(\d{1,5})", re.IGNORECASE)


def asked_once(model: str, digest: str, settings: Settings, home: Home) -> Side:
    """A model as a side, without anything of Mirador but the engine that runs it."""

    async def review(cases: Sequence[Case]) -> AsyncGenerator[Outcome]:
        async with open_app(settings, paths=home.paths) as app:
            for case in cases:
                yield await _ask(app, model, case)

    manner = f"plain {model} {digest} {SYSTEM} {QUESTION} {_TOKENS}"
    return Side(f"{model}, asked once", "1", manner, review)


async def _ask(app: App, model: str, case: Case) -> Outcome:
    numbered = "\n".join(f"{at}: {line}" for at, line in enumerate(case.text.split("\n"), 1))
    prompt = Prompt(SYSTEM, f"```\n{numbered}\n```\n", QUESTION)
    said, usage = "", Usage()
    begin = time.perf_counter()
    try:
        limits = Limits(max_tokens=_TOKENS, seconds=_PLENTY)
        async with app.backend.open(model, prompt, limits) as reply:
            async for piece in reply:
                if isinstance(piece, Chunk):
                    said += piece.text
            usage = reply.usage
    except ModelError as error:
        return Outcome(case.id, seconds=time.perf_counter() - begin, units=1, failed=str(error))
    claims, parsed = read_answer(said, case.text.count("\n") + 1)
    return Outcome(
        case=case.id,
        claims=claims,
        seconds=time.perf_counter() - begin,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
        units=1,
        unfinished=0 if parsed else 1,
    )


def read_answer(said: str, lines: int) -> tuple[tuple[Claim, ...], bool]:
    """What an answer claims about a text of so many lines, and whether it begins as was asked.

    A line that the text has not is as good as none.
    """
    answer = _ANSWER.match(said)
    if answer is None:
        return (), False
    if answer[1].lower() == "no":
        return (), True
    named = _LINE.search(said)
    line = int(named[1]) - 1 if named is not None else -1
    line = line if 0 <= line < lines else -1
    cwe = number_in(said)
    lens = "security" if cwe or "secur" in said.lower() or "inject" in said.lower() else "bug"
    return (Claim(f"plain/{lens}", lens, line, line, cwe),), True
