"""A fake analyzer: says what it is told, about the languages it is told."""

from collections.abc import Callable, Sequence

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import AnalyzerError
from mirador_lsp.core.findings import Finding, Lens, Origin, Severity, fingerprint
from mirador_lsp.core.ports import Analysis
from mirador_lsp.core.text import Span


class FakeAnalyzer:
    """Reports every place of `words` in the text, or raises `error`."""

    def __init__(
        self,
        name: str = "fake",
        *,
        languages: Sequence[str] = ("python",),
        words: Sequence[str] = (),
        severity: Severity = Severity.WARNING,
        error: Exception | None = None,
        most: int = 8_000_000,
        before: Callable[[Snapshot], None] | None = None,
    ) -> None:
        self._name = name
        self._languages = languages
        self._words = words
        self._severity = severity
        self._error = error
        self._most = most
        self._before = before
        self.seen: list[Snapshot] = []

    @property
    def name(self) -> str:
        return self._name

    def handles(self, language: str) -> bool:
        return language in self._languages

    async def analyze(self, snapshot: Snapshot) -> Analysis:
        self.seen.append(snapshot)
        if self._before is not None:
            self._before(snapshot)
        if self._error is not None:
            raise self._error
        if len(snapshot.text) > self._most:
            message = f"more than {self._most:,} characters"
            raise AnalyzerError(message)
        found = [
            self._finding(word, at, n) for word in self._words for n, at in _all(word, snapshot)
        ]
        return Analysis(tuple(sorted(found, key=lambda f: (f.span, f.rule))))

    def _finding(self, word: str, at: int, occurrence: int) -> Finding:
        rule = f"{self._name}/{word}"
        return Finding(
            id=fingerprint(rule, word, "", occurrence),
            rule=rule,
            lens=Lens.BUG,
            severity=self._severity,
            message=f"{word} is here",
            span=Span(at, at + len(word)),
            confidence=0.9,
            origin=Origin(stage="instant", tool=self._name),
            quote=word,
        )


def _all(word: str, snapshot: Snapshot) -> list[tuple[int, int]]:
    places: list[int] = []
    at = snapshot.text.find(word)
    while at >= 0:
        places.append(at)
        at = snapshot.text.find(word, at + len(word))
    return list(enumerate(places))
