"""The synthesis stage: judges what the models said, and sums the review up."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mirador_lsp.core.clean import plain
from mirador_lsp.core.dialogue import Chunk, KeptReply, Prompt
from mirador_lsp.core.errors import ModelError, ModelTimeout, ModelUnavailable
from mirador_lsp.core.events import EvidenceHeard, ModelAsked, Notice, NoticeKind, StageProgressed
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.outline import Unit
from mirador_lsp.core.policy import SYNTHESIS
from mirador_lsp.core.routing import Calibration
from mirador_lsp.engine import grammar
from mirador_lsp.engine.context.gathering import Gathering
from mirador_lsp.engine.ledger import is_model_finding
from mirador_lsp.engine.prompts.render import Rendered, render
from mirador_lsp.engine.reading import read_number
from mirador_lsp.engine.recall import recall_key
from mirador_lsp.engine.stages.asking import Question, ask, brief, hear_out
from mirador_lsp.engine.stages.infilling import SLIP
from mirador_lsp.engine.stages.job import Desk, Job, Said, Tally, Tools
from mirador_lsp.engine.stages.material import material, standing_text
from mirador_lsp.engine.units import ShownUnit, show
from mirador_lsp.engine.weight import severity_of

_MOST_JUDGED = 12
_LEAST_CONTRAST = 0.5
"""Below this difference of logits the claim would be believed of any code."""
_LEAST_CHANCE = 0.15
"""Claims that were right less often than this are withdrawn, where it is known how often."""
_MOST_SUMMED = 6


async def run(job: Job, tools: Tools, desk: Desk, tally: Tally) -> Said:
    """Withdraw what the judge does not believe, revise what it does; sum up what stands.

    Only a model known to judge better than chance judges (`ModelCard.can_judge`), and none whose
    verdicts on labelled cases told nothing. The summary is "" when there is nothing to sum up. The
    stage looks at findings, not at code: it reviews nothing.
    """
    if _judges(job, tools):
        await _judge_all(job, tools, desk, tally)
    findings = desk.ledger.shown()
    if not findings or job.from_memory:
        return Said(looked=0)
    summary = await _sum_up(findings[:_MOST_SUMMED], job, tools, desk, tally)
    return Said(looked=0, summary=summary)


def _judges(job: Job, tools: Tools) -> bool:
    known = _calibration(job, tools)
    return job.card.can_judge and (known is None or known.slope > 0)


def _calibration(job: Job, tools: Tools) -> Calibration | None:
    fitness = tools.meter.insight.matrix.about(job.task, job.card)
    return fitness.judge if fitness is not None else None


async def _judge_all(job: Job, tools: Tools, desk: Desk, tally: Tally) -> None:
    async with Gathering(tools.stock, job.request.snapshot, job.outline) as gathering:
        await _judge_each(gathering, job, tools, desk, tally)


async def _judge_each(
    gathering: Gathering, job: Job, tools: Tools, desk: Desk, tally: Tally
) -> None:
    # A slip is no claim that words could disprove: the larger model's own line does, or does not.
    claims = [f for f in desk.ledger.findings() if is_model_finding(f) and f.rule != SLIP]
    for number, finding in enumerate(claims[:_MOST_JUDGED]):
        desk.emit(
            StageProgressed(SYNTHESIS, number, len(claims), finding.symbol or "module", "judge")
        )
        try:
            shown = await _shown_around(finding, gathering, job)
            for notice in gathering.notices():
                desk.emit(notice)
            prompts = _judge_prompts(finding, shown, job)
            verdict = await _judge(prompts, finding, shown, job, tools, desk, tally)
        except (ModelTimeout, ModelUnavailable):
            raise
        except ModelError as error:
            _tell_not_judged(finding, str(error), job, desk, tally)
            continue
        if verdict is None and job.from_memory:
            continue
        if verdict is None:
            _tell_not_judged(finding, "the model gave no probabilities", job, desk, tally)
        else:
            context = shown.background if shown is not None else None
            desk.emit(replace(_evidence(verdict, finding, prompts[0], job), context=context))
            _apply(verdict, finding, job, desk)
    if len(claims) > _MOST_JUDGED:
        left = len(claims) - _MOST_JUDGED
        text = (
            f"{left} of {len(claims)} model findings were not judged (the most is {_MOST_JUDGED})."
        )
        desk.emit(Notice(NoticeKind.TRUNCATED, text, count=left, stage=SYNTHESIS))


def _tell_not_judged(finding: Finding, why: str, job: Job, desk: Desk, tally: Tally) -> None:
    tally.not_reviewed += 1
    name = job.request.snapshot.name
    line = job.request.snapshot.lines.line_of(finding.span.start) + 1
    text = f"{name}: the model's finding on line {line} was not judged: {why.rstrip('.')}."
    desk.emit(Notice(NoticeKind.SKIPPED, text, stage=SYNTHESIS))


@dataclass(frozen=True)
class Verdict:
    """What the judge thinks of a claim, in logits (natural logarithm of the odds of "yes")."""

    with_code: float
    without_code: float
    calibration: Calibration | None = None
    """How often claims with such a contrast were right; None where nobody has counted."""

    @property
    def contrast(self) -> float:
        """How much the code speaks for the claim; a claim that sounds true anywhere has none."""
        return self.with_code - self.without_code

    @property
    def believed(self) -> float:
        """How far the claim is believed, 0…1: how often such claims were right or, where that is
        not known, a half where the code speaks just loud enough.
        """
        if self.calibration is not None:
            return self.calibration.chance(self.contrast)
        return 1 / (1 + math.exp(min(_LEAST_CONTRAST - self.contrast, 60.0)))

    @property
    def stands(self) -> bool:
        """Whether the claim is kept."""
        if self.calibration is not None:
            return self.believed >= _LEAST_CHANCE
        return self.contrast >= _LEAST_CONTRAST


def _evidence(verdict: Verdict, finding: Finding, prompt: Prompt, job: Job) -> EvidenceHeard:
    said = (
        f"{'yes' if verdict.stands else 'no'} (log-odds of yes: "
        f"{verdict.with_code:.2f} with the code, {verdict.without_code:.2f} without)"
    )
    return EvidenceHeard(
        stage=SYNTHESIS,
        finding_id=finding.id,
        model=job.card.name,
        unit=finding.symbol or "module",
        lens="judge",
        prompt=prompt,
        said=said,
        sureness=round(verdict.believed, 4),
        digest=job.card.digest,
    )


def _apply(verdict: Verdict, finding: Finding, job: Job, desk: Desk) -> None:
    if not verdict.stands:
        desk.ledger.withdraw(SYNTHESIS, finding, f"{job.card.name} does not believe it")
        return
    known = verdict.calibration is not None
    both = 0.5 * finding.confidence + 0.5 * verdict.believed
    confidence = min(job.policy.confidence, verdict.believed if known else both)
    revised = replace(
        finding,
        confidence=round(confidence, 3),
        severity=severity_of(finding.lens, confidence),
        origin=replace(finding.origin, stage=SYNTHESIS),
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


def _judge_prompts(finding: Finding, shown: ShownUnit | None, job: Job) -> tuple[Prompt, Prompt]:
    """The question about a claim, with the code around it and without any."""
    asked = render("ask_judge", remark=finding.message, quote=finding.quote)
    return _judge_prompt(shown, asked, job), _judge_prompt(None, asked, job)


async def _judge(
    prompts: tuple[Prompt, Prompt],
    finding: Finding,
    shown: ShownUnit | None,
    job: Job,
    tools: Tools,
    desk: Desk,
    tally: Tally,
) -> Verdict | None:
    context = shown.background if shown is not None else None

    asked = ModelAsked(
        stage=SYNTHESIS,
        model=job.card.name,
        unit=finding.symbol or "module",
        lens="judge",
        prompt=prompts[0],
        context=context,
        digest=job.card.digest,
    )
    bare = replace(asked, prompt=prompts[1], context=None)
    with_code = await _yes_logit(asked, job, tools, desk, tally)
    without_code = await _yes_logit(bare, job, tools, desk, tally)
    if with_code is None or without_code is None:
        return None
    return Verdict(with_code, without_code, _calibration(job, tools))


def _unit_around(finding: Finding, job: Job) -> Unit | None:
    for unit in job.outline.units:
        if any(piece.contains(finding.span) for piece in unit.pieces):
            return unit
    return None


def _judge_prompt(shown: ShownUnit | None, asked: Rendered, job: Job) -> Prompt:
    # The same standing text and material as in the sweep, so that a kept prefix is met again.
    system = standing_text(job.policy)
    code = material(job.request.snapshot.language, shown)
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


async def _sum_up(findings: list[Finding], job: Job, tools: Tools, desk: Desk, tally: Tally) -> str:
    # The model only chooses. Asked for a sentence, a small one gave advice that made things worse.
    system, asked = render("summary_system"), render("ask_summary")
    name = plain(job.request.snapshot.name, limit=200)
    listed = "\n".join(
        f"{number}. {f.lens.value}: {f.message} Code: `{f.quote}`"
        for number, f in enumerate(findings, 1)
    )
    told = render("summary_material", name=name, findings=listed)
    question = Question(
        prompt=Prompt(
            system=system.text,
            material=told.text,
            question=asked.text,
            constraint=grammar.number(len(findings)),
            version=f"{system.version}+{told.version}+{asked.version}",
        ),
        max_tokens=4,
        labels={"unit": "summary", "lens": ""},
        at=StageProgressed(SYNTHESIS, 0, 1, "summary"),
    )
    desk.emit(question.at)
    heard: list[str] = []

    def hear(line: str, _sureness: float) -> bool:
        heard.append(line)
        return False

    await ask(question, job, tools, desk, tally, hear)
    chosen = read_number(" ".join(heard), len(findings))
    if chosen is None:
        return ""
    finding = findings[chosen - 1]
    line = job.request.snapshot.lines.line_of(finding.span.start) + 1
    return f"First: line {line}, {finding.message}"
