"""Mirador as a side: any stages, lenses, models and settings."""

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import mirador_lsp
from benchmarks.bench import BenchmarkError
from benchmarks.home import Home
from benchmarks.quality.cases import Case
from benchmarks.quality.outcomes import Claim, Outcome
from benchmarks.quality.sides import Side, version_of_sources
from benchmarks.quality.weaknesses import number_in
from mirador_lsp.app import App, open_app
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.events import (
    Event,
    EvidenceHeard,
    FindingReported,
    ReviewFinished,
    StageFailed,
    StageFinished,
    StageStarted,
)
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.policy import ReviewPolicy
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.engine.capabilities import FILE_NAME
from mirador_lsp.settings import Form, Layer, Settings, resolve, review_policy
from mirador_lsp.syntax.languages import language_of

_MODEL_STAGES = ("quick", "deep", "synthesis")
_PLENTY = 900.0
"""Seconds that no stage runs into unless the settings say how many it has: what a stage did not get
to on a busy machine says nothing of how well it reviews."""
_VERDICT = "judge"
_LISTENING = """\
review.synthesis:
  - model: {model}
    confidence: 1
    reason: measured here
    judge: {{claim: [0, 1.0e-9], slip: [0, 1.0e-9], flow: [0, 1.0e-9], pattern: [0, 1.0e-9]}}
"""
"""A matrix by which a model judges all there is, and no verdict weighs anything."""


@dataclass(frozen=True)
class Wish:
    """What Mirador is to run."""

    stages: tuple[str, ...] = ("instant",)
    lenses: tuple[str, ...] = ()
    """() for all."""
    model: str = ""
    """For every model stage; "" leaves the choice to Mirador."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Other settings, by name ("review.gate"), as text."""
    judge: bool = False
    """Every candidate is put to `model`, and nothing follows from its verdicts."""

    def settings(self) -> Settings:
        """The settings that hold. Raises `BenchmarkError` for one that is not known or not fit."""
        values: dict[str, object] = {}
        said = {f"stages.{stage}.seconds": str(_PLENTY) for stage in _MODEL_STAGES}
        if self.model:
            said |= {f"stages.{stage}.models": self.model for stage in _MODEL_STAGES}
        for name, value in (said | dict(self.options)).items():
            *above, last = name.split(".")
            section = values
            for part in above:
                inner = section.setdefault(part, {})
                if not isinstance(inner, dict):
                    message = f"{name} is not a setting"
                    raise BenchmarkError(message)
                section = inner
            section[last] = value
        settings, problems = resolve([Layer("the command line", values, Form.TEXT)])
        if problems:
            raise BenchmarkError(str(problems[0]))
        return settings

    def policy(self, settings: Settings) -> ReviewPolicy:
        """How a review runs."""
        return review_policy(settings, stages=self.stages, lenses=self.lenses or None)

    @property
    def manner(self) -> str:
        """What answers depend on besides the program and the model's file."""
        options = sorted(self.options.items())
        said = (self.stages, self.lenses, self.model, options)
        return repr((*said, "judge") if self.judge else said)


def mirador(name: str, wish: Wish, home: Home, digests: Mapping[str, str]) -> Side:
    """Mirador as a side. `digests` are those of the installed models, by name."""
    settings = _with_script(wish.settings(), wish)
    package = Path(mirador_lsp.__file__).parent
    if wish.judge:
        home.paths.config_file.parent.mkdir(parents=True, exist_ok=True)
        own = home.paths.config_file.with_name(FILE_NAME)
        own.write_text(_LISTENING.format(model=wish.model), encoding="utf-8")

    async def review(cases: Sequence[Case]) -> AsyncGenerator[Outcome]:
        async with open_app(settings, paths=home.paths) as app:
            for case in cases:
                yield await _review(app, wish.policy(settings), case)

    models = digests if set(wish.stages) - {"instant"} else {}
    known = models.get(wish.model, "") if wish.model else repr(sorted(models.items()))
    return Side(name, version_of_sources(package), f"mirador {wish.manner} {known}", review)


def _with_script(settings: Settings, wish: Wish) -> Settings:
    # A path that the command line names starts at the current folder, not at that of a file.
    if "engine.script" not in wish.options:
        return settings
    script = str(Path(wish.options["engine.script"]).resolve())
    return replace(settings, engine=replace(settings.engine, script=script))


async def _review(app: App, policy: ReviewPolicy, case: Case) -> Outcome:
    name = f"case{case.path.suffix}"
    # The case's own name could tell what it is about.
    snapshot = Snapshot(f"stdin:{name}", name, language_of(name), case.text)
    hearing = _Hearing(snapshot)
    begin = time.perf_counter()
    await app.review(ReviewRequest(snapshot, policy, Trigger.CLI), hearing)
    return hearing.outcome(case, time.perf_counter() - begin)


class _Hearing:
    """Listens to one review."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._raw: dict[str, float] = {}
        self._strength: dict[str, float | None] = {}
        self._counts = dict.fromkeys(
            ("prompt", "completion", "units", "unfinished", "heard", "misquoted", "malformed"), 0
        )
        self._failed = ""
        self._end: ReviewFinished | None = None

    def __call__(self, event: Event) -> None:
        """Take note of an event."""
        counts = self._counts
        match event:
            case FindingReported(finding=finding):
                self._raw.setdefault(finding.id, finding.confidence)
            case EvidenceHeard(lens=lens) if lens == _VERDICT:
                self._strength[event.finding_id] = event.strength
            case EvidenceHeard():
                counts["heard"] += 1
            case StageStarted() if event.model:
                counts["units"] += event.units
            case StageFinished():
                counts["prompt"] += event.usage.prompt_tokens
                counts["completion"] += event.usage.completion_tokens
                counts["misquoted"] += event.misquoted
                counts["malformed"] += event.malformed
                counts["unfinished"] += event.not_reviewed if event.model else 0
            case StageFailed():
                self._failed = f"{event.stage}: {event.message}"
            case ReviewFinished():
                self._end = event
            case _:
                pass

    def outcome(self, case: Case, seconds: float) -> Outcome:
        """What came of it."""
        end, counts = self._end, self._counts
        if end is None:
            return Outcome(case.id, seconds=seconds, failed=self._failed or "it did not end")
        shown = [self._claim(finding, shown=True) for finding in end.findings]
        withheld = [self._claim(finding, shown=False) for finding in end.withheld]
        return Outcome(
            case=case.id,
            claims=(*shown, *withheld),
            seconds=seconds,
            prompt_tokens=counts["prompt"],
            completion_tokens=counts["completion"],
            units=counts["units"],
            unfinished=min(counts["unfinished"], counts["units"]),
            heard=counts["heard"],
            misquoted=counts["misquoted"],
            malformed=counts["malformed"],
            withdrawn=end.withdrawn,
            failed=self._failed or ("" if end.reviewed else "not reviewed"),
        )

    def _claim(self, finding: Finding, *, shown: bool) -> Claim:
        lines = self._snapshot.lines
        span = finding.span
        return Claim(
            rule=finding.rule,
            lens=finding.lens.value,
            first=lines.line_of(span.start),
            last=lines.line_of(max(span.start, span.end - 1)),
            cwe=number_in(finding.cwe),
            confidence=finding.confidence,
            raw=self._raw.get(finding.id, finding.confidence),
            shown=shown,
            strength=self._strength.get(finding.id),
        )
