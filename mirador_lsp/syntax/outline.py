"""The outline of a text: its symbols, and the units in which a model reviews it.

Units are made of whole lines. Every line that holds code belongs to exactly one of them: to the
innermost function or class that is a unit, else to the module.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mirador_lsp.core.outline import Outline, Symbol, Unit
from mirador_lsp.core.text import Span
from mirador_lsp.syntax.borders import MAX_UNIT_LINES, borders_of, cut
from mirador_lsp.syntax.context import Surroundings
from mirador_lsp.syntax.ignoring import asks_for_silence, suppressions_of
from mirador_lsp.syntax.languages import LANGUAGES
from mirador_lsp.syntax.parser import Parsed
from mirador_lsp.syntax.structure import ATTACHED, BLANK, CODE, Structure, structure_of

TINY_LINES = 2
"""Definitions with no more lines of code than this are reviewed with what is around them."""

_MODULE = -1


def outline_of(parsed: Parsed) -> Outline:
    """Symbols, units, broken places and suppressing comments of a text.

    Data files have no units, for models do not review data. Markup, and text without a tree, is cut
    into units by lines; text that was refused for its size has none. The note says so each time.
    Raises `AnalyzerError` when the text takes too long to search.
    """
    outline = _shape_of(parsed)
    if parsed.tree is None and asks_for_silence(parsed.text):
        return replace(outline, note=f"{outline.note}; comments that silence findings do not count")
    return replace(outline, suppressions=suppressions_of(parsed))


def _shape_of(parsed: Parsed) -> Outline:
    if parsed.too_large:
        return Outline((), (), (), parsed.note)
    language = LANGUAGES.get(parsed.language)
    structure = structure_of(parsed)
    if language is not None and language.data:
        note = parsed.note or f"{language.title} is data: analyzers look at it, models do not"
        return Outline((), (), parsed.broken, note)
    if language is None or parsed.tree is None:
        return Outline((), _by_lines(parsed, structure), parsed.broken, parsed.note)
    if not language.outline:
        note = f"{language.title} is reviewed in pieces, by lines"
        return Outline((), _by_lines(parsed, structure), parsed.broken, note)
    symbols = tuple(
        Symbol(each.path, each.kind, each.span, each.header) for each in structure.definitions
    )
    prose = tuple(sorted({*structure.comments, *structure.docstrings}))
    note = "" if structure.complete else "not every definition is listed: there are too many"
    return Outline(
        symbols, _by_symbols(parsed, structure), parsed.broken, note, prose=_disjoint(prose)
    )


def _disjoint(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Sorted spans without those inside of others: Rust's doc comments have parts."""
    kept: list[Span] = []
    for span in spans:
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
        elif span.end > kept[-1].end:
            kept[-1] = Span(kept[-1].start, span.end)
    return tuple(kept)


def lines_outline(parsed: Parsed, note: str) -> Outline:
    """An outline by lines alone, for a text whose parser cannot be trusted with it."""
    units = _by_lines(parsed, structure_of(Parsed(parsed.text, "")))
    return Outline((), units, (), note, suppressions_of(parsed))


def _by_lines(parsed: Parsed, structure: Structure) -> tuple[Unit, ...]:
    lines = [number for number, kind in enumerate(structure.kinds) if kind != BLANK]
    if not lines:
        return ()
    whole = list(range(lines[0], lines[-1] + 1))
    rank = {
        number: _indent(parsed, number)
        for number in lines
        if number and structure.kinds[number - 1] == BLANK
    }
    return _units(parsed, structure, _Draft("", "module", whole), "", rank)


def _indent(parsed: Parsed, number: int) -> int:
    start = parsed.lines.line_span(number).start
    head = parsed.text[start : start + 80]
    return len(head) - len(head.lstrip())


@dataclass(frozen=True)
class _Draft:
    """A unit before it is cut: what it is called and which lines it shows."""

    path: str
    kind: str
    lines: Sequence[int]


def _by_symbols(parsed: Parsed, structure: Structure) -> tuple[Unit, ...]:
    owners = _owners(structure)
    shown: dict[int, list[int]] = {}
    for number, owner in enumerate(owners):
        shown.setdefault(owner, []).append(number)
    drafts: list[tuple[int, _Draft]] = []
    for owner, lines in shown.items():
        kept = _worth_showing(structure, lines)
        if kept:
            each = structure.definitions[owner] if owner != _MODULE else None
            path, kind = (each.path, each.kind) if each is not None else ("", "module")
            drafts.append((owner, _Draft(path, kind, kept)))
    drafts.sort(key=lambda draft: (draft[1].lines[0], draft[0]))
    long = any(len(draft.lines) > MAX_UNIT_LINES for _, draft in drafts)
    rank = borders_of(parsed) if long else {}
    surroundings = Surroundings(parsed, structure)
    units: list[Unit] = []
    for owner, draft in drafts:
        units += _units(parsed, structure, draft, surroundings.of(owner), rank)
    return tuple(units)


def _owners(structure: Structure) -> list[int]:
    """For every line the index of the definition in whose unit it is shown, or `_MODULE`."""
    owners = [_MODULE] * len(structure.kinds)
    definitions = structure.definitions
    home = [_MODULE] * len(definitions)
    """The unit in which each definition is shown: its own, or that of one around it."""
    for index, each in enumerate(definitions):
        around = home[each.parent] if each.parent >= 0 else _MODULE
        inside_function = around != _MODULE and definitions[around].kind != "class"
        tiny = structure.code_lines(each.first, each.last) <= TINY_LINES
        if inside_function or tiny:
            home[index] = around
            continue
        home[index] = index
        for number in range(each.first, each.last + 1):
            # Lines that an earlier sibling ends on stay with that sibling.
            if owners[number] == around:
                owners[number] = index
    _give_up_small_rests(structure, owners, home)
    return owners


def _give_up_small_rests(structure: Structure, owners: list[int], home: list[int]) -> None:
    """A class of which hardly more than its first line is left is shown by what is around it."""
    count = [0] * len(structure.definitions)
    for number, owner in enumerate(owners):
        if owner != _MODULE and structure.kinds[number] in {CODE, ATTACHED}:
            count[owner] += 1
    heir: dict[int, int] = {}
    for index, each in enumerate(structure.definitions):
        around = home[each.parent] if each.parent >= 0 else _MODULE
        if home[index] == index and count[index] <= TINY_LINES:
            heir[index] = heir.get(around, around)
    for number, owner in enumerate(owners):
        owners[number] = heir.get(owner, owner)


def _worth_showing(structure: Structure, lines: list[int]) -> list[int]:
    """The runs of lines that hold code, without the blank lines at their ends."""
    kept: list[int] = []
    for run in _runs(lines):
        if not any(structure.kinds[number] in {CODE, ATTACHED} for number in run):
            continue
        shown = [at for at, number in enumerate(run) if structure.kinds[number] != BLANK]
        kept += run[shown[0] : shown[-1] + 1]
    return kept


def _units(
    parsed: Parsed, structure: Structure, draft: _Draft, context: str, rank: dict[int, int]
) -> tuple[Unit, ...]:
    parts = cut(draft.lines, rank)
    parts = [part for part in parts if any(structure.kinds[number] != BLANK for number in part)]
    units = []
    for index, part in enumerate(parts, 1):
        path = f"{draft.path} [{index}/{len(parts)}]".strip() if len(parts) > 1 else draft.path
        pieces = tuple(_piece(parsed, run) for run in _runs(part))
        units.append(Unit(path, draft.kind, pieces, context))
    return tuple(units)


def _runs(lines: Iterable[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for number in lines:
        if runs and runs[-1][-1] + 1 == number:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def _piece(parsed: Parsed, run: Sequence[int]) -> Span:
    start = parsed.lines.full_line_span(run[0]).start
    return Span(start, parsed.lines.full_line_span(run[-1]).end)
