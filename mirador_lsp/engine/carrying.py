"""What the deep stage said of a document before, as far as its lines are as they were."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import smallest
from mirador_lsp.core.events import Event, EvidenceHeard
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.policy import DEEP
from mirador_lsp.core.stations import moved
from mirador_lsp.core.text import Span

_MOST_DOCUMENTS = 200


def still_there(findings: Iterable[Finding], old: str, new: str) -> Iterator[Finding]:
    """Of findings about a text, those about lines that are as they were in a later one, where they
    stand there.
    """
    edits = smallest(old, new)

    def place(span: Span) -> Span | None:
        if any(edit.span.overlaps(span) for edit in edits):
            return None
        by = sum(
            len(edit.text) - (edit.span.end - edit.span.start)
            for edit in edits
            if edit.span.end <= span.start
        )
        return Span(span.start + by, span.end + by)

    for finding in findings:
        span = place(finding.span)
        if span is not None:
            yield replace(finding, span=span, stations=moved(finding.stations, place))


@dataclass(frozen=True)
class _Said:
    text: str
    findings: tuple[Finding, ...]


class Carried:
    """The deep stage's findings about the documents that were reviewed last."""

    def __init__(self) -> None:
        self._said: OrderedDict[str, _Said] = OrderedDict()

    def about(self, snapshot: Snapshot) -> Iterator[Finding]:
        """Findings about lines that were not edited since, where they stand now."""
        said = self._said.get(snapshot.uri)
        if said is None:
            return
        yield from still_there(said.findings, said.text, snapshot.text)

    def keep(self, snapshot: Snapshot, findings: tuple[Finding, ...]) -> None:
        """Remember them, in place of what was said of the document before."""
        self._said[snapshot.uri] = _Said(snapshot.text, findings)
        self._said.move_to_end(snapshot.uri)
        while len(self._said) > _MOST_DOCUMENTS:
            self._said.popitem(last=False)


class DeepVoice:
    """A listener of one review: which findings the deep stage made or confirmed."""

    def __init__(self) -> None:
        self.ids: set[str] = set()

    def hear(self, event: Event) -> None:
        """Take note of what it says."""
        if isinstance(event, EvidenceHeard) and event.stage == DEEP:
            self.ids.add(event.finding_id)
