"""How each language lays out what a doc comment says: its tags, sections and their order."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from xml.sax.saxutils import escape

from mirador_lsp.core.clean import plain

_LONGEST_WORDS = 600
_SENTENCES = re.compile(r"(?<=[^.\s]{3}[.!?])\s+(?=[A-Z`])")
_FILLER = re.compile(
    r"^(?:this|the)\s+(?:\w+\s+)?(?:function|method|class|code|script|struct|type|constructor)\s+"
    r"(?:is used to\s+|is responsible for\s+|will\s+)?",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Documentation:
    """What is to be said of a definition, in plain sentences."""

    name: str
    """Of the definition, without its path."""
    summary: str
    parameters: tuple[tuple[str, str], ...] = ()
    """Name and meaning."""
    returns: str = ""
    errors: tuple[tuple[str, str], ...] = ()
    """Name of the error and when it is raised."""


@dataclass(frozen=True)
class Piece:
    """A paragraph: how its first line begins, how the others do, and its words."""

    words: str
    lead: str = ""
    hang: str = ""


def sentence(words: str) -> str:
    """A model's words as one or more sentences on one line: no markup, no filler, a full stop."""
    line = plain(words, _LONGEST_WORDS).strip(" \t*_-\"'")
    line = _FILLER.sub("", line)
    line = re.sub(r"(?<!\w)@(?=\w)", "", line).lstrip("+@ ")
    if not any(char.isalnum() for char in line):
        return ""
    line = line[:1].upper() + line[1:] if _is_word(line) else line
    return line if line.endswith((".", "!", "?", "…", ":")) else f"{line}."


def _opening(summary: str) -> Iterator[Piece]:
    """The first sentence as a paragraph, for tools show it alone, then the others."""
    first, *others = _SENTENCES.split(summary, maxsplit=1)
    yield Piece(first)
    for rest in others:
        yield from (Piece(""), Piece(rest))


def _is_word(line: str) -> bool:
    """Whether a line begins with an ordinary word, and not with a name of the code."""
    first = line.split(" ", 1)[0]
    return first.isalpha() and first.islower()


def _lower(words: str) -> str:
    """The words as they go on in a sentence."""
    first = words.split(" ", 1)[0]
    ordinary = first[1:].islower() or first in {"A", "I"}
    return words[:1].lower() + words[1:] if ordinary and first != "I" else words


def _given(words: str) -> str:
    """What is returned, without the verb."""
    return re.sub(r"^(?:it\s+)?returns?:?\s+", "", words, flags=re.IGNORECASE)


def python_layout(doc: Documentation, style: str) -> Iterator[Piece]:
    """A docstring in the style "google", "numpy", "sphinx" or "plain"."""
    yield from _opening(doc.summary)
    if style == "google":
        yield from _sections(doc, ("Args:", "Returns:", "Raises:"))
    elif style == "numpy":
        yield from _numpy(doc)
    elif style == "sphinx":
        if doc.parameters or doc.returns or doc.errors:
            yield Piece("")
        yield from (Piece(words, f":param {name}: ", "    ") for name, words in doc.parameters)
        if doc.returns:
            yield Piece(doc.returns, ":returns: ", "    ")
        yield from (Piece(words, f":raises {name}: ", "    ") for name, words in doc.errors)
    else:
        yield from _plain(doc, "`{}`: ")


def _sections(doc: Documentation, titles: tuple[str, str, str]) -> Iterator[Piece]:
    for title, rows in zip(
        titles,
        (doc.parameters, (("", doc.returns),) if doc.returns else (), doc.errors),
        strict=True,
    ):
        if rows:
            yield Piece("")
            yield Piece("", title)
        for name, words in rows:
            yield Piece(words, f"    {name}: " if name else "    ", "        " if name else "    ")


def _numpy(doc: Documentation) -> Iterator[Piece]:
    rows = (("", doc.returns),) if doc.returns else ()
    for title, named in (("Parameters", doc.parameters), ("Returns", rows), ("Raises", doc.errors)):
        if named:
            yield Piece("")
            yield Piece("", title)
            yield Piece("", "-" * len(title))
        for name, words in named:
            if name:
                yield Piece("", name)
            yield Piece(words, "    ", "    ")


def _plain(doc: Documentation, form: str) -> Iterator[Piece]:
    """In sentences, for what has no tags."""
    if doc.parameters or doc.returns or doc.errors:
        yield Piece("")
    yield from (Piece(words, form.format(name), "    ") for name, words in doc.parameters)
    if doc.returns:
        yield Piece(f"Returns {_lower(_given(doc.returns))}")
    yield from (Piece(f"Raises `{name}` {_when(words)}") for name, words in doc.errors)


def _when(words: str) -> str:
    lowered = _lower(words)
    return lowered if lowered.startswith(("if ", "when ", "on ", "for ")) else f"when {lowered}"


def _tags(doc: Documentation, param: str, returns: str, error: str) -> Iterator[Piece]:
    yield from _opening(doc.summary)
    if doc.parameters or doc.returns or doc.errors:
        yield Piece("")
    for name, words in doc.parameters:
        yield Piece(words, param.format(name), "  ")
    if doc.returns:
        yield Piece(_given(doc.returns), returns, "  ")
    for name, words in doc.errors:
        yield Piece(words, error.format(name), "  ")


def _jsdoc(doc: Documentation) -> Iterator[Piece]:
    return _tags(doc, "@param {} - ", "@returns ", "@throws {{{}}} ")


def _javadoc(doc: Documentation) -> Iterator[Piece]:
    # Javadoc is HTML.
    return _tags(_escaped(doc), "@param {} ", "@return ", "@throws {} ")


def _doxygen(doc: Documentation) -> Iterator[Piece]:
    return _tags(doc, "@param {} ", "@return ", "@throws {} ")


def _yard(doc: Documentation) -> Iterator[Piece]:
    return _tags(doc, "@param {} ", "@return ", "@raise [{}] ")


def _phpdoc(doc: Documentation) -> Iterator[Piece]:
    # The first word after `@return` is read as a type, which a sentence has not.
    summary = doc.summary
    if doc.returns:
        summary = f"{summary} Returns {_lower(_given(doc.returns))}"
    bare = Documentation(doc.name, summary, doc.parameters, "", doc.errors)
    return _tags(bare, "@param {} ", "", "@throws {} ")


def _rustdoc(doc: Documentation) -> Iterator[Piece]:
    yield from _opening(doc.summary)
    if doc.parameters:
        yield from (Piece(""), Piece("", "# Arguments"), Piece(""))
    yield from (Piece(words, f"* `{name}` - ", "  ") for name, words in doc.parameters)
    if doc.returns:
        yield from (Piece(""), Piece(f"Returns {_lower(_given(doc.returns))}"))


def _xml(doc: Documentation) -> Iterator[Piece]:
    safe = _escaped(doc)
    yield from (Piece("", "<summary>"), Piece(safe.summary), Piece("", "</summary>"))
    for name, words in safe.parameters:
        yield Piece(f'<param name="{name}">{words}</param>')
    if safe.returns:
        yield Piece(f"<returns>{_given(safe.returns)}</returns>")
    for name, words in safe.errors:
        yield Piece(f'<exception cref="{name}">{words}</exception>')


def _godoc(doc: Documentation) -> Iterator[Piece]:
    yield from _opening(_beginning_with(doc.name, doc.summary))
    if doc.parameters:
        yield from (Piece(""), Piece("", "Parameters:"))
    yield from (Piece(words, f"  - {name}: ", "    ") for name, words in doc.parameters)
    if doc.returns:
        yield from (Piece(""), Piece(f"It returns {_lower(_given(doc.returns))}"))


def _shelldoc(doc: Documentation) -> Iterator[Piece]:
    yield Piece(doc.summary)
    if doc.parameters:
        yield Piece("", "Arguments:")
    yield from (Piece(words, f"  {name} - ", "       ") for name, words in doc.parameters)


def _beginning_with(name: str, summary: str) -> str:
    """A sentence whose subject is the definition, as Go wants it."""
    first, _, rest = summary.partition(" ")
    if first.strip("`") == name:
        return f"{name} {rest}"
    word = first.lower()
    if word in {"a", "an", "the"}:
        return f"{name} is {word} {rest}"
    return f"{name} {_third_person(word) if word.isalpha() else first} {rest}"


def _third_person(verb: str) -> str:
    if verb.endswith("s") and not verb.endswith("ss"):
        return verb
    if verb.endswith(("ss", "sh", "ch", "x", "z")):
        return f"{verb}es"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return f"{verb[:-1]}ies"
    return f"{verb}s"


def _escaped(doc: Documentation) -> Documentation:
    return Documentation(
        doc.name,
        escape(doc.summary),
        tuple((name, escape(words)) for name, words in doc.parameters),
        escape(doc.returns),
        tuple((name, escape(words)) for name, words in doc.errors),
    )


LAYOUTS: Mapping[str, Callable[[Documentation], Iterator[Piece]]] = MappingProxyType(
    {
        "javascript": _jsdoc,
        "typescript": _jsdoc,
        "tsx": _jsdoc,
        "java": _javadoc,
        "c": _doxygen,
        "cpp": _doxygen,
        "php": _phpdoc,
        "rust": _rustdoc,
        "csharp": _xml,
        "go": _godoc,
        "ruby": _yard,
        "bash": _shelldoc,
    }
)
"""For every language that documents above a definition."""
