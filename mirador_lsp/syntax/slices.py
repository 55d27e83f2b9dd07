"""The lines of a symbol that decide what happens at a place in it.

Backwards: the statements that give the place's names their values, theirs in turn, the conditions
and loops around all of them, and what may leave the symbol before the place is reached. Forwards:
the statements that use what the place computes. Told by names, without types: a method that is
called for its effect counts as a change of what it is called on.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from mirador_lsp.core.errors import AnalyzerError
from mirador_lsp.core.retrieval import Slice
from mirador_lsp.core.text import Span, utf8
from mirador_lsp.syntax.built_in import built_in
from mirador_lsp.syntax.names import UNCLEAR, Name, knows_names, names_in
from mirador_lsp.syntax.parser import Parsed
from mirador_lsp.syntax.similar_lines import lines_by_words
from mirador_lsp.syntax.statements import Statements, statements_in
from mirador_lsp.syntax.structure import structure_of

MAX_LINES = 200
"""Lines that a slice may have."""
MAX_OUTSIDE = 48
"""Names from outside that are told."""

_MOST_STEPS = 100_000
_MOST_NAMES = 20_000
_ENDS = frozenset(("end", "fi", "done", "esac"))
_OWN = frozenset(("self", "this", "cls", "$this", "super", "static"))
_GIVES = frozenset(("bind", "define", "update", "alias"))
_READS = frozenset(("read", "type", "call", "update", "touch"))
_EFFECTS = frozenset(("expression_statement", "call", "call_expression", "macro_invocation"))


def slice_at(parsed: Parsed, place: Span) -> Slice:
    """The slice of the innermost symbol around `place`, or of the module.

    A place outside the text is moved into it. Where the text has no tree, or makes too little sense
    to be searched, the lines near the place that share its words are given, as not complete. Never
    raises for what the text holds.
    """
    end = len(parsed.text)
    place = Span(min(place.start, end), min(place.end, end))
    first = parsed.lines.line_of(place.start)
    last = parsed.lines.line_of(max(place.start, place.end - 1))
    if parsed.tree is None or not knows_names(parsed.language):
        return lines_by_words(parsed, first, last)
    try:
        bytes_of = _symbol(parsed, place)
        found = names_in(parsed, bytes_of, most=_MOST_NAMES)
    except AnalyzerError:
        return lines_by_words(parsed, first, last)
    statements = statements_in(parsed, *bytes_of)
    facts = _Facts(parsed.language, statements, found.names)
    sliced = _Slicing(statements, facts).at(first, last)
    lines = _worth_showing(parsed, sliced.lines, first, last)
    whole = statements.complete and found.complete and sliced.complete
    sound = not any(span.overlaps(place) for span in parsed.broken)
    names = _outside(parsed.language, facts, sliced.kept)
    return Slice(lines, names, complete=whole and sound)


def _symbol(parsed: Parsed, place: Span) -> tuple[int, int]:
    """The bytes of the innermost symbol around `place`."""
    inner = [
        each
        for each in structure_of(parsed).definitions
        if each.span.start <= place.start < each.span.end
    ]
    if not inner:
        return 0, len(utf8(parsed.text))
    each = max(inner, key=lambda one: one.span.start)
    start = len(utf8(parsed.text[: each.code]))
    return start, start + len(utf8(parsed.text[each.code : each.span.end]))


class _Facts:
    """Which statement gives which names a value, and which it reads."""

    def __init__(self, language: str, statements: Statements, names: Iterable[Name]) -> None:
        self.reads: dict[int, list[str]] = {}
        """Statement → names, a member of the object itself with it: "self.total"."""
        self.gives: dict[str, list[tuple[int, bool]]] = {}
        """Name → statements that give it a value, and whether nothing of the old one stays."""
        self.given: dict[int, set[str]] = {}
        """Statement → names that it gives a value."""
        self.outer: dict[int, list[Name]] = {}
        """Statement → its names in order, for what is told of them."""
        self._statements = statements
        self._language = language
        for name in names:
            self._take(statements.at(name.start), name)
        for given in self.gives.values():
            given.sort()

    def _take(self, index: int, name: Name) -> None:
        if name.role == "import":
            self._give(index, name.alias or name.text, whole=True)
        elif name.role != "skip":
            self.outer.setdefault(index, []).append(name)
            self._take_given(index, name)
            if name.role in _READS and not name.on:
                self._read(index, name.text)
            elif name.role == "member" and name.on.split(".", 1)[0] in _OWN:
                self._read(index, f"{name.on}.{name.text}")

    def _take_given(self, index: int, name: Name) -> None:
        base = name.on.split(".", 1)[0]
        changed = ""
        if name.role == "touch":
            changed = name.text
        elif name.role in _GIVES and not name.on:
            self._give(index, name.text, whole=True)
        elif name.role == "set":
            self._give(index, f"{name.on}.{name.text}", whole=True)
            changed = base
        elif name.role == "call" and name.on and self._for_effect(index, name):
            self._give(index, name.on, whole=False)
            changed = base
        if changed and changed not in _OWN and changed != UNCLEAR:
            self._give(index, changed, whole=False)

    def _for_effect(self, index: int, call: Name) -> bool:
        """Whether a statement is nothing but this call of a method: `items.append(x)`."""
        each = self._statements.all[index]
        if call.on == UNCLEAR or not any(each.kind.startswith(kind) for kind in _EFFECTS):
            return False
        return call.start - each.start <= 2 * len(utf8(call.on)) + 2

    def _give(self, index: int, name: str, *, whole: bool) -> None:
        self.gives.setdefault(name, []).append((index, whole))
        self.given.setdefault(index, set()).add(name)

    def _read(self, index: int, name: str) -> None:
        names = self.reads.setdefault(index, [])
        if name not in names:
            names.append(name)


@dataclass
class _Sliced:
    """What was found, in the order of its weight."""

    kept: dict[int, None] = field(default_factory=dict)
    """Statements whose own lines are shown."""
    lines: dict[int, None] = field(default_factory=dict)
    complete: bool = True


class _Slicing:
    """One slice of one symbol."""

    def __init__(self, statements: Statements, facts: _Facts) -> None:
        self._statements = statements
        self._facts = facts
        self._steps = 0

    def at(self, first: int, last: int) -> _Sliced:
        """The slice at the lines first…last."""
        sliced = _Sliced()
        seeds = [
            index
            for index, each in enumerate(self._statements.all)
            if each.first <= last
            and each.last >= first
            and any(first <= line <= last for line in self._statements.own_lines(index))
        ]
        for index in seeds:
            self._keep(sliced, index)
        for index in self._backwards(seeds):
            self._keep(sliced, index)
        for guard in self._guards(list(sliced.kept)):
            self._keep(sliced, guard)
        for index in self._forwards(seeds):
            self._keep(sliced, index)
        sliced.complete = sliced.complete and self._steps <= _MOST_STEPS
        return sliced

    def _keep(self, sliced: _Sliced, index: int) -> None:
        for at in (index, *self._statements.around(index)):
            if at in sliced.kept:
                continue
            sliced.kept[at] = None
            for line in self._statements.own_lines(at):
                if len(sliced.lines) >= MAX_LINES:
                    sliced.complete = False
                    return
                sliced.lines[line] = None

    def _backwards(self, seeds: list[int]) -> Iterator[int]:
        """The statements on which the values at the seeds depend, the nearest first."""
        todo = deque(seeds)
        done = set(seeds)
        while todo and self._steps <= _MOST_STEPS:
            index = todo.popleft()
            causes = list(self._statements.around(index))
            for name in self._facts.reads.get(index, ()):
                causes += self._reaching(index, name)
            for cause in causes:
                if cause not in done:
                    done.add(cause)
                    todo.append(cause)
                    yield cause

    def _reaching(self, index: int, name: str) -> Iterator[int]:
        """The statements whose value of `name` may be the one that `index` reads."""
        places = self._facts.gives.get(name, ())
        around = set(self._statements.around(index))
        self._steps += len(around)
        for at, whole in reversed(places):
            self._steps += 1
            if at >= index or self._steps > _MOST_STEPS:
                continue
            yield at
            each = self._statements.all[at]
            if whole and not each.branch and (each.parent in around or each.parent < 0):
                break
        loops = [at for at in (index, *around) if self._statements.all[at].loops]
        if loops:
            end = max(self._statements.all[at].end for at in loops)
            for at, _ in places:
                self._steps += 1
                if at >= index and self._statements.all[at].start < end:
                    yield at

    def _guards(self, kept: list[int]) -> Iterator[int]:
        """What stands before the statements that are kept and may keep them from being reached."""
        reached: dict[int, int] = {}
        """Statement → the last of those in it that is kept."""
        for index in kept:
            parent = self._statements.all[index].parent
            reached[parent] = max(index, reached.get(parent, index))
        for parent, last in reached.items():
            if parent >= 0:
                for sibling in self._statements.all[parent].inner:
                    if sibling < last and self._statements.all[sibling].jumps:
                        yield from self._jumps_in(sibling)

    def _jumps_in(self, top: int) -> Iterator[int]:
        """The innermost statements of one that may leave what is around them."""
        todo = [top]
        while todo:
            index = todo.pop()
            each = self._statements.all[index]
            self._steps += 1
            if not each.jumps or self._steps > _MOST_STEPS:
                continue
            inner = [at for at in each.inner if self._statements.all[at].jumps]
            if inner:
                todo += inner
            else:
                yield index

    def _forwards(self, seeds: list[int]) -> Iterator[int]:
        """The statements that read what the seeds compute."""
        given = {name for seed in seeds if seed for name in self._facts.given.get(seed, ())}
        if not given:
            return
        wanted = set(seeds)
        for index in range(len(self._statements.all)):
            if self._steps > _MOST_STEPS:
                return
            for name in self._facts.reads.get(index, ()):
                if name in given and wanted.intersection(self._reaching(index, name)):
                    yield index


def _worth_showing(parsed: Parsed, lines: Iterable[int], first: int, last: int) -> tuple[int, ...]:
    """The lines that hold a word, and those of the place, in the order of the text."""

    def says_something(line: int) -> bool:
        span = parsed.lines.line_span(line)
        shown = parsed.text[span.start : min(span.end, span.start + 500)]
        return any(char.isalnum() for char in shown) and shown.strip() not in _ENDS

    place = range(first, min(last, first + MAX_LINES) + 1)
    return tuple(sorted({*place, *(line for line in lines if says_something(line))}))


def _outside(language: str, facts: _Facts, kept: Iterable[int]) -> tuple[str, ...]:
    """Names in the slice that the symbol gives no value, those at the place first."""
    known = built_in(language)
    found: dict[str, None] = {}
    for index in kept:
        for name in facts.outer.get(index, ()):
            if name.role not in {"call", "read", "type", "touch"}:
                continue
            local = not name.on and any(at or index for at, _ in facts.gives.get(name.text, ()))
            text = name.text.lstrip("$")
            if not local and text and text not in known and text not in _OWN:
                found.setdefault(text)
            if len(found) >= MAX_OUTSIDE:
                return tuple(found)
    return tuple(found)
