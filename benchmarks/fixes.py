"""How many fixes hold: written through Mirador's ladder, and by the model asked once."""

import random
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from benchmarks.bench import Benchmark, BenchmarkError, Context
from benchmarks.figures import Row, Series, Target
from benchmarks.home import MODEL
from benchmarks.quixbugs import Program, parses, passes, programs
from mirador_lsp.app import App, open_app
from mirador_lsp.core.changes import (
    Attempted,
    ChangeEvent,
    ChangeFinished,
    ChangeRequest,
    Intent,
    Rung,
    TestRun,
)
from mirador_lsp.core.dialogue import Chunk, Limits, Prompt
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.findings import Finding, Lens, Origin, Severity, fingerprint
from mirador_lsp.core.text import Span
from mirador_lsp.settings import review_policy
from mirador_lsp.settings.settings import FixSettings

_LARGER = "qwen2.5-coder-1.5b"
_SUBSET = 12
"""Programs that are looked at unless more rounds are asked for than that."""
_SEED = 40
_MESSAGE = "The result is wrong for some inputs because of this line."
_BARE = "Fix this program. Answer with the whole program."
_BARE_TOKENS = 1200
_PLENTY = 600.0
"""Seconds that no stage of a benchmark runs into."""


@dataclass(frozen=True)
class Fixed:
    """What became of one program."""

    reached: frozenset[Rung]
    """Steps that any attempt reached."""
    shown: str | None
    """What a user is offered where tests are configured."""
    untested: str | None
    """What would be offered where they are not: the first text that got as far as CLEAN."""


async def _run(model: str, context: Context) -> Sequence[Row]:
    home = context.home
    known = [p for p in await programs(home.folder) if p.cases]
    count = min(max(_SUBSET, context.runs), len(known))
    chosen = random.Random(_SEED).sample(known, count)  # noqa: S311 — no secret
    ours: list[dict[str, bool]] = []
    theirs: list[dict[str, bool]] = []
    for number, program in enumerate(sorted(chosen, key=lambda p: p.name), 1):
        context.tell(f"{model}: {program.name}, {number} of {len(chosen)}")
        folder = home.folder / "quixbugs" / program.name
        program.lay_out(folder)
        settings = replace(
            home.settings, fix=FixSettings(tests=(sys.executable, "check.py", program.name))
        )
        async with open_app(settings, paths=home.paths, trusted=folder) as app:
            if model not in {card.name for card in await app.backend.cards()}:
                message = f"{model} is not installed; get it with: mirador models pull {model}"
                raise BenchmarkError(message)
            fixed = await _through_mirador(app, model, program, folder)
            bare = await _asked_once(app, model, program)
        scratch = home.folder / "scratch" / program.name
        ours.append(await _judged(fixed, program, scratch))
        theirs.append(await _judged_bare(bare, program, scratch))
    return _rows(model, ours, theirs, [program.name for program in chosen])


async def _judged(fixed: Fixed, program: Program, scratch: Path) -> dict[str, bool]:
    shown = fixed.shown is not None and await passes(program, fixed.shown, scratch)
    untested = fixed.untested is not None and await passes(program, fixed.untested, scratch)
    return {
        "parses": Rung.PARSES in fixed.reached,
        "clean": Rung.CLEAN in fixed.reached,
        "tests": shown,
        "wrong": fixed.shown is not None and not shown,
        "untested wrong": fixed.untested is not None and not untested,
    }


async def _judged_bare(text: str, program: Program, scratch: Path) -> dict[str, bool]:
    whole = parses(text)
    good = whole and await passes(program, text, scratch)
    # Whoever asks a model gets what it says, whatever it is worth.
    return {"parses": whole, "tests": good, "wrong": not good, "untested wrong": not good}


async def _through_mirador(app: App, model: str, program: Program, folder: Path) -> Fixed:
    path = folder / f"{program.name}.py"
    snapshot = Snapshot(path.as_uri(), path.name, "python", program.text, path=str(path))
    policy = review_policy(app.settings, stages=["instant", "quick"])
    stages = tuple(replace(s, models=(model,), seconds=_PLENTY) for s in policy.models)
    finding = await _finding(app, model, program, snapshot)
    drafts: list[str] = []
    run_tests = app.run_tests(folder)
    if run_tests is None:
        message = "the tests are not configured"
        raise BenchmarkError(message)

    async def tested(of: Snapshot, text: str) -> TestRun:
        drafts.append(text)
        return await run_tests(of, text)

    request = ChangeRequest(
        snapshot=snapshot,
        intent=Intent.FIX,
        policy=replace(policy, models=stages),
        span=finding.span,
        finding=finding,
        run_tests=tested,
        repairs=app.settings.fix.repairs,
    )
    events: list[ChangeEvent] = []
    await app.change(request, events.append)
    last = events[-1]
    attempts = [event for event in events if isinstance(event, Attempted)]
    patch = last.patch if isinstance(last, ChangeFinished) else None
    return Fixed(
        reached=frozenset(rung for attempt in attempts for rung in attempt.reached),
        shown=patch.after if patch is not None else None,
        untested=drafts[0] if drafts else None,
    )


async def _finding(app: App, model: str, program: Program, snapshot: Snapshot) -> Finding:
    """A finding about the wrong line that says nothing of what is wrong with it."""
    line = snapshot.lines.line_span(program.line)
    text = snapshot.text[line.start : line.end]
    start = line.start + len(text) - len(text.lstrip())
    outline = await app.outline(snapshot)
    symbol = outline.symbol_at(start)
    return Finding(
        id=fingerprint("model/bug", text, symbol),
        rule="model/bug",
        lens=Lens.BUG,
        severity=Severity.WARNING,
        message=_MESSAGE,
        span=Span(start, line.end),
        confidence=0.5,
        origin=Origin("quick", model),
        symbol=symbol,
        quote=text.strip(),
    )


async def _asked_once(app: App, model: str, program: Program) -> str:
    """What the model makes of the program when it is simply asked."""
    material = f"```python\n{program.text}\n```\n"
    prompt = Prompt("You are a helpful assistant.", material, _BARE)
    limits = Limits(max_tokens=_BARE_TOKENS, seconds=_PLENTY)
    async with app.backend.open(model, prompt, limits) as reply:
        said = "".join([piece.text async for piece in reply if isinstance(piece, Chunk)])
    block = re.search(r"```\w*\n(.*?)(?:```|\Z)", said, re.DOTALL)
    return block[1] if block is not None else said


def _rows(
    model: str, ours: list[dict[str, bool]], theirs: list[dict[str, bool]], names: Sequence[str]
) -> list[Row]:
    short = model.rpartition("-")[2]
    note = f"{len(names)} programs: {', '.join(sorted(names))}"
    against = "the model asked once, unchecked"

    def row(key: str, what: str, *targets: Target, bare: str = "", note: str = "") -> Row:
        return Row(
            name=f"{short} {key}",
            what=f"{what}, {short}",
            unit="%",
            ours=_share(ours, key),
            theirs=_share(theirs, bare or key) if bare or key in theirs[0] else None,
            against=against,
            targets=targets,
            note=note,
        )

    return [
        row("parses", "fixes that parse", note=note),
        row("clean", "fixes that lint clean and are not reported again"),
        row("tests", "fixes that pass the tests"),
        row("wrong", "wrong fixes shown, tests configured", Target("value", 0)),
        row("untested wrong", "wrong fixes shown, no tests configured"),
    ]


def _share(judged: list[dict[str, bool]], key: str) -> Series:
    return Series((100 * sum(each[key] for each in judged) / len(judged),))


_MEANING = (
    "Classic programs with one wrong line each (QuixBugs), with the cases that the right program "
    "answers within a second as the project's tests. The finding names the wrong line and says "
    f"nothing else of use: “{_MESSAGE}” Mirador writes, checks and repairs as it does in an "
    "editor, its tests in their disposable copy; at most two repair rounds. The other side is the "
    f"same model, given the whole file and asked once: “{_BARE}” What it says is taken as it is. "
    "A row gives the share of programs. *Wrong fixes shown* are those a user is offered and whose "
    "tests fail; where no tests are configured, Mirador offers the first text that got past the "
    "rungs below. A model that gives the program back as it was has an answer that parses on the "
    "other side; Mirador refuses it before it is parsed."
)

BENCHMARK = Benchmark("fixes", _MEANING, partial(_run, MODEL), slow=True, plot=True)
LARGER = Benchmark(
    "fixes-larger",
    "The same programs with the next larger model, where it is installed.",
    partial(_run, _LARGER),
    slow=True,
    plot=True,
)
