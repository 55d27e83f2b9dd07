"""The synthesis stage: judges what the models said, and sums the review up."""

import math
from dataclasses import dataclass, replace

from mirador_lsp.core.dialogue import Chunk, Limits, Prompt
from mirador_lsp.core.errors import ModelError, ModelTimeout, ModelUnavailable
from mirador_lsp.core.events import Notice, NoticeKind, StageProgressed
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.outline import Unit
from mirador_lsp.engine import grammar
from mirador_lsp.engine.ledger import is_model_finding
from mirador_lsp.engine.prompts.render import render
from mirador_lsp.engine.reading import read_summary
from mirador_lsp.engine.stages.asking import Question, ask
from mirador_lsp.engine.stages.job import Desk, Job, Tally, Tools
from mirador_lsp.engine.units import show
from mirador_lsp.engine.weight import severity_of

_MOST_JUDGED = 12
_LEAST_CONTRAST = 0.5
"""Below this difference of logits the claim would be believed of any code."""
_MOST_SUMMED = 6


async def run(job: Job, tools: Tools, desk: Desk, tally: Tally) -> str:
    """Withdraw what the judge does not believe, revise what it does; return a summary sentence.

    Only a model known to judge better than chance judges (`ModelCard.can_judge`). The summary is ""
    when there is nothing to sum up.
    """
    if job.card.can_judge:
        await _judge_all(job, tools, desk, tally)
    findings = desk.ledger.shown()
    if not findings:
        return ""
    return await _sum_up(findings[:_MOST_SUMMED], job, tools, desk, tally)


async def _judge_all(job: Job, tools: Tools, desk: Desk, tally: Tally) -> None:
    claims = [f for f in desk.ledger.findings() if is_model_finding(f)]
    for number, finding in enumerate(claims[:_MOST_JUDGED]):
        desk.emit(
            StageProgressed("synthesis", number, len(claims), finding.symbol or "module", "judge")
        )
        try:
            verdict = await _judge(finding, job, tools, tally)
        except (ModelTimeout, ModelUnavailable):
            raise
        except ModelError as error:
            tally.not_reviewed += 1
            text = f"A finding in {job.request.snapshot.name} was not judged: {error}"
            desk.emit(Notice(NoticeKind.SKIPPED, text, stage="synthesis"))
            continue
        _apply(verdict, finding, job, desk)
    if len(claims) > _MOST_JUDGED:
        left = len(claims) - _MOST_JUDGED
        text = (
            f"{left} of {len(claims)} model findings were not judged (the most is {_MOST_JUDGED})."
        )
        desk.emit(Notice(NoticeKind.TRUNCATED, text, count=left, stage="synthesis"))


@dataclass(frozen=True)
class Verdict:
    """What the judge thinks of a claim, in logits (natural logarithm of the odds of "yes")."""

    with_code: float
    without_code: float

    @property
    def contrast(self) -> float:
        """How much the code speaks for the claim; a claim that sounds true anywhere has none."""
        return self.with_code - self.without_code


def _apply(verdict: Verdict, finding: Finding, job: Job, desk: Desk) -> None:
    if verdict.contrast < _LEAST_CONTRAST:
        desk.ledger.withdraw("synthesis", finding, f"{job.card.name} does not believe it")
        return
    believed = 1 / (1 + math.exp(-(verdict.contrast - _LEAST_CONTRAST)))
    confidence = min(job.policy.confidence, 0.5 * finding.confidence + 0.5 * believed)
    revised = replace(
        finding,
        confidence=round(confidence, 3),
        severity=severity_of(finding.lens, confidence),
        origin=replace(finding.origin, stage="synthesis"),
    )
    desk.ledger.revise("synthesis", revised, f"judged by {job.card.name}")


async def _judge(finding: Finding, job: Job, tools: Tools, tally: Tally) -> Verdict:
    asked = render("ask_judge", remark=finding.message, quote=finding.quote)
    unit = _unit_around(finding, job)
    code = show(job.request.snapshot, unit).code if unit is not None else finding.quote
    with_code = await _yes_logit(code, asked.text, asked.version, job, tools, tally)
    without = await _yes_logit("", asked.text, asked.version, job, tools, tally)
    return Verdict(with_code, without)


def _unit_around(finding: Finding, job: Job) -> Unit | None:
    for unit in job.outline.units:
        if any(piece.contains(finding.span) for piece in unit.pieces):
            return unit
    return None


async def _yes_logit(
    code: str, question: str, version: str, job: Job, tools: Tools, tally: Tally
) -> float:
    # The same standing text and layout as in the sweep, so that a warm prefix is met again.
    system = render("review_system")
    material = render(
        "review_material", context="", language=job.request.snapshot.language, code=code
    )
    prompt = Prompt(
        system=system.text,
        material=material.text,
        question=question,
        constraint=grammar.yes_or_no(),
        version=f"{system.version}+{material.version}+{version}",
    )
    limits = Limits(
        max_tokens=2,
        seconds=max(0.1, job.deadline - tools.clock.monotonic()),
        top_logprobs=20,
        priority=job.request.priority,
    )
    asked = tools.clock.monotonic()
    async with tools.backend.open(job.card.name, prompt, limits) as reply:
        chunks = [piece async for piece in reply if isinstance(piece, Chunk)]
    tally.add(reply.usage, job.deadline - job.policy.seconds, asked)
    return _logit(chunks)


def _logit(chunks: list[Chunk]) -> float:
    """Odds of "yes" at the first token; from the word alone where no probabilities are given."""
    if not chunks:
        return 0.0
    weights = {"yes": 0.0, "no": 0.0}
    for token, logprob in chunks[0].alternatives:
        word = token.strip().lower()
        if word in weights:
            weights[word] += math.exp(logprob)
    if weights["yes"] > 0 and weights["no"] > 0:
        return math.log(weights["yes"] / weights["no"])
    said_yes = "".join(c.text for c in chunks).strip().lower().startswith("yes")
    return 2.0 if said_yes else -2.0


async def _sum_up(findings: list[Finding], job: Job, tools: Tools, desk: Desk, tally: Tally) -> str:
    system, asked = render("summary_system"), render("ask_summary")
    name = job.request.snapshot.name
    listed = "\n".join(f"- {f.lens.value}: {f.message} Code: `{f.quote}`" for f in findings)
    material = render("summary_material", name=name, findings=listed)
    question = Question(
        prompt=Prompt(
            system=system.text,
            material=material.text,
            question=asked.text,
            constraint=grammar.sentence(),
            version=f"{system.version}+{material.version}+{asked.version}",
        ),
        max_tokens=min(job.policy.max_tokens, 80),
        labels={"unit": "summary", "lens": ""},
        at=StageProgressed("synthesis", 0, 1, "summary"),
    )
    desk.emit(question.at)
    heard: list[str] = []

    def hear(line: str, _sureness: float) -> bool:
        heard.append(line)
        return False

    await ask(question, job, tools, desk, tally, hear)
    return read_summary(" ".join(heard))
