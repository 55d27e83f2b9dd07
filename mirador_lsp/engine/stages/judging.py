"""Judging: every finding that may be wrong is put to a model that is to disprove it.

What counts is how likely the model finds yes and no, never what it says of its own sureness. Which
kinds of findings a model judges, and how much its verdicts weigh, is what was measured of it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mirador_lsp.core.dialogue import Chunk, KeptReply, Prompt
from mirador_lsp.core.errors import ModelError, ModelTimeout, ModelUnavailable
from mirador_lsp.core.events import EvidenceHeard, ModelAsked, Notice, NoticeKind, StageProgressed
from mirador_lsp.core.findings import Finding, Lens
from mirador_lsp.core.outline import Unit
from mirador_lsp.core.policy import SYNTHESIS, StagePolicy
from mirador_lsp.core.routing import Calibration, Candidate
from mirador_lsp.engine import grammar
from mirador_lsp.engine.context.gathering import Gathering
from mirador_lsp.engine.ledger import is_model_finding
from mirador_lsp.engine.prompts.render import Rendered, render
from mirador_lsp.engine.recall import recall_key
from mirador_lsp.engine.stages.asking import brief, hear_out
from mirador_lsp.engine.stages.infilling import SLIP
from mirador_lsp.engine.stages.job import Desk, Job, Tally, Tools
from mirador_lsp.engine.stages.material import material, standing_text
from mirador_lsp.engine.units import ShownUnit, show
from mirador_lsp.engine.weight import severity_of

LABEL = "judge"
"""What progress and evidence call a verdict."""
_MOST_JUDGED = 12
_LEAST_CHANCE = 0.15
"""What a model found and is right less often than this is withdrawn."""
_RULE_OF_THUMB = Calibration(0.0, 1.0)
"""Of models that somebody lets judge without having measured them: they judge claims alone."""


def candidate(finding: Finding) -> Candidate | None:
    """What kind of candidate a finding is; None for a plain fact, which nobody has to judge."""
    if finding.rule == SLIP:
        return Candidate.SLIP
    if is_model_finding(finding):
        return Candidate.CLAIM
    if finding.stations:
        return Candidate.FLOW
    return Candidate.PATTERN if finding.lens is Lens.SECURITY else None


def curves(job: Job, tools: Tools) -> Mapping[Candidate, Calibration]:
    """What the job's model judges, and how much its verdicts weigh there.

    A kind at which its verdicts told nothing on labelled cases is not put to it.
    """
    fitness = tools.meter.insight.matrix.about(job.task, job.card)
    if fitness is not None and fitness.judge:
        return {kind: curve for kind, curve in fitness.judge.items() if curve.slope > 0}
    return {Candidate.CLAIM: _RULE_OF_THUMB} if job.card.can_judge else {}


async def judge_all(job: Job, tools: Tools, desk: Desk, tally: Tally) -> None:
    """Put every candidate of a kind that the model judges to it, the gravest first.

    What a model found is withdrawn where it does not stand. What an analyzer found never is: it is
    believed less, and withheld and counted once that is too little. Raises `ModelError` when the
    model is the trouble, not one reply.
    """
    known = curves(job, tools)
    wanted = [
        (finding, known[kind])
        for finding in desk.ledger.findings()
        if (kind := candidate(finding)) in known and kind is not None
    ]
    if not wanted:
        return
    async with Gathering(tools.stock, job.request.snapshot, job.outline) as gathering:
        for number, (finding, curve) in enumerate(wanted[:_MOST_JUDGED]):
            unit = finding.symbol or "module"
            desk.emit(StageProgressed(SYNTHESIS, number, len(wanted), unit, LABEL))
            try:
                await _judge(finding, curve, gathering, job, tools, desk, tally)
            except (ModelTimeout, ModelUnavailable):
                raise
            except ModelError as error:
                _tell_not_judged(finding, str(error), job, desk, tally)
    if len(wanted) > _MOST_JUDGED:
        left = len(wanted) - _MOST_JUDGED
        text = f"{left} of {len(wanted)} findings were not judged (the most is {_MOST_JUDGED})."
        desk.emit(Notice(NoticeKind.TRUNCATED, text, count=left, stage=SYNTHESIS))


@dataclass(frozen=True)
class Verdict:
    """What the judge thinks of a finding, in logits (natural logarithm of the odds of "yes")."""

    with_code: float
    """Of being disproved by the code."""
    without_code: float
    """The same asked without any code: some remarks sound wrong wherever they stand."""

    @property
    def strength(self) -> float:
        """How much the code speaks for the finding; below 0 it speaks against it."""
        return self.without_code - self.with_code


async def _judge(
    finding: Finding,
    curve: Calibration,
    gathering: Gathering,
    job: Job,
    tools: Tools,
    desk: Desk,
    tally: Tally,
) -> None:
    shown = await _shown_around(finding, gathering, job)
    for notice in gathering.notices():
        desk.emit(notice)
    asked = _question(finding)
    context = shown.background if shown is not None else None
    prompts = [
        yes_or_no_prompt(asked, part, job.request.snapshot.language, job.policy)
        for part in (shown, None)
    ]
    logits = []
    for prompt, background in zip(prompts, (context, None), strict=True):
        told = ModelAsked(
            stage=SYNTHESIS,
            model=job.card.name,
            unit=finding.symbol or "module",
            lens=LABEL,
            prompt=prompt,
            context=background,
            digest=job.card.digest,
        )
        logits.append(await _yes_logit(told, job, tools, desk, tally))
    with_code, without_code = logits
    if with_code is None or without_code is None:
        if not job.from_memory:
            _tell_not_judged(finding, "the model gave no probabilities", job, desk, tally)
        return
    verdict = Verdict(with_code, without_code)
    believed = curve.updated(finding.confidence, verdict.strength)
    heard = replace(_evidence(verdict, believed, finding, prompts[0], job), context=context)
    desk.emit(heard)
    _apply(believed, finding, job, desk)


def _tell_not_judged(finding: Finding, why: str, job: Job, desk: Desk, tally: Tally) -> None:
    tally.not_reviewed += 1
    name = job.request.snapshot.name
    line = job.request.snapshot.lines.line_of(finding.span.start) + 1
    text = f"{name}: the finding on line {line} was not judged: {why.rstrip('.')}."
    desk.emit(Notice(NoticeKind.SKIPPED, text, stage=SYNTHESIS))


def _evidence(
    verdict: Verdict, believed: float, finding: Finding, prompt: Prompt, job: Job
) -> EvidenceHeard:
    said = (
        f"{'disproved' if verdict.with_code > 0 else 'not disproved'} (log-odds of a disproof: "
        f"{verdict.with_code:.2f} with the code, {verdict.without_code:.2f} without)"
    )
    return EvidenceHeard(
        stage=SYNTHESIS,
        finding_id=finding.id,
        model=job.card.name,
        unit=finding.symbol or "module",
        lens=LABEL,
        prompt=prompt,
        said=said,
        sureness=round(believed, 4),
        digest=job.card.digest,
        strength=round(verdict.strength, 4),
    )


def _apply(believed: float, finding: Finding, job: Job, desk: Desk) -> None:
    by_model = is_model_finding(finding)
    if by_model and believed < _LEAST_CHANCE:
        desk.ledger.withdraw(SYNTHESIS, finding, f"{job.card.name} does not believe it")
        return
    confidence = min(job.policy.confidence, believed) if by_model else believed
    revised = replace(
        finding,
        confidence=round(confidence, 3),
        severity=severity_of(finding.lens, confidence) if by_model else finding.severity,
        origin=replace(finding.origin, stage=SYNTHESIS) if by_model else finding.origin,
    )
    desk.ledger.revise(SYNTHESIS, revised, f"judged by {job.card.name}")


async def _shown_around(finding: Finding, gathering: Gathering, job: Job) -> ShownUnit | None:
    """The unit a finding is in, with its context: that of the deep stage where both allow the same,
    to the letter, so that a model that judges what it said does not read it anew.
    """
    unit = _unit_around(finding, job)
    if unit is None:
        return None
    return await gathering.shown(show(job.request.snapshot, unit), job.card, job.policy)


def _unit_around(finding: Finding, job: Job) -> Unit | None:
    for unit in job.outline.units:
        if any(piece.contains(finding.span) for piece in unit.pieces):
            return unit
    return None


def _question(finding: Finding) -> Rendered:
    """What is to be disproved: the remark, its line, and the way of data where it names one."""
    steps = "".join(
        f"\n- `{grammar.quote_of(station.quote)}`: {station.says}"
        for station in finding.stations
        if station.quote
    )
    way = f"\nIts way: {steps}" if steps else ""
    return render("ask_judge", remark=finding.message, quote=finding.quote, way=way)


def yes_or_no_prompt(
    asked: Rendered, shown: ShownUnit | None, language: str, policy: StagePolicy
) -> Prompt:
    """A question that yes or no answers, about a unit of code in that language, or about none."""
    # The same standing text and material as in the sweep, so that a kept prefix is met again.
    system = standing_text(policy)
    code = material(language, shown)
    return Prompt(
        system=system.text,
        material=code.text,
        question=asked.text,
        constraint=grammar.yes_or_no(),
        version=f"{system.version}+{code.version}+{asked.version}",
    )


async def _yes_logit(
    asked: ModelAsked, job: Job, tools: Tools, desk: Desk, tally: Tally
) -> float | None:
    prompt, limits = asked.prompt, brief(2, job, tools)
    key = recall_key(job.card, prompt, limits)
    if (kept := await tools.recall.find(key)) is not None:
        desk.emit(replace(asked, kept=True))
        return float(kept.lines[0])
    if job.from_memory:
        return None
    desk.emit(asked)
    chunks, _ = await hear_out(
        prompt, limits, job, tools, tally, lambda heard: _logit_in(heard) is not None
    )
    logit = _logit_in(chunks)
    if logit is not None:
        tools.recall.keep(job.card, key, KeptReply((repr(logit),), (1.0,)))
    return logit


def _logit_in(chunks: Sequence[Chunk]) -> float | None:
    return logit_of_yes(chunks[0].alternatives if chunks else ())


def logit_of_yes(alternatives: Sequence[tuple[str, float]]) -> float | None:
    """Logarithm of the odds of "yes" against "no" at one token; None where neither is listed.

    The one that is not listed is given the weight of the least likely token that is.
    """
    weights = {"yes": 0.0, "no": 0.0}
    for token, logprob in alternatives:
        word = token.strip().lower()
        if word in weights:
            weights[word] += math.exp(logprob)
    if not any(weights.values()):
        return None
    least = math.exp(min(logprob for _, logprob in alternatives))
    return math.log((weights["yes"] or least) / (weights["no"] or least))
