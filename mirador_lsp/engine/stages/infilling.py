"""A pass of a model stage: reading each line by filling the gap it would leave.

The model is asked nothing, it writes the line; `engine.infill` holds that against the line there.
It sees code only: comments and doc strings are left out, so that none can talk it out of a doubt.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mirador_lsp.core.clean import plain
from mirador_lsp.core.dialogue import Chunk, KeptReply, ModelCard, Prompt
from mirador_lsp.core.edits import Edit, Fix
from mirador_lsp.core.errors import BadReply, ModelTimeout
from mirador_lsp.core.events import EvidenceHeard, ModelAsked, Notice, NoticeKind, StageProgressed
from mirador_lsp.core.findings import Finding, Lens, Origin, fingerprint
from mirador_lsp.core.outline import Outline
from mirador_lsp.core.text import Span
from mirador_lsp.engine.help import help_uri
from mirador_lsp.engine.infill import Doubt, bare, doubt, in_strings, is_slip
from mirador_lsp.engine.plan import in_order
from mirador_lsp.engine.recall import recall_key
from mirador_lsp.engine.scope import Scope
from mirador_lsp.engine.stages.asking import brief, hear_out
from mirador_lsp.engine.stages.job import Desk, Job, Tally, Tools
from mirador_lsp.engine.units import blanked
from mirador_lsp.engine.weight import severity_of

LABEL = "infill"
"""What progress and evidence call this pass."""
SLIP = "model/unexpected"
"""Rule of its findings."""
_VERSION = "infill/2"
_STEP, _BEHIND = 24, 14
"""Lines of code shown around a gap: before it one to two times `_STEP`, for the view moves on in
such steps. Within one, a backend that keeps what it has read pays for what is behind alone."""
_LONGEST = 160
"""Characters of a line that is asked about; a longer one is rarely what a model writes."""
_SPARE_TOKENS, _FEWEST_CHARACTERS = 10, 3
"""A reply may have the tokens of the line that is there, at so many characters each, and some."""
_FEWEST_SIGNS = 3
"""Letters and digits below which a line is all form: `else:`-like words are told by their end."""
_RATHER = 1.0
"""Below these odds a model would about as soon write what stands there."""
_UNMEASURED = 0.5
"""Confidence where nobody knows how often such doubts of a model are right."""


@dataclass(frozen=True)
class Line:
    """A line that can be asked about."""

    span: Span
    """Without indentation and trailing space."""
    text: str
    indent: str
    before: str
    behind: str
    around: tuple[str, ...]


async def infill(job: Job, tools: Tools, desk: Desk, tally: Tally) -> int:
    """Ask about every line of every unit, as far as time goes; what is not reached is told. The
    number of units looked at.

    A model that cannot fill gaps, or tells no probabilities, is not asked. Raises `ModelError`.
    """
    if Lens.BUG not in job.request.policy.lenses:
        return 0
    if not can_infill(job.card):
        _tell_unable(job, desk)
        return 0
    snapshot = job.request.snapshot
    scope = Scope(job.request.only, snapshot.lines)
    gaps = Gaps(snapshot.text, snapshot.language, job.outline)
    units = in_order(job.outline.units, job.request.focus)
    places = [
        (unit.path or "module", index)
        for unit in units
        for index in gaps.within(unit.pieces)
        if scope.holds(gaps.span(index))
    ]
    for number, (title, index) in enumerate(places):
        if tools.clock.monotonic() >= job.deadline:
            _tell_late(job, desk, tally, len(places) - number)
            return 0
        desk.emit(StageProgressed(job.policy.name, number, len(places), title, LABEL))
        try:
            told = await _ask_about(gaps.line(index), title, job, tools, desk, tally)
        except ModelTimeout:
            _tell_late(job, desk, tally, len(places) - number)
            return 0
        if told:
            await desk.ledger.reconsider(job.policy.name)
    return len(units)


def can_infill(card: ModelCard) -> bool:
    """Whether a model can fill gaps, and says how sure it is of what it fills in."""
    return card.supports_infill and card.supports_logprobs


class Gaps:
    """The lines of a text that are worth asking about, with the code around each.

    Headers of definitions are not: any name is as good as another. Neither are lines that begin
    inside of a string, nor what the parser could not read.
    """

    def __init__(self, text: str, language: str, outline: Outline) -> None:
        self._rows = _rows(text, blanked(text, 0, outline.prose))
        self._starts = [span.start for span, _ in self._rows]
        texts = in_strings([row for _, row in self._rows], language)
        barred = {index for index, inside in enumerate(texts) if inside}
        for place in (*(symbol.header for symbol in outline.symbols), *outline.broken):
            barred.update(self._touched(place))
        self._worth = [
            index not in barred and len(row) <= _LONGEST and _is_worth_asking(row.strip())
            for index, (_, row) in enumerate(self._rows)
        ]

    def within(self, pieces: Sequence[Span]) -> list[int]:
        """The numbers of those lines that begin in `pieces`, in their order."""
        return [
            index
            for piece in pieces
            for index in range(
                bisect_left(self._starts, piece.start), bisect_left(self._starts, piece.end)
            )
            if self._worth[index]
        ]

    def span(self, index: int) -> Span:
        """The place of a line without its indentation."""
        span, row = self._rows[index]
        start = span.start + len(row) - len(row.lstrip())
        return Span(start, start + len(row.strip()))

    def line(self, index: int) -> Line:
        """A line with what is around it."""
        row = self._rows[index][1]
        first = max(0, index - index % _STEP - _STEP)
        before = [each for _, each in self._rows[first:index]]
        behind = [each for _, each in self._rows[index + 1 : index + 1 + _BEHIND]]
        return Line(
            span=self.span(index),
            text=row.strip(),
            indent=row[: len(row) - len(row.lstrip())],
            before="".join(f"{each}\n" for each in before),
            behind="".join(f"\n{each}" for each in behind).rstrip("\n") + "\n",
            around=tuple(each.strip() for each in (*before[-_BEHIND:], *behind)),
        )

    def _touched(self, place: Span) -> range:
        """The numbers of the lines that a place touches."""
        first = bisect_right(self._starts, place.start) - 1
        return range(max(first, 0), bisect_left(self._starts, max(place.end, place.start + 1)))


def _rows(text: str, code: str) -> list[tuple[Span, str]]:
    """The lines that hold code, with their places, and one blank line wherever there are some: a
    gap before a row of them asks for an end.
    """
    rows: list[tuple[Span, str]] = []
    at = 0
    for line in text.splitlines(keepends=True):
        kept = code[at : at + len(line)].rstrip()
        if kept or (rows and rows[-1][1] and not line.strip()):
            rows.append((Span(at, at + len(line)), kept))
        at += len(line)
    return rows


def _is_worth_asking(bare: str) -> bool:
    if sum(c.isalnum() for c in bare) < _FEWEST_SIGNS or bare.startswith(("import ", "from ", "@")):
        return False
    return bare.rstrip(":{ ") not in {"else", "try", "finally", "pass", "default", "break", "do"}


async def _ask_about(
    line: Line, title: str, job: Job, tools: Tools, desk: Desk, tally: Tally
) -> bool:
    """True when something was told."""
    # A vocabulary has most words with the blank before them, so the last blank is the model's.
    indent, shift = (line.indent[:-1], 1) if line.indent.endswith(" ") else (line.indent, 0)
    prompt = Prompt(
        system="",
        material=f"{line.before}{indent}",
        question=line.behind,
        version=_VERSION,
        infill=True,
    )
    found = await _doubt_of(" " * shift + line.text, title, prompt, job, tools, desk, tally)
    if found is None or found.odds < _RATHER:
        _take_back(line, job, desk)
    if found is None or not is_slip(line.text, found, line.around):
        return False
    finding = _finding(line, found, job, tools)
    identity = desk.ledger.propose(job.policy.name, finding)
    if identity is None:
        return False
    desk.emit(
        EvidenceHeard(
            stage=job.policy.name,
            finding_id=identity,
            model=job.card.name,
            unit=title,
            lens=LABEL,
            prompt=prompt,
            said=plain(found.said),
            sureness=round(found.sure, 4),
            digest=job.card.digest,
        )
    )
    return True


def _take_back(line: Line, job: Job, desk: Desk) -> None:
    """What an earlier stage made of a line that this model would write as it stands, or as soon."""
    identity = fingerprint(SLIP, line.text, job.outline.symbol_at(line.span.start))
    for finding in desk.ledger.findings():
        earlier = finding.origin.stage != job.policy.name and not finding.confirmed_by
        if finding.id == identity and earlier:
            reason = f"{job.card.name} would write the line as it stands"
            desk.ledger.withdraw(job.policy.name, finding, reason)


async def _doubt_of(
    text: str, title: str, prompt: Prompt, job: Job, tools: Tools, desk: Desk, tally: Tally
) -> Doubt | None:
    """What the model makes of one line; from memory where it was asked before."""
    limits = brief(_SPARE_TOKENS + len(text) // _FEWEST_CHARACTERS, job, tools)
    asked = ModelAsked(
        stage=job.policy.name,
        model=job.card.name,
        unit=title,
        lens=LABEL,
        prompt=prompt,
        digest=job.card.digest,
    )
    key = f"{recall_key(job.card, prompt, limits)} {fingerprint('line', text, '')}"
    if (kept := await tools.recall.find(key)) is not None:
        desk.emit(replace(asked, kept=True))
        return _read(kept)
    if job.from_memory:
        return None
    desk.emit(asked)
    # A line that is cut is a line all the same: only where it parts counts.
    chunks, cut = await hear_out(prompt, limits, job, tools, tally, _has_probabilities)
    if not _has_probabilities(chunks):
        message = f"{job.card.name} gave no probabilities"
        raise BadReply(message)
    found = doubt(text, chunks)
    if found is not None and cut:
        found = replace(found, whole=False)
    tools.recall.keep(job.card, key, _kept(found))
    return found


def _has_probabilities(chunks: Sequence[Chunk]) -> bool:
    return not chunks or bool(chunks[0].alternatives)


def _kept(found: Doubt | None) -> KeptReply:
    if found is None:
        return KeptReply((), ())
    lines = (found.said, "whole" * found.whole, "literal" * found.literal)
    # Odds as a share of one, so that they fit where a reply keeps how sure the model was.
    return KeptReply(lines, (found.sure, math.exp(-max(found.odds, 0.0)), 1.0))


def _read(kept: KeptReply) -> Doubt | None:
    if not kept.lines:
        return None
    said, whole, literal = kept.lines
    odds = -math.log(max(kept.sureness[1], 1e-12))
    return Doubt(said, kept.sureness[0], odds, whole=bool(whole), literal=bool(literal))


def _finding(line: Line, found: Doubt, job: Job, tools: Tools) -> Finding:
    symbol = job.outline.symbol_at(line.span.start)
    fitness = tools.meter.insight.matrix.about(job.task, job.card)
    known = fitness.infill if fitness is not None else None
    chance = known.chance(found.odds) if known is not None else _UNMEASURED
    confidence = min(job.policy.confidence, chance)
    meant = plain(bare(found.said), 120)
    message = f"Possible slip: going by the rest of the code, `{meant}` was meant here."
    return Finding(
        id=fingerprint(SLIP, line.text, symbol),
        rule=SLIP,
        lens=Lens.BUG,
        severity=severity_of(Lens.BUG, confidence),
        message=message,
        span=line.span,
        confidence=round(confidence, 3),
        origin=Origin(job.policy.name, job.card.name, job.card.digest),
        symbol=symbol,
        quote=plain(line.text, limit=200),
        help_uri=help_uri("unexpected"),
        fix=_fix(line, found),
    )


def _fix(line: Line, found: Doubt) -> Fix | None:
    """The line as the model would have it, without a comment of its own; it goes up the ladder like
    any other before it is offered. None where what the model said was cut, or is no plain line.
    """
    code = bare(found.said)
    quoted = code != found.said and any(quote in found.said for quote in "\"'`")
    if not found.whole or quoted or not code.isprintable():
        return None
    return Fix(f"Write `{plain(code, 120)}`", (Edit(line.span, code),), safe=False)


def _tell_unable(job: Job, desk: Desk) -> None:
    """Said where somebody asked for this pass: with the usual ones, it is a gain where it works."""
    setting = f"stages.{job.policy.name}.passes"
    if setting in job.request.policy.given:
        text = f"{job.card.name} cannot fill gaps, so `infill` in {setting} finds nothing with it."
        desk.emit(Notice(NoticeKind.UNAVAILABLE, text, stage=job.policy.name))


def _tell_late(job: Job, desk: Desk, tally: Tally, count: int) -> None:
    tally.not_reviewed += 1
    stage = job.policy.name
    text = (
        f"{job.request.snapshot.name}: time ran out before {stage} had read {count} "
        f"line{'s' * (count > 1)} by filling gaps (stages.{stage}.seconds and --budget set that)."
    )
    desk.emit(Notice(NoticeKind.SKIPPED, text, count=count, stage=stage))
