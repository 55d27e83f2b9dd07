"""Who uses what a change took away, renamed, or gave other parameters, and no longer fits it.

Nothing is resolved as a compiler would: a use counts where an import, or the class it is reached
through, says what is meant. Where a name may mean something else, nothing is said.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from mirador_lsp.core.clean import plain
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.findings import Finding, Lens, Origin, Severity
from mirador_lsp.core.policy import INSTANT
from mirador_lsp.core.references import Named, References
from mirador_lsp.core.retrieval import MentionKind
from mirador_lsp.engine.changed.fitting import misfit
from mirador_lsp.engine.changed.modules import leads_to
from mirador_lsp.engine.changed.symbols import SymbolChange, Touch

GONE = "change/name-gone"
MISFIT = "change/call-misfit"
_SURE, _LIKELY = 0.9, 0.7
_SHORT = 3
_TOGETHER = frozenset(("go", "java", "csharp"))
"""Languages in which the files of a folder know each other's names without an import."""
_SELF = frozenset(("self", "cls", "this", "super", "super()"))
_GOING = frozenset((Touch.REMOVED, Touch.RENAMED, Touch.MOVED))


@dataclass(frozen=True)
class Reader:
    """A file that may use what was changed."""

    snapshot: Snapshot
    references: References


@dataclass(frozen=True)
class Uses:
    """Who uses the touched symbols, and what of it does not fit any more."""

    callers: Mapping[tuple[str, str], int]
    """(file, path) of a symbol → how many files use it, its own left out."""
    findings: Mapping[str, tuple[Finding, ...]]
    """By name of the file in which they lie."""


def uses_of(symbols: Sequence[SymbolChange], readers: Sequence[Reader]) -> Uses:
    """What `readers`, which are all files that hold the names, say of the symbols of a change."""
    defined = _definers(readers)
    callers: dict[tuple[str, str], int] = {}
    findings: dict[str, list[Finding]] = {}
    for symbol in symbols:
        if symbol.touch is Touch.ADDED or len(symbol.name) < _SHORT:
            continue
        for reader in readers:
            meant = _uses(symbol, reader, defined)
            name = reader.snapshot.name
            if meant and name != symbol.file:
                key = (symbol.file, symbol.path)
                callers[key] = callers.get(key, 0) + 1
            told = (_told(symbol, use, sure, reader.snapshot) for use, sure in meant)
            findings.setdefault(name, []).extend(f for f in told if f is not None)
    return Uses(callers, {name: tuple(_once(each)) for name, each in findings.items() if each})


def _once(findings: Sequence[Finding]) -> Iterator[Finding]:
    """One for each line and rule: an import and its uses are told together."""
    seen: set[tuple[str, int]] = set()
    for finding in findings:
        key = (finding.rule, finding.span.start)
        if key not in seen:
            seen.add(key)
            yield finding


def _definers(readers: Sequence[Reader]) -> dict[str, set[str]]:
    """Name → the files that define it after the change."""
    found: dict[str, set[str]] = {}
    for reader in readers:
        for each in reader.references.defined:
            found.setdefault(each.name, set()).add(reader.snapshot.name)
    return found


def _uses(
    symbol: SymbolChange, reader: Reader, defined: Mapping[str, set[str]]
) -> list[tuple[Named, float]]:
    """The places that mean the symbol, with how sure that is.

    Where an import of something that is gone is told, its uses below are not told as well.
    """
    if symbol.of_object:
        return list(_through_objects(symbol, reader, defined))
    name, importer = symbol.name, reader.snapshot.name
    imports = [each for each in reader.references.named if each.kind is MentionKind.IMPORTS]
    bringing = [
        each
        for each in imports
        if each.name == name and leads_to(each.qualifier, importer, symbol.file)
    ]
    if bringing and symbol.touch in _GOING:
        return [(each, _SURE) for each in bringing]
    found = [(each, _SURE) for each in bringing]
    meant = {each.alias or each.name for each in bringing}
    modules = {spelled for each in imports for spelled in _modules(each, symbol, importer)}
    for use in reader.references.named:
        if use.kind is MentionKind.IMPORTS:
            continue
        by_module = use.name == name and use.qualifier in modules
        if by_module if use.qualifier else use.name in meant:
            found.append((use, _SURE))
        elif not use.qualifier and use.name == name:
            sure = _without_import(symbol, reader, defined)
            found += [(use, sure)] * (sure > 0)
    return found


def _through_objects(
    symbol: SymbolChange, reader: Reader, defined: Mapping[str, set[str]]
) -> Iterator[tuple[Named, float]]:
    """Calls of a method: only where no other class of these files has one of that name, and the
    file has to do with the class.
    """
    name, importer = symbol.name, reader.snapshot.name
    if defined.get(name, set()) - {symbol.file} or len(name) <= _SHORT:
        return
    around = (symbol.old_path or symbol.path).rpartition(".")[0].rpartition(".")[2]
    named = reader.references.named
    own = importer == symbol.file
    if not own and not any(around in (each.name, each.alias) for each in named):
        return
    if symbol.touch in _GOING and any(each.name == name for each in reader.references.defined):
        return
    for use in named:
        if use.kind is MentionKind.CALLS and use.name == name and use.qualifier:
            yield use, _SURE if own and use.qualifier in _SELF else _LIKELY


def _without_import(symbol: SymbolChange, reader: Reader, defined: Mapping[str, set[str]]) -> float:
    """How sure it is that a bare name means the symbol; 0 where it is not likely."""
    here = reader.snapshot.name == symbol.file
    again = any(each.name == symbol.name for each in reader.references.defined)
    if here:
        if symbol.touch not in _GOING:
            return _SURE
        # For Python ruff says it, in better words.
        return 0.0 if again or reader.snapshot.language == "python" else _SURE
    if reader.snapshot.language not in _TOGETHER or again:
        return 0.0
    same = PurePosixPath(reader.snapshot.name).parent == PurePosixPath(symbol.file).parent
    others = defined.get(symbol.name, set()) - {symbol.file}
    return _LIKELY if same and not others else 0.0


def _modules(use: Named, symbol: SymbolChange, importer: str) -> Iterator[str]:
    """How an import makes the file of the symbol known as a whole, if it does."""
    whole = use.qualifier or use.name
    if leads_to(whole, importer, symbol.file):
        yield use.alias or use.name
        yield whole
    joint = "" if whole.endswith((".", "/")) else "/" if "/" in whole else "."
    if use.name and leads_to(f"{whole}{joint}{use.name}", importer, symbol.file):
        yield use.alias or use.name


def _told(symbol: SymbolChange, use: Named, sure: float, snapshot: Snapshot) -> Finding | None:
    """What is wrong with a use now; None where it fits as it did."""
    called = plain(use.name, 80)
    place = plain(symbol.file, 120)
    if symbol.touch is Touch.REMOVED:
        what = "imported" if use.kind is MentionKind.IMPORTS else "used"
        message = f"`{called}` is still {what} here, and this change removes it from {place}."
        return _finding(GONE, message, use, sure, snapshot)
    if symbol.touch is Touch.MOVED:
        message = f"This change moves `{called}` from {place} to {plain(symbol.moved_to, 120)}."
        return _finding(GONE, message, use, sure, snapshot)
    if symbol.touch is Touch.RENAMED and symbol.name != symbol.path.rpartition(".")[2]:
        now = plain(symbol.path.rpartition(".")[2], 80)
        message = f"`{called}` is still used here, and this change of {place} calls it `{now}`."
        return _finding(GONE, message, use, sure, snapshot)
    if use.kind is not MentionKind.CALLS or symbol.before is None or symbol.after is None:
        return None
    why = misfit(use, symbol.after)
    if not why or misfit(use, symbol.before):
        return None
    message = (
        f"This call of `{called}` does not fit any more: since this change of {place} it {why}."
    )
    return _finding(MISFIT, message, use, sure, snapshot)


def _finding(rule: str, message: str, use: Named, sure: float, snapshot: Snapshot) -> Finding:
    return Finding(
        id=f"{rule}@{use.span.start}",  # the ledger gives it its own
        rule=rule,
        lens=Lens.BUG,
        severity=Severity.ERROR if sure >= _SURE else Severity.WARNING,
        message=message,
        span=use.span,
        confidence=sure,
        origin=Origin(stage=INSTANT, tool="change"),
        quote=plain(snapshot.lines.line_text(snapshot.lines.line_of(use.span.start)).strip(), 300),
    )
