"""What can be done at a place of a document, best first, in words: the code actions, before anybody
asked what the client can show.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mirador_lsp.core.clean import plain
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.edits import Fix
from mirador_lsp.core.findings import Finding, Lens
from mirador_lsp.core.outline import Symbol
from mirador_lsp.core.text import Span
from mirador_lsp.server.client import Client
from mirador_lsp.settings import ActionSettings
from mirador_lsp.syntax.comments import convention_of

QUICKFIX = "quickfix"
FIX_ALL = "source.fixAll.mirador"
REWRITE = "refactor.rewrite"
ANSWER = "mirador.answer"
"""Editors show kinds that they do not know with the rest; what is under `source` some hide."""
KINDS = (QUICKFIX, REWRITE, FIX_ALL, ANSWER)

_DETAILED = 3
"""With more findings than these at the place, their fixes alone are offered."""
_MOST_FIXES = 12
_NO_EDITS = "This editor does not take edits from language servers."
_NO_FILES = "This editor does not create files for language servers."


@dataclass(frozen=True)
class Place:
    """Where the user asks, and what is known of it."""

    snapshot: Snapshot
    span: Span
    """The selection; empty for a cursor."""
    findings: tuple[Finding, ...]
    """Those at the place, worst first."""
    fixes: int = 0
    """Findings of the whole document that have a safe fix."""
    symbol: Symbol | None = None
    """The innermost one around the start of the place, where it is known."""


@dataclass(frozen=True)
class Offer:
    """One thing that can be done."""

    title: str
    kind: str
    command: str
    """What does it, for a client that takes no edit with an action."""
    arguments: Mapping[str, str]
    span: Span | None = None
    """The place of the document that goes with the arguments: a selection or, empty, a cursor."""
    finding: Finding | None = None
    """What it is about."""
    fix: Fix | None = None
    """A change that is ready."""
    fixes_all: bool = False
    """It makes every safe fix of the document; the edit has to be worked out."""
    by_model: bool = False
    """A model writes what comes out of it."""
    reason: str = ""
    """Why it cannot be chosen in this client; "" when it can."""

    def is_of(self, kinds: Sequence[str]) -> bool:
        """Whether it is of one of `kinds`, each of which means those below it too."""
        return any(kind in {"", self.kind} or self.kind.startswith(kind + ".") for kind in kinds)


def offers(place: Place, client: Client, actions: Sequence[ActionSettings]) -> Iterator[Offer]:
    """Everything that can be done at `place`, in the order in which it is shown."""
    yield from _fixes(place, client)
    if len(place.findings) <= _DETAILED:
        for finding in place.findings:
            yield from _about(finding, place.snapshot, client)
    yield from _answers(place, client)
    yield from _writings(place, client)
    yield from _own(place, client, actions)
    if place.fixes:
        yield fix_all(place.snapshot, place.fixes)


def fix_all(snapshot: Snapshot, count: int | None = None) -> Offer:
    """All safe fixes of a document; `count` of them where it is known."""
    how_many = "" if count is None else f" ({count})"
    return Offer(
        f"Mirador: make all safe fixes{how_many}",
        FIX_ALL,
        "mirador.fixAll",
        {"uri": snapshot.uri},
        fixes_all=True,
    )


def _fixes(place: Place, client: Client) -> Iterator[Offer]:
    """Fixes that are ready come first, the safe ones before the others."""
    findings = place.findings[:_MOST_FIXES]
    ready = [(finding, finding.fix) for finding in findings if finding.fix is not None]
    for finding, fix in sorted(ready, key=lambda pair: not pair[1].safe):
        caution = "" if fix.safe else "; may change what the code does"
        title = f"{plain(fix.title, 120)} ({finding.rule}{caution})"
        arguments = _at(finding, place.snapshot)
        yield Offer(title, QUICKFIX, "mirador.fix", arguments, finding=finding, fix=fix)
    for finding in findings:
        if finding.fix is not None and finding.fix.safe:
            continue
        yield Offer(
            f"Fix with Mirador: {plain(finding.message, 80)}",
            QUICKFIX,
            "mirador.fix",
            _at(finding, place.snapshot),
            finding=finding,
            by_model=True,
            reason="" if client.applies_edits else _NO_EDITS,
        )


def _about(finding: Finding, snapshot: Snapshot, client: Client) -> Iterator[Offer]:
    """What else can be done with a finding. What users think of it is asked of models' alone."""
    wishes = [(f"Explain {finding.rule}", "mirador.explain")]
    if convention_of(snapshot.language).line or convention_of(snapshot.language).block:
        # A comment in the code can only play down what is a matter of security.
        rest = " (stays as information)" if finding.lens is Lens.SECURITY else ""
        wishes.append((f"Suppress {finding.rule} with a comment{rest}", "mirador.suppress"))
    wishes.append((f"Dismiss {finding.rule}", "mirador.dismiss"))
    if finding.rule.startswith("model/"):
        wishes += [
            (f"Show the evidence for {finding.rule}", "mirador.showEvidence"),
            (f"{finding.rule} is helpful", "mirador.helpful"),
            (f"{finding.rule} is not helpful", "mirador.notHelpful"),
        ]
    for title, command in wishes:
        edits = command == "mirador.suppress"
        yield Offer(
            title,
            QUICKFIX,
            command,
            _at(finding, snapshot),
            finding=finding,
            reason=_NO_EDITS if edits and not client.applies_edits else "",
        )


def _answers(place: Place, client: Client) -> Iterator[Offer]:
    what = _what(place)
    span = _meant(place)
    yield Offer(f"Explain {what}", ANSWER, "mirador.explain", _in(place), span)
    if client.wants_answers:
        # The question is the client's to ask for; a plain command could not bring one.
        yield Offer(f"Ask Mirador about {what}…", ANSWER, "mirador.ask", _in(place), span)


def _writings(place: Place, client: Client) -> Iterator[Offer]:
    symbol = place.symbol
    if symbol is None:
        return
    name = f"`{plain(symbol.path, 80)}`"
    reason = "" if client.applies_edits else _NO_EDITS
    if convention_of(place.snapshot.language).documents:
        yield Offer(
            f"Document {name}",
            REWRITE,
            "mirador.document",
            _in(place),
            place.span,
            by_model=True,
            reason=reason,
        )
    yield Offer(
        f"Write tests for {name}",
        REWRITE,
        "mirador.writeTests",
        _in(place),
        place.span,
        by_model=True,
        reason=reason or ("" if client.creates_files else _NO_FILES),
    )


def _own(place: Place, client: Client, actions: Sequence[ActionSettings]) -> Iterator[Offer]:
    """Actions of the user's configuration, for the languages they are for."""
    for action in actions:
        if not action.is_for(place.snapshot.language):
            continue
        if action.edits == "selection" and place.span.start == place.span.end:
            continue
        if action.edits == "symbol" and place.symbol is None:
            continue
        edits = action.edits != "nothing"
        yield Offer(
            plain(action.title, 120),
            REWRITE if edits else ANSWER,
            "mirador.action",
            {**_in(place), "name": action.name},
            place.span,
            by_model=edits,
            reason=_NO_EDITS if edits and not client.applies_edits else "",
        )


def _what(place: Place) -> str:
    """What a question about the place would be about."""
    if place.span.start < place.span.end:
        return "the selection"
    if place.symbol is not None:
        return f"`{plain(place.symbol.path, 80)}`"
    return "this file"


def _meant(place: Place) -> Span | None:
    """The place of a question; None for the whole file."""
    if place.symbol is None and place.span.start == place.span.end:
        return None
    return place.span


def _at(finding: Finding, snapshot: Snapshot) -> dict[str, str]:
    return {"uri": snapshot.uri, "findingId": finding.id}


def _in(place: Place) -> dict[str, str]:
    return {"uri": place.snapshot.uri}
