"""What the quick and the deep stage share: every unit of the file, and questions about each.

The questions about one unit follow each other on the same material, so that a backend that keeps
what it has read pays for the code once and for each further question with a few tokens.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from mirador_lsp.core.dialogue import Prompt
from mirador_lsp.core.errors import (
    BadReply,
    ContextOverflow,
    ModelError,
    ModelTimeout,
    ModelUnavailable,
)
from mirador_lsp.core.events import EvidenceHeard, Notice, NoticeKind, StageProgressed
from mirador_lsp.core.findings import Finding, Lens, Origin, fingerprint
from mirador_lsp.core.reviewers import Reviewer
from mirador_lsp.core.text import Span
from mirador_lsp.engine import grammar
from mirador_lsp.engine.comparing import Sample
from mirador_lsp.engine.context.gathering import Gathering
from mirador_lsp.engine.help import help_uri
from mirador_lsp.engine.plan import in_order
from mirador_lsp.engine.prompts.render import Rendered, render
from mirador_lsp.engine.reading import Claim, Reject, read_line
from mirador_lsp.engine.router import ceiling
from mirador_lsp.engine.stages.asking import Question, ask
from mirador_lsp.engine.stages.job import Desk, Job, Said, Tally, Tools
from mirador_lsp.engine.stages.material import material, standing_text
from mirador_lsp.engine.units import ShownUnit, show
from mirador_lsp.engine.voices import Look
from mirador_lsp.engine.weaknesses import weakness_in
from mirador_lsp.engine.weight import severity_of

_GIVE_UP_AFTER = 3
"""Failed units in a row after which the stage fails: the model, not the code, is the trouble."""


@dataclass(frozen=True)
class LensQuestion:
    """A question about a unit, under one lens or several, or by a reviewer of the user's own."""

    prompt_file: str
    lenses: tuple[Lens, ...]
    reviewer: Reviewer | None = None

    @property
    def label(self) -> str:
        """What progress shows: the lens or the reviewer, or "" for a question under all."""
        if self.reviewer is not None:
            return self.reviewer.name
        return self.lenses[0].value if len(self.lenses) == 1 else ""

    def asked(self) -> Rendered:
        """The words of it."""
        if self.reviewer is not None:
            return render(
                self.prompt_file,
                title=self.reviewer.title,
                instructions=self.reviewer.instructions,
                lens=self.reviewer.lens.value,
            )
        names = [lens.value for lens in self.lenses]
        if len(names) == 1:
            return render(self.prompt_file)
        return render(self.prompt_file, lenses=f"{', '.join(names[:-1])} or {names[-1]}")


def question_of(reviewer: Reviewer) -> LensQuestion:
    """What a reviewer of the user's own asks."""
    return LensQuestion("ask_reviewer", (reviewer.lens,), reviewer)


async def sweep(
    job: Job,
    tools: Tools,
    desk: Desk,
    tally: Tally,
    questions: Sequence[LensQuestion],
    *,
    without: Sequence[Span] = (),
) -> Said:
    """Ask every question about every unit; where something is to be left out, about those that it
    is in, `without` it. Raises `ModelError` when the model is the trouble.
    """
    ordered = in_order(job.outline.units, job.request.focus)
    units = [
        show(job.request.snapshot, unit, without)
        for unit in ordered
        if not without or any(piece.overlaps(span) for piece in unit.pieces for span in without)
    ]
    async with Gathering(tools.stock, job.request.snapshot, job.outline) as gathering:
        gathering.ahead(units, job.card, job.policy)
        return await _look_at_all(units, questions, gathering, job, tools, desk, tally)


async def _look_at_all(
    units: Sequence[ShownUnit],
    questions: Sequence[LensQuestion],
    gathering: Gathering,
    job: Job,
    tools: Tools,
    desk: Desk,
    tally: Tally,
) -> Said:
    failed: list[ModelError] = []
    looked = 0
    try:
        for number, bare in enumerate(units):
            if tools.clock.monotonic() >= job.deadline:
                _tell_late(job, desk, tally, len(units) - number)
                break
            shown = await gathering.shown(bare, job.card, job.policy)
            for notice in gathering.notices():
                desk.emit(notice)
            try:
                for question in questions:
                    at = StageProgressed(
                        job.policy.name, number, len(units), shown.title, question.label
                    )
                    desk.emit(at)
                    await ask_about(shown, question, at, job, tools, desk, tally)
                looked += 1
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
    finally:
        _tell_dropped(job, desk, tally)
    return Said(looked)


async def ask_about(
    shown: ShownUnit,
    question: LensQuestion,
    at: StageProgressed,
    job: Job,
    tools: Tools,
    desk: Desk,
    tally: Tally,
) -> None:
    """Put one question about a unit; what the model claims goes to the desk's ledger, and what a
    reply claimed that broke off is taken back.

    Raises `BadReply` when not one line of the reply can be read, and any other `ModelError`.
    """
    if not grammar.nameable([text for _, text in shown.lines]):
        return
    examples = await tools.examples.of_findings(question.lenses, job.request.snapshot.language)
    asked = Question(
        prompt=make_prompt(shown, job, question, examples),
        max_tokens=job.policy.max_tokens,
        labels={"unit": shown.title, "lens": question.label},
        at=at,
        context=shown.background,
    )
    hearing = _Hearing(shown, question, asked.prompt, job, desk, tally)
    one_voice = desk.voices is None
    with (
        tools.meter.weighing(job.task, job.card, tally, job.request.priority),
        # Of several voices at a time each is taken in whole, so there is nothing to take back.
        desk.ledger.unless_it_breaks_off(job.policy.name) if one_voice else nullcontext(),
    ):
        await ask(asked, job, tools, desk, tally, hearing.hear)
        if not hearing.understood and not job.from_memory:
            # Nothing that can be read is not the same as nothing to report.
            message = "not one line of the model's reply could be read"
            raise BadReply(message)
    hearing.end()
    await desk.ledger.reconsider(job.policy.name)
    if tally.last is not None:
        language = job.request.snapshot.language
        tools.comparing.met(
            Sample(job.task, asked.prompt, asked.max_tokens, shown, question.lenses, language)
        )


def make_prompt(
    shown: ShownUnit, job: Job, question: LensQuestion, examples: Rendered | None = None
) -> Prompt:
    """The prompt of a question about a unit: standing text, the code, examples of findings that
    the user accepted, and what is asked.
    """
    before = examples or Rendered("", "")
    system = standing_text(job.policy)
    code = material(job.request.snapshot.language, shown)
    asked = question.asked()
    return Prompt(
        system=system.text,
        material=code.text,
        question=f"{before.text}{asked.text}",
        constraint=grammar.findings(
            [text for _, text in shown.lines],
            question.lenses,
            job.request.policy.max_findings_per_reply,
        ),
        version="+".join(
            filter(None, (system.version, code.version, before.version, asked.version))
        ),
    )


class _Hearing:
    """Takes in one reply line by line: claims go to the ledger, what does not hold is counted."""

    def __init__(
        self,
        shown: ShownUnit,
        question: LensQuestion,
        prompt: Prompt,
        job: Job,
        desk: Desk,
        tally: Tally,
    ) -> None:
        self._shown = shown
        self._question = question
        self._prompt = prompt
        self._job = job
        self._desk = desk
        self._tally = tally
        self._said: set[str] = set()
        self._lines: list[str] = []
        self._held: list[tuple[Finding, str, float]] = []
        """Claims that are told once the reply is whole."""
        self.understood = False
        """Whether any line followed the format, be it to say that there is nothing."""

    def hear(self, line: str, sureness: float) -> bool:
        """True when more would not help: the model says the same again, more than it was asked
        for, or in the form of a finding that there is none.
        """
        self._lines.append(line)
        read = self._judge(read_line(line, self._shown, self._question.lenses))
        self.understood |= bool(line.strip()) and read is not Reject.FORMAT
        if isinstance(read, Claim):
            self._said.add(read.message)
            claim = (_finding(read, sureness, self._job, self._question.reviewer), line, sureness)
            if self._desk.voices is None:
                self._tell(*claim)
            else:
                self._held.append(claim)
        elif read is not None:
            self._tally.reject(read)
        return read in {Reject.EMPTY, Reject.REPEATED, Reject.EXCESS}

    def end(self) -> None:
        """The reply is whole."""
        for claim in self._held:
            self._tell(*claim)
        if self._desk.voices is not None and self._lines:
            card, question = self._job.card, self._question
            said = "\n".join(self._lines)
            self._desk.voices.looked(
                Look(card, self._shown, question.lenses, question.label, self._prompt, said)
            )

    def _tell(self, finding: Finding, line: str, sureness: float) -> None:
        identity = self._desk.ledger.propose(self._job.policy.name, finding)
        if identity is None:
            return
        if self._desk.voices is not None:
            self._desk.voices.report(identity, finding)
        self._desk.emit(self._evidence(identity, line, sureness))

    def _evidence(self, finding_id: str, line: str, sureness: float) -> EvidenceHeard:
        return EvidenceHeard(
            stage=self._job.policy.name,
            finding_id=finding_id,
            model=self._job.card.name,
            unit=self._shown.title,
            lens=self._question.label,
            prompt=self._prompt,
            said=line,
            sureness=sureness,
            context=self._shown.background,
            digest=self._job.card.digest,
        )

    def _judge(self, read: Claim | Reject | None) -> Claim | Reject | None:
        if not isinstance(read, Claim):
            return read
        if read.message in self._said:
            return Reject.REPEATED
        if len(self._said) >= self._job.request.policy.max_findings_per_reply:
            return Reject.EXCESS
        return read


def _finding(claim: Claim, sureness: float, job: Job, reviewer: Reviewer | None) -> Finding:
    symbol = job.outline.symbol_at(claim.span.start)
    confidence = _believed(sureness, job)
    severity = severity_of(claim.lens, confidence)
    if reviewer is not None and reviewer.severity is not None:
        severity = max(severity, reviewer.severity, key=lambda each: each.rank)
    rule = f"model/{claim.lens.value if reviewer is None else reviewer.name}"
    return Finding(
        id=fingerprint(rule, claim.quote, symbol),
        rule=rule,
        lens=claim.lens,
        severity=severity,
        message=claim.message,
        span=claim.span,
        confidence=round(confidence, 3),
        origin=Origin(job.policy.name, job.card.name, job.card.digest),
        symbol=symbol,
        quote=claim.quote,
        help_uri=help_uri(claim.lens.value),
        cwe=weakness_in(claim.message) if claim.lens is Lens.SECURITY else None,
    )


def _believed(sureness: float, job: Job) -> float:
    """How sure a claim is: as often as the model's claims were right where that was counted, a
    little more or less as it was sure of its reply; else what the stage allows.
    """
    most, right = ceiling(job.policy, job.card), job.card.claims_right
    if right is None:
        return most * (0.4 + 0.6 * sureness)
    return min(most, right * (0.75 + 0.5 * sureness))


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
        f"{count} part{'s' * (count > 1)} (it had {round(job.policy.seconds, 1):g} s; "
        f"stages.{stage}.seconds and --budget set that)."
    )
    desk.emit(Notice(NoticeKind.SKIPPED, text, count=count, stage=stage))


def _tell_dropped(job: Job, desk: Desk, tally: Tally) -> None:
    stage = job.policy.name
    for reject, count in tally.rejects.items():
        text = f"{count} model finding{'s' * (count > 1)} dropped: the reply {reject.value}."
        desk.emit(Notice(NoticeKind.REJECTED, text, count=count, stage=stage))
    if tally.cut:
        text = (
            f"{tally.cut} repl{'y was' if tally.cut == 1 else 'ies were'} cut at "
            f"{job.policy.max_tokens} tokens (stages.{stage}.max_tokens sets it)."
        )
        desk.emit(Notice(NoticeKind.TRUNCATED, text, count=tally.cut, stage=stage))
