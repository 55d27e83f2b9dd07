"""Reviews with compiled context, without any, and of the whole file, against labels.

    python -m benchmarks.context FOLDER --set antx --files 40 --results FILE

FOLDER is a development set with `labels.jsonl` (or `MIRADOR_REVIEW_DEV` names it): one record a
case, `set, id, label, file, lines`. What is measured is appended to the results' file, and a case
that stands there is not reviewed again, so a long run can be done piece by piece. The deep stage
asks under one lens. Three arms:

* `unit`: each unit with its outline, as a review does it without context;
* `context`: each unit with as many tokens of compiled context as `--tokens` says;
* `file`: the whole file as one unit, cut to what the longest question of `context` may carry.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks.bench import BenchmarkError
from benchmarks.home import MODEL, Home, private_home
from mirador_lsp.analysis.worker import ParseWorker
from mirador_lsp.app import SystemClock
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import Event, ModelAsked, ReviewFinished, StageFailed, StageFinished
from mirador_lsp.core.outline import Outline, Unit
from mirador_lsp.core.policy import DEEP, ReviewPolicy
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.core.text import Span, utf8
from mirador_lsp.engine.engine import Engine
from mirador_lsp.settings import review_policy

ARMS = ("unit", "context", "file")
_NEAR = 3
"""A finding on a line this near to a labelled one counts as that defect."""
_BYTES_PER_TOKEN = 3.5
_PLENTY = 3600.0


@dataclass(frozen=True)
class Case:
    """A labelled file."""

    id: str
    label: int
    file: str
    lines: tuple[int, ...]


@dataclass(frozen=True)
class Outcome:
    """What a review of a case in one arm said and cost."""

    case: str
    arm: str
    label: int
    lines: tuple[int, ...]
    found: tuple[int, ...]
    """Lines of the findings, from 1."""
    questions: int
    prompt_tokens: int
    context_tokens: int
    seconds: float


class WholeFile:
    """An outliner for which a file is one unit, cut to a number of tokens."""

    def __init__(self, parser: ParseWorker, most: int) -> None:
        self._parser = parser
        self._most = most

    async def outline(self, snapshot: Snapshot) -> Outline:
        """The symbols as they are, and one unit."""
        outline = await self._parser.outline(snapshot)
        index = snapshot.lines
        end, room = 0, float(self._most)
        for number in range(len(index)):
            room -= len(utf8(index.line_text(number))) / _BYTES_PER_TOKEN + 1
            if room < 0:
                break
            end = index.full_line_span(number).end
        return replace(outline, units=(Unit("", "module", (Span(0, end),), ""),))


def cases_of(folder: Path, name: str, most: int, seed: int) -> Sequence[Case]:
    """Some cases of a set, half of them with a defect as far as there are so many."""
    labels = folder / "labels.jsonl"
    if not labels.is_file():
        message = f"there is no labels.jsonl in {folder}"
        raise BenchmarkError(message)
    found: dict[int, list[Case]] = {0: [], 1: []}
    for record in map(json.loads, labels.read_text("utf-8").splitlines()):
        if record["set"] == name:
            lines = tuple(record["lines"])
            found[record["label"]].append(
                Case(record["id"], record["label"], record["file"], lines)
            )
    chance = random.Random(seed)  # noqa: S311 — a sample, no secret
    chosen = [
        case
        for label in (0, 1)
        for case in chance.sample(found[label], min(most // 2, len(found[label])))
    ]
    chance.shuffle(chosen)
    return chosen


async def look(
    case: Case, arm: str, text: str, engines: dict[str, Engine], policy: ReviewPolicy
) -> Outcome:
    """Review a case in one arm. Raises BenchmarkError when the stage fails."""
    snapshot = Snapshot(f"file:///{arm}/{case.id}.py", f"{case.id}.py", "python", text)
    asked: list[ModelAsked] = []
    tokens = 0
    found: list[int] = []
    failed: list[str] = []

    def hear(event: Event) -> None:
        nonlocal tokens
        match event:
            case ModelAsked():
                asked.append(event)
            case StageFinished():
                tokens += event.usage.prompt_tokens
            case StageFailed():
                failed.append(event.message)
            case ReviewFinished():
                found.extend(snapshot.lines.line_of(f.span.start) + 1 for f in event.findings)
            case _:
                pass

    began = time.perf_counter()
    await engines[arm].review(ReviewRequest(snapshot, policy, Trigger.CLI), hear)
    if failed:
        raise BenchmarkError(failed[0])
    context = sum(each.context.tokens for each in asked if each.context is not None)
    seconds = round(time.perf_counter() - began, 2)
    lines, said = case.lines, tuple(sorted(found))
    return Outcome(case.id, arm, case.label, lines, said, len(asked), tokens, context, seconds)


async def measure(home: Home, cases: Sequence[Case], options: argparse.Namespace) -> None:
    """Review every case in every arm, as far as the results do not have it."""
    results = Path(options.results)
    done = {(each.case, each.arm) for each in read(results)}
    backend, parser = home.backend(), ParseWorker()
    try:
        engines = {arm: _engine(backend, parser, arm, options.tokens) for arm in ARMS}
        for case in cases:
            text = await asyncio.to_thread((options.folder / case.file).read_text, "utf-8")
            for arm in options.arms:
                if (case.id, arm) in done:
                    continue
                tokens = options.tokens if arm == "context" else 0
                outcome = await look(case, arm, text, engines, _policy(home, tokens, options.lens))
                with results.open("a", encoding="utf-8") as file:  # noqa: ASYNC230 — a line
                    file.write(json.dumps(asdict(outcome)) + "\n")
                print(f"{case.id} {arm}: {len(outcome.found)} found, {outcome.seconds} s")
    finally:
        await backend.stop()
        await backend.close()
        await parser.close()


def _engine(backend: object, parser: ParseWorker, arm: str, tokens: int) -> Engine:
    return Engine(
        backend=backend,  # type: ignore[arg-type] # the embedded one
        outliner=WholeFile(parser, 2 * tokens) if arm == "file" else parser,
        syntax=parser,
        analyzers=[],
        clock=SystemClock(),
        counter=backend,  # type: ignore[arg-type]
    )


def _policy(home: Home, tokens: int, lens: str) -> ReviewPolicy:
    policy = review_policy(home.settings, stages=[DEEP], lenses=[lens])
    models = tuple(
        replace(stage, context_tokens=tokens, seconds=_PLENTY, models=(MODEL,))
        for stage in policy.models
    )
    return replace(policy, models=models, gate=0.0)


def read(results: Path) -> Iterator[Outcome]:
    """What was measured before."""
    if results.is_file():
        for line in results.read_text("utf-8").splitlines():
            record = json.loads(line)
            yield Outcome(
                **{**record, "lines": tuple(record["lines"]), "found": tuple(record["found"])}
            )


def summary(outcomes: Sequence[Outcome]) -> str:
    """A table of the arms, over the cases that all of them have."""
    arms = [arm for arm in ARMS if any(each.arm == arm for each in outcomes)]
    by_arm = {arm: {each.case: each for each in outcomes if each.arm == arm} for arm in arms}
    shared = set.intersection(*(set(known) for known in by_arm.values())) if arms else set()
    head = "| arm | cases | flagged with defect | flagged without | J | on the line | precision "
    rows = [f"{head}| prompt tokens a question | of it context | s a file |", "|---" * 10 + "|"]
    for arm in arms:
        known = [by_arm[arm][case] for case in sorted(shared)]
        bad, good = ([e for e in known if e.label == label] for label in (1, 0))
        hit, false = (sum(bool(e.found) for e in some) for some in (bad, good))
        lined = [e for e in bad if e.lines]
        matched = sum(any(_near(line, e.lines) for line in e.found) for e in lined)
        right = sum(_near(line, e.lines) for e in lined for line in e.found)
        said = sum(len(e.found) for e in known)
        questions = max(1, sum(e.questions for e in known))
        j = hit / max(1, len(bad)) - false / max(1, len(good))
        rows.append(
            f"| {arm} | {len(known)} | {hit} of {len(bad)} | {false} of {len(good)} | {j:+.3f} "
            f"| {matched} of {len(lined)} | {right} of {said} "
            f"| {sum(e.prompt_tokens for e in known) / questions:.0f} "
            f"| {sum(e.context_tokens for e in known) / questions:.0f} "
            f"| {sum(e.seconds for e in known) / max(1, len(known)):.1f} |"
        )
    return "\n".join(rows)


def _near(line: int, lines: Sequence[int]) -> bool:
    return any(abs(line - other) <= _NEAR for other in lines)


def main() -> int:
    """Measure, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    add = parser.add_argument
    add("folder", nargs="?", type=Path, default=Path(os.environ.get("MIRADOR_REVIEW_DEV", "")))
    add("--set", default="antx")
    add("--lens", default="security")
    add("--files", type=int, default=40)
    add("--tokens", type=int, default=192, help="of compiled context")
    add("--threads", type=int, default=0)
    add("--seed", type=int, default=5)
    add("--arms", nargs="+", choices=ARMS, default=ARMS)
    add("--results", required=True, help="a file; what stands there is not measured again")
    options = parser.parse_args()
    try:
        cases = cases_of(options.folder, options.set, options.files, options.seed)
        with private_home() as home:
            engine = replace(home.settings.engine, threads=options.threads)
            home.settings = replace(home.settings, engine=engine)
            asyncio.run(measure(home, cases, options))
    except BenchmarkError as error:
        print(error, file=sys.stderr)
        return 1
    print(summary(list(read(Path(options.results)))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
