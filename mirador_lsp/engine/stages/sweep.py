"""What the quick and the deep stage share: every unit of the file, and questions about each.

The questions about one unit follow each other on the same material, so that a backend that keeps
what it has read pays for the code once and for each further question with a few tokens.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from mirador_lsp.core.dialogue import Prompt
from mirador_lsp.core.errors import ContextOverflow, ModelError, ModelTimeout, ModelUnavailable
from mirador_lsp.core.events import Notice, NoticeKind, StageProgressed
from mirador_lsp.core.findings import Finding, Lens, Origin, fingerprint
from mirador_lsp.engine import grammar
from mirador_lsp.engine.help import help_uri
from mirador_lsp.engine.ledger import MODEL_TOPIC
from mirador_lsp.engine.plan import in_order
from mirador_lsp.engine.prompts.render import Rendered, render
from mirador_lsp.engine.reading import Claim, Reject, read_line
from mirador_lsp.engine.router import ceiling
from mirador_lsp.engine.stages.asking import Question, ask
from mirador_lsp.engine.stages.job import Desk, Job, Tally, Tools
from mirador_lsp.engine.units import ShownUnit, show
from mirador_lsp.engine.weight import severity_of

_GIVE_UP_AFTER = 3
"""Failed units in a row after which the stage fails: the model, not the code, is the trouble."""


@dataclass(frozen=True)
class LensQuestion:
    """A question about a unit, under one lens or several."""

    prompt_file: str
    lenses: tuple[Lens, ...]

    @property
    def label(self) -> str:
        """What progress shows: the lens, or "" for a question under all."""
        return self.lenses[0].value if len(self.lenses) == 1 else ""


async def sweep(
    job: Job, tools: Tools, desk: Desk, tally: Tally, questions: Sequence[LensQuestion]
) -> None:
    """Ask every question about every unit. Raises `ModelError` when the model is the trouble."""
    units = [
        show(job.request.snapshot, unit) for unit in in_order(job.outline.units, job.request.focus)
    ]
    failed: list[ModelError] = []
    for number, shown in enumerate(units):
        if tools.clock.monotonic() >= job.deadline:
            _tell_late(job, desk, tally, len(units) - number)
            break
        try:
            for question in questions:
                at = StageProgressed(
                    job.policy.name, number, len(units), shown.title, question.label
                )
                desk.emit(at)
                await _ask_about(shown, question, at, job, tools, desk, tally)
            failed.clear()
        except ModelUnavailable:
            raise
        except ModelTimeout:
            _tell_late(job, desk, tally, len(units) - number)
            break
        except ModelError as error:
            failed.append(error)
            _tell_unit_failed(job, desk, tally, shown, error)
            if len(failed) == min(_GIVE_UP_AFTER, len(units)):
                raise
    _tell_rejects(job, desk, tally)


async def _ask_about(
    shown: ShownUnit,
    question: LensQuestion,
    at: StageProgressed,
    job: Job,
    tools: Tools,
    desk: Desk,
    tally: Tally,
) -> None:
    if not grammar.nameable([text for _, text in shown.lines]):
        return
    asked = Question(
        prompt=make_prompt(shown, job, question),
        max_tokens=job.policy.max_tokens,
        labels={"unit": shown.title, "lens": question.label},
        at=at,
    )
    told: set[str] = set()
    hear = partial(
        _hear, told=told, shown=shown, question=question, job=job, desk=desk, tally=tally
    )
    await ask(asked, job, tools, desk, tally, hear)


def make_prompt(shown: ShownUnit, job: Job, question: LensQuestion) -> Prompt:
    """The prompt of a question about a unit: standing text, the code, then what is asked."""
    system = render("review_system")
    material = render(
        "review_material",
        context=f"{shown.unit.context}\n" if shown.unit.context else "",
        language=job.request.snapshot.language,
        code=shown.code,
    )
    names = [lens.value for lens in question.lenses]
    listed = f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]
    asked = render(question.prompt_file, **({"lenses": listed} if len(names) > 1 else {}))
    return Prompt(
        system=_with_instructions(system, job.policy.instructions),
        material=material.text,
        question=asked.text,
        constraint=grammar.findings(
            [text for _, text in shown.lines],
            question.lenses,
            job.request.policy.max_findings_per_reply,
        ),
        version=f"{system.version}+{material.version}+{asked.version}",
    )


def _with_instructions(system: Rendered, instructions: str) -> str:
    return f"{system.text}\n{instructions}" if instructions else system.text


def _hear(
    line: str,
    sureness: float,
    *,
    told: set[str],
    shown: ShownUnit,
    question: LensQuestion,
    job: Job,
    desk: Desk,
    tally: Tally,
) -> bool:
    """Take in a line of a reply. True when more would not help: the model says the same thing
    again, or says in the form of a finding that there is none.
    """
    read = read_line(line, shown, question.lenses)
    if isinstance(read, Claim):
        if read.message in told:
            return True
        told.add(read.message)
        desk.ledger.propose(job.policy.name, _finding(read, sureness, shown, job))
    elif read is not None:
        tally.reject(read)
        return read is Reject.EMPTY
    return False


def _finding(claim: Claim, sureness: float, shown: ShownUnit, job: Job) -> Finding:
    symbol = job.outline.symbol_at(claim.span.start)
    confidence = ceiling(job.policy, job.card) * (0.4 + 0.6 * sureness)
    return Finding(
        id=fingerprint(MODEL_TOPIC, claim.quote, symbol or shown.unit.path),
        rule=f"model/{claim.lens.value}",
        lens=claim.lens,
        severity=severity_of(claim.lens, confidence),
        message=claim.message,
        span=claim.span,
        confidence=round(confidence, 3),
        origin=Origin(job.policy.name, job.card.name, job.card.digest),
        symbol=symbol,
        quote=claim.quote,
        help_uri=help_uri(claim.lens),
    )


def _tell_unit_failed(
    job: Job, desk: Desk, tally: Tally, shown: ShownUnit, error: ModelError
) -> None:
    tally.not_reviewed += 1
    kind = NoticeKind.TRUNCATED if isinstance(error, ContextOverflow) else NoticeKind.SKIPPED
    text = f"{job.request.snapshot.name}: {shown.title} was not reviewed: {error}"
    desk.emit(Notice(kind, text, stage=job.policy.name))


def _tell_late(job: Job, desk: Desk, tally: Tally, count: int) -> None:
    tally.not_reviewed += count
    stage = job.policy.name
    text = (
        f"{job.request.snapshot.name}: time ran out before {stage} reviewed "
        f"{count} part{'s' * (count > 1)} (it has {job.policy.seconds:g} s; "
        f"stages.{stage}.seconds sets it)."
    )
    desk.emit(Notice(NoticeKind.SKIPPED, text, count=count, stage=stage))


def _tell_rejects(job: Job, desk: Desk, tally: Tally) -> None:
    for reject, count in tally.rejects.items():
        text = f"{count} model finding{'s' * (count > 1)} dropped: the reply {reject.value}."
        desk.emit(Notice(NoticeKind.REJECTED, text, count=count, stage=job.policy.name))
