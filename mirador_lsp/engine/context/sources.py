"""Where context comes from: the file itself and, where there is one, the index of the workspace.

Each function gives candidates and judges nothing but how much each may matter. What stands in the
unit that is asked about is never a candidate: the model sees it anyway.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.outline import Outline, Symbol
from mirador_lsp.core.retrieval import Hit, Slice
from mirador_lsp.core.text import Span
from mirador_lsp.engine.context.compiler import (
    DEFINITION,
    OUTLINE,
    PREFERENCE,
    SIMILAR,
    SLICE,
    TALK,
    USER,
    Candidate,
    Place,
)
from mirador_lsp.engine.units import ShownUnit

_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_CALL = re.compile(r"(?:([\w$]+|\)|\])\s*(?:\.|->|::)\s*)?([A-Za-z_$][\w$]*)\s?\(")
_OWN = frozenset({"", "self", "this", "cls", "super", "Self"})
"""On these a method of the same class is called."""
_NO_CODE = re.compile(
    r'"""(?:.|\n)*?"""|'
    r"'''(?:.|\n)*?'''|/\*(?:.|\n)*?\*/"
    r'|"(?:[^"\\\n]|\\.)*"|'
    r"'(?:[^'\\\n]|\\.)*'|(?:#|//)[^\n]*"
)
"""Strings and comments, in the languages that have them like this."""
_PART = re.compile(r"^(.*) \[(\d+)/(\d+)\]$")
_SEARCHED = 300_000
"""Characters in which uses of a name are looked for."""
_MOST_NAMES = 24
_MOST_DEFINITIONS = 12
_MOST_USERS = 6
_MOST_LINES = 40
"""Of a definition; a longer one is shown by its beginning."""
_MOST_OUTLINE = 60
_MOST_SLICE = 30
_SHORTEST_NAME = 3
_KEYWORDS = frozenset(
    (
        *(
            "and",
            "assert",
            "async",
            "await",
            "break",
            "case",
            "catch",
            "class",
            "const",
            "continue",
        ),
        *("def", "default", "defer", "del", "elif", "else", "enum", "except", "export", "extends"),
        *("false", "finally", "for", "foreach", "from", "func", "function", "impl", "implements"),
        *(
            "import",
            "instanceof",
            "interface",
            "lambda",
            "let",
            "match",
            "mod",
            "mut",
            "new",
            "nil",
        ),
        *("none", "not", "null", "package", "pass", "private", "protected", "pub", "public"),
        *("raise", "return", "self", "static", "struct", "super", "switch", "this", "throw"),
        *("trait", "true", "try", "type", "typeof", "undefined", "use", "var", "void", "when"),
        *("where", "while", "with", "yield"),
    )
)


@dataclass(frozen=True)
class Names:
    """The names that a piece of code mentions, in the order in which it first does."""

    called: tuple[str, ...]
    others: tuple[str, ...]
    elsewhere: frozenset[str] = frozenset()
    """Of those that are called, the ones that are called on something else than `self`."""

    @property
    def all(self) -> tuple[str, ...]:
        """Those that are called first: what they do is what matters most."""
        return (*self.called, *self.others)


def names_in(code: str) -> Names:
    """What a piece of code mentions outside of strings and comments, by spelling alone."""
    bare = _NO_CODE.sub(" ", code)
    calls = [(on, name) for on, name in _CALL.findall(bare) if _telling(name)]
    called = dict.fromkeys(name for _, name in calls)
    others = dict.fromkeys(name for name in _NAME.findall(bare) if _telling(name))
    own = {name for on, name in calls if on in _OWN}
    return Names(
        called=tuple(called),
        others=tuple(name for name in others if name not in called),
        elsewhere=frozenset(called) - own,
    )


def wanted_names(shown: ShownUnit, outline: Outline) -> tuple[str, ...]:
    """Names that the unit mentions and its file does not define, for the index to look up."""
    own = {_last(symbol.path) for symbol in outline.symbols}
    return tuple(name for name in names_in(shown.code).all if name not in own)[:_MOST_NAMES]


def of_file(snapshot: Snapshot, outline: Outline, shown: ShownUnit) -> list[Candidate]:
    """What the file itself says: definitions the unit uses, who uses it, the outline."""
    elsewhere = [
        symbol
        for symbol in outline.symbols
        if not any(piece.overlaps(symbol.header) for piece in shown.unit.pieces)
    ]
    candidates = list(_definitions(snapshot, outline, shown, elsewhere))
    candidates += _users(snapshot, outline, shown)
    known = {line.strip().removesuffix(" …") for line in shown.unit.context.splitlines()}
    used = frozenset(names_in(shown.code).all)
    unused = [symbol for symbol in elsewhere if _last(symbol.path) not in used]
    headers = [_header(snapshot, symbol) for symbol in unused]
    skeleton = [header for header in headers if header[:100] not in known][:_MOST_OUTLINE]
    if skeleton:
        title = f"{snapshot.name}, signatures"
        text = "\n".join(skeleton)
        what = "the file"
        candidates.append(Candidate(OUTLINE, title, what, text, 0.3, snapshot.language))
    return candidates


def of_names(
    snapshot: Snapshot, outline: Outline, shown: ShownUnit, names: Sequence[str]
) -> list[Candidate]:
    """Definitions of names that a slice reaches, as far as the file has them elsewhere."""
    wanted = frozenset(names)
    found = of_file(snapshot, outline, shown)
    symbols = [each for each in found if each.source == DEFINITION]
    return [each for each in symbols if _last(each.what.strip("`")) in wanted]


def of_symbols(shown: ShownUnit, hits: Sequence[Hit], users: Sequence[Hit]) -> list[Candidate]:
    """Definitions and users of the unit that the index knows, the likeliest of each first."""
    name = _last(_PART.sub(r"\1", shown.unit.path)) or "the module"
    found = [
        _hit(DEFINITION, hit, 0.9 - 0.04 * rank, f"`{_last(hit.symbol) or hit.name}` in {hit.name}")
        for rank, hit in enumerate(hits[:_MOST_DEFINITIONS])
    ]
    found += [
        _hit(USER, hit, 0.8 - 0.06 * rank, f"`{name}` in {hit.symbol or 'module'} of {hit.name}")
        for rank, hit in enumerate(users[:_MOST_USERS])
    ]
    return found


def of_search(hits: Sequence[Hit]) -> list[Candidate]:
    """Similar code. Scores of a search are comparable among themselves only, so ranks count."""
    return [
        _hit(SIMILAR, hit, 0.5 - 0.05 * rank, f"{hit.symbol or 'module'} in {hit.name}")
        for rank, hit in enumerate(hits)
    ]


def of_talk(hits: Sequence[Hit]) -> list[Candidate]:
    """What was answered before."""
    return [
        Candidate(TALK, hit.symbol or hit.name, hit.symbol, hit.text, 0.5 - 0.05 * rank)
        for rank, hit in enumerate(hits)
    ]


def of_user(preferences: str) -> list[Candidate]:
    """What the user asks for in their own settings."""
    text = preferences.strip()
    where = "in the settings"
    return [Candidate(PREFERENCE, "your settings", where, text, 1.0)] if text else []


def of_slice(snapshot: Snapshot, shown: ShownUnit, found: Slice, symbol: str) -> list[Candidate]:
    """The lines of a slice that the unit does not show already, those apart by "…"."""
    index = snapshot.lines
    seen = {index.line_of(span.start) for span, _ in shown.lines}
    lines = [line for line in found.lines if line not in seen and line < len(index)]
    lines = lines[-_MOST_SLICE:]
    if not lines:
        return []
    text = _excerpt(snapshot, lines)
    what = f"`{symbol}`" if symbol else "the module"
    title = f"{snapshot.name}, {symbol or 'module'}, {len(lines)} lines"
    return [Candidate(SLICE, title, what, text, 1.0, snapshot.language)]


def part_of(shown: ShownUnit) -> str:
    """Path of the symbol that the unit is a part of, where it is a later part; else ""."""
    match = _PART.match(shown.unit.path)
    return match[1] if match is not None and match[2] != "1" else ""


def guess_slice(snapshot: Snapshot, outline: Outline, place: Span) -> Slice:
    """A slice by names alone, for where nobody can tell better: the lines of the innermost symbol
    that mention a name of the place's own lines, and those that mention a name of theirs.
    """
    index = snapshot.lines
    own = range(index.line_of(place.start), index.line_of(max(place.end - 1, place.start)) + 1)
    symbol = outline.innermost(place.start)
    span = symbol.span if symbol is not None else Span(0, len(snapshot.text))
    within = range(index.line_of(span.start), index.line_of(max(span.end - 1, span.start)) + 1)
    mentions = {line: set(names_in(index.line_text(line)).all) for line in within}
    names = {name for line in own for name in mentions.get(line, ())}
    reached = set(own)
    for _ in range(2):
        reached |= {line for line, said in mentions.items() if said & names and line <= own[-1]}
        names = {name for line in reached for name in mentions.get(line, ())}
    kept = sorted(reached)[-2 * _MOST_SLICE :]
    return Slice(tuple(kept), tuple(sorted(names)), complete=False)


def _definitions(
    snapshot: Snapshot, outline: Outline, shown: ShownUnit, elsewhere: Sequence[Symbol]
) -> Iterator[Candidate]:
    names = names_in(shown.code)
    rank = {name: number for number, name in enumerate(names.all)}
    called = frozenset(names.called)
    home = _outer(shown.unit.path)
    used = [symbol for symbol in elsewhere if _last(symbol.path) in rank]
    used.sort(key=lambda symbol: rank[_last(symbol.path)])
    for number, symbol in enumerate(used[:_MOST_DEFINITIONS]):
        name = _last(symbol.path)
        outer = _outer(symbol.path)
        score = 1.0 if name in called else 0.7
        if outer and (outer != home or name in names.elsewhere):
            score *= 0.6  # a method of the same name may be another one
        what = f"`{symbol.path}`"
        yield _symbol(snapshot, outline, symbol, DEFINITION, what, score - 0.01 * number)


def _users(snapshot: Snapshot, outline: Outline, shown: ShownUnit) -> Iterator[Candidate]:
    name = _last(_PART.sub(r"\1", shown.unit.path))
    if not _telling(name):
        return
    index = snapshot.lines
    lines: dict[str, list[int]] = {}
    for match in re.finditer(rf"\b{re.escape(name)}\s?\(", snapshot.text[:_SEARCHED]):
        if any(p.start <= match.start() < p.end for p in shown.unit.pieces):
            continue
        user = outline.innermost(match.start())
        if user is None or match.start() < user.header.end:  # the definition itself, as a rule
            continue
        lines.setdefault(user.path, []).append(index.line_of(match.start()))
    symbols = {symbol.path: symbol for symbol in outline.symbols}
    for number, (path, used) in enumerate(list(lines.items())[:_MOST_USERS]):
        span = symbols[path].span
        first, last = index.line_of(span.start), index.line_of(max(span.end - 1, span.start))
        head = index.line_of(symbols[path].header.start)
        # The lines of the use alone: what stands around it is edited more often.
        shown_lines = {head, *used[:3]}
        yield Candidate(
            source=USER,
            title=f"{snapshot.name}, {path}, lines {first + 1} to {last + 1}",
            what=f"`{name}` in {path}",
            text=_excerpt(snapshot, sorted(shown_lines)),
            score=0.7 - 0.05 * number,
            language=snapshot.language,
            place=Place("", first, last),
        )


def _symbol(
    snapshot: Snapshot, outline: Outline, symbol: Symbol, source: str, what: str, score: float
) -> Candidate:
    index = snapshot.lines
    first = index.line_of(symbol.span.start)
    last = index.line_of(max(symbol.span.end - 1, symbol.span.start))
    header = _header(snapshot, symbol)
    if symbol.kind == "class":
        # A class by what it offers: its bodies are long, and each is a unit of its own.
        members = [s for s in outline.symbols if s is not symbol and symbol.span.contains(s.span)]
        text = "\n".join([header, *(f"    {_header(snapshot, s)}" for s in members[:12])])
    else:
        text = _excerpt(snapshot, range(first, min(last, first + _MOST_LINES) + 1))
    return Candidate(
        source=source,
        title=f"{snapshot.name}, {symbol.kind} {symbol.path}, lines {first + 1} to {last + 1}",
        what=what,
        text=text,
        score=max(score, 0.0),
        language=snapshot.language,
        shorter=header if header != text else "",
        place=Place("", first, last),
    )


def _hit(source: str, hit: Hit, score: float, what: str) -> Candidate:
    lines = hit.text.strip("\n").split("\n")
    margin = _margin(lines)
    shown = [line[margin:] for line in lines[:_MOST_LINES]]
    return Candidate(
        source=source,
        title=f"{hit.name}, {hit.symbol or hit.kind}, lines {hit.first + 1} to {hit.last + 1}",
        what=what,
        text="\n".join(shown),
        score=max(score, 0.0),
        language=hit.language,
        shorter=shown[0] if len(shown) > 2 else "",
        place=Place(hit.name, hit.first, hit.last),
    )


def _excerpt(snapshot: Snapshot, lines: Iterable[int]) -> str:
    """Lines of the file in their order, with "…" where some are left out."""
    index = snapshot.lines
    numbers = list(lines)
    texts = [index.line_text(number) for number in numbers]
    margin = _margin(texts)
    shown: list[str] = []
    for position, (number, text) in enumerate(zip(numbers, texts, strict=True)):
        if position and number > numbers[position - 1] + 1:
            shown.append("…")
        shown.append(text[margin:])
    return "\n".join(shown)


def _margin(lines: Sequence[str]) -> int:
    return min((len(t) - len(t.lstrip(" \t")) for t in lines if t.strip()), default=0)


def _header(snapshot: Snapshot, symbol: Symbol) -> str:
    text = snapshot.text[symbol.header.start : min(symbol.header.end, symbol.header.start + 400)]
    return " ".join(text.split())


def _last(path: str) -> str:
    return re.split(r"[.:]+", path)[-1]


def _outer(path: str) -> str:
    return path.rpartition(".")[0]


def _telling(name: str) -> bool:
    return len(name) >= _SHORTEST_NAME and name.lower() not in _KEYWORDS
