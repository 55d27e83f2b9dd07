"""What the parse worker does with a text: pure functions and a memory of the last few parses."""

import contextlib
import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from mirador_lsp.analysis.anchor import Identities, anchored
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import AnalyzerError, MiradorError
from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.findings import Finding, Lens, Origin, Severity
from mirador_lsp.core.knowledge import KnowledgeFile
from mirador_lsp.core.outline import Outline, Surroundings
from mirador_lsp.core.policy import INSTANT
from mirador_lsp.core.ports import Analysis
from mirador_lsp.core.references import References
from mirador_lsp.core.retrieval import Slice
from mirador_lsp.core.stations import root_of
from mirador_lsp.core.text import Span, utf8
from mirador_lsp.syntax.languages import LANGUAGES, Language
from mirador_lsp.syntax.outline import lines_outline, outline_of
from mirador_lsp.syntax.parser import Parsed, parse
from mirador_lsp.syntax.references import references_in
from mirador_lsp.syntax.slices import slice_at
from mirador_lsp.syntax.surroundings import surroundings_of

if TYPE_CHECKING:
    from mirador_lsp.analysis.flow.neighbours import Shelf

RULE = "rules/syntax-error"

_REMEMBERED = 4
_SAMPLE = "f(1)\n"
_MOST_ERRORS = 3


@dataclass(frozen=True)
class _Read:
    parsed: Parsed
    outline: Outline


@dataclass(frozen=True)
class Around:
    """Where the other files of a text's workspace are."""

    root: Path
    """The workspace, absolute."""
    name: str
    """The text's file, relative to it, with "/"."""

    @classmethod
    def of(cls, snapshot: Snapshot) -> "Around | None":
        """None for a text that is in no workspace."""
        root = root_of(snapshot)
        return cls(Path(root), PurePath(snapshot.name).as_posix()) if root is not None else None


class Inspector:
    """Parses texts, and remembers the last few so that outline and rules share one parse."""

    def __init__(self, own: tuple[KnowledgeFile, ...] = ()) -> None:
        """`own` is the user's knowledge of libraries, files that can be used."""
        self._own = own
        self._read: OrderedDict[tuple[str, float, int, bytes], _Read] = OrderedDict()
        self._shelf: Shelf | None = None

    def learn(self, own: tuple[KnowledgeFile, ...]) -> None:
        """Take the user's knowledge of libraries, files that can be used."""
        self._own = own

    def warm(self) -> None:
        """Load what the first texts would wait for. Never raises."""
        for language in ("python", "javascript"):
            with contextlib.suppress(MiradorError):
                self.rules(_SAMPLE, language, 1.0, len(_SAMPLE))
                self.flows(_SAMPLE, language, 1.0, len(_SAMPLE))

    def outline(self, text: str, language: str, budget_seconds: float, max_bytes: int) -> Outline:
        """The outline of `text`; for what cannot be parsed, one by lines or none, with a note."""
        return self._of(text, language, budget_seconds, max_bytes).outline

    def rules(self, text: str, language: str, budget_seconds: float, max_bytes: int) -> Analysis:
        """What the packaged rules find in `text`, and the places of it that do not parse.

        Raises `AnalyzerError` when the rules cannot be loaded.
        """
        from mirador_lsp.analysis.rules import load_rules, look  # noqa: PLC0415 — outlines need none

        read = self._of(text, language, budget_seconds, max_bytes)
        try:
            found = look(read.parsed, read.outline, load_rules())
        except AnalyzerError:
            raise
        except MiradorError as error:
            raise AnalyzerError(str(error), remedy=error.remedy) from error
        findings = sorted(
            (*_syntax_errors(read), *found.findings), key=lambda each: (each.span, each.rule)
        )
        return Analysis(tuple(findings), (*_notices(read), *found.notices))

    def flows(
        self,
        text: str,
        language: str,
        budget_seconds: float,
        max_bytes: int,
        around: Around | None = None,
    ) -> Analysis:
        """What data flows where in `text`, and in the files `around` it that it imports; nothing
        for a language that is not followed.
        """
        from mirador_lsp.analysis.flow.findings import look  # noqa: PLC0415 — outlines need none
        from mirador_lsp.analysis.flow.neighbours import Neighbours, Shelf  # noqa: PLC0415

        parsed = self._of(text, language, budget_seconds, max_bytes).parsed
        modules = None
        if around is not None:
            self._shelf = self._shelf or Shelf()
            modules = Neighbours(around.root, around.name, self._shelf)
        return look(parsed, modules=modules, own=self._own)

    def surroundings(
        self, text: str, language: str, budget_seconds: float, max_bytes: int, span: Span
    ) -> Surroundings:
        """What stands around `span`; the lines of the place where the text cannot be parsed."""
        return surroundings_of(self._of(text, language, budget_seconds, max_bytes).parsed, span)

    def slice_of(
        self, text: str, language: str, budget_seconds: float, max_bytes: int, place: Span
    ) -> Slice:
        """The lines that decide what happens at `place`; a guess where there is no tree."""
        return slice_at(self._of(text, language, budget_seconds, max_bytes).parsed, place)

    def references(
        self, text: str, language: str, budget_seconds: float, max_bytes: int
    ) -> References:
        """What `text` defines and names; nothing, with a note, where it cannot be parsed."""
        return references_in(self._of(text, language, budget_seconds, max_bytes).parsed)

    def _of(self, text: str, language: str, budget_seconds: float, max_bytes: int) -> _Read:
        key = (language, budget_seconds, max_bytes, hashlib.sha256(utf8(text)).digest())
        if key in self._read:
            self._read.move_to_end(key)
            return self._read[key]
        parsed = parse(text, language, budget_seconds=budget_seconds, max_bytes=max_bytes)
        try:
            outline = outline_of(parsed)
        except AnalyzerError as error:
            outline = lines_outline(parsed, f"{error}, so it is read by lines")
        read = self._read[key] = _Read(parsed, outline)
        while len(self._read) > _REMEMBERED:
            self._read.popitem(last=False)
        return read


def _notices(read: _Read) -> tuple[Notice, ...]:
    parsed = read.parsed
    if parsed.tree is None:
        message = f"Rules that need a syntax tree were left out: {parsed.note}."
        return (Notice(NoticeKind.SKIPPED, message, stage=INSTANT),)
    if not parsed.broken:
        return ()
    count = len(parsed.broken)
    places = "1 place does" if count == 1 else f"{count} places do"
    message = f"{places} not parse as {LANGUAGES[parsed.language].title}; checks there are unsure."
    return (Notice(NoticeKind.BROKEN, message, count, INSTANT),)


def _syntax_errors(read: _Read) -> list[Finding]:
    """The first places that do not parse. For Python ruff says it, in better words."""
    language = LANGUAGES.get(read.parsed.language)
    if language is None or language.id == "python":
        return []
    identities = Identities()
    return [
        _syntax_error(read, language, span, identities)
        for span in read.parsed.broken[:_MOST_ERRORS]
    ]


def _syntax_error(read: _Read, language: Language, span: Span, identities: Identities) -> Finding:
    from mirador_lsp.analysis.rules import help_uri  # noqa: PLC0415 — outlines need none

    parsed = read.parsed
    anchor = anchored(parsed.text, parsed.lines, span)
    start = anchor.span.start
    line = parsed.lines.line_span(parsed.lines.line_of(start))
    symbol = read.outline.symbol_at(start)
    if span.start == span.end:
        message = f"Something is missing here: this does not parse as {language.title}."
    else:
        message = f"This does not parse as {language.title}."
    return Finding(
        id=identities.of(RULE, anchor, symbol),
        rule=RULE,
        lens=Lens.BUG,
        severity=Severity.INFORMATION if language.lenient else Severity.ERROR,
        message=message,
        span=Span(start, max(start, min(anchor.span.end, line.end))),
        confidence=0.4 if language.lenient else 0.9,
        origin=Origin(stage=INSTANT, tool="rules"),
        symbol=symbol,
        quote=anchor.quote,
        help_uri=help_uri("syntax-error"),
    )
