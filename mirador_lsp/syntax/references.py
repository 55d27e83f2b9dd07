"""What a text defines, with what calls have to give, and what it names, with what calls give.

Arguments and parameters are counted where the grammar tells them apart without doubt; elsewhere
nothing is said of them.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import AnalyzerError
from mirador_lsp.core.references import Defined, Named, Parameters, References
from mirador_lsp.core.retrieval import MentionKind
from mirador_lsp.core.text import Span, utf8
from mirador_lsp.syntax.names import Name, names_in
from mirador_lsp.syntax.parser import Parsed
from mirador_lsp.syntax.structure import Definition, structure_of

if TYPE_CHECKING:
    import tree_sitter

_TextOf = Callable[["tree_sitter.Node"], str]

MAX_REFERENCES = 20_000
"""Names of one text that are told."""
_KINDS: Mapping[str, MentionKind] = MappingProxyType(
    {
        "import": MentionKind.IMPORTS,
        "call": MentionKind.CALLS,
        "type": MentionKind.USES,
        "member": MentionKind.USES,
        "read": MentionKind.USES,
    }
)
_COUNTED = frozenset(("python", "typescript", "tsx", "go", "java", "php"))
"""Languages in which a call with another number of arguments does not work."""
_LEVELS = 6
_SPREAD = frozenset(
    ("list_splat", "dictionary_splat", "spread_element", "variadic_argument", "variadic_unpacking")
)
_REST = frozenset(
    (
        *("list_splat_pattern", "variadic_parameter_declaration", "spread_parameter"),
        *("variadic_parameter", "rest_pattern"),
    )
)
_OPTIONAL = frozenset(("default_parameter", "typed_default_parameter", "optional_parameter"))
_OWN = frozenset(("self", "cls"))
_HARMLESS = frozenset(("staticmethod", "classmethod", "abstractmethod", "override", "cache"))
"""Decorators that leave the parameters as they are."""


def references_in(parsed: Parsed) -> References:
    """The references of a text. Never raises for what it holds."""
    if parsed.tree is None:
        return References((), (), parsed.note or "it was not parsed")
    try:
        structure = structure_of(parsed)
        found = names_in(parsed)
    except AnalyzerError as error:
        return References((), (), str(error))
    reader = _Reader(parsed, parsed.tree.root_node)
    defined = tuple(reader.defined(each) for each in structure.definitions)
    names = [name for name in found.names if name.role in _KINDS]
    named = tuple(reader.named(name) for name in names[:MAX_REFERENCES])
    whole = found.complete and structure.complete and len(names) <= MAX_REFERENCES
    return References(defined, named, "" if whole else "there are too many names to tell them all")


class _Reader:
    """Looks at the tree of one text."""

    def __init__(self, parsed: Parsed, root: "tree_sitter.Node") -> None:
        self._parsed = parsed
        self._root = root
        self._data = utf8(parsed.text)
        self._ascii = self._data.isascii()
        self._counts = parsed.language in _COUNTED

    def defined(self, each: Definition) -> Defined:
        """A definition with its parameters."""
        parameters = self._parameters(each) if self._counts and each.kind != "class" else None
        return Defined(each.path, each.kind, each.span, each.header, parameters)

    def named(self, name: Name) -> Named:
        """A name with its arguments, where it is called."""
        kind = _KINDS[name.role]
        places = self._parsed.places
        span = Span(places.offset(name.start), places.offset(name.end))
        text = plain(name.text.lstrip("$") or name.text)
        if kind is MentionKind.IMPORTS:
            return Named(text, kind, span, plain(name.module), plain(name.alias))
        if kind is not MentionKind.CALLS or not self._counts:
            return Named(text, kind, span, plain(name.on))
        positional, by_name = self._arguments(name)
        return Named(text, kind, span, plain(name.on), "", positional, by_name)

    def _byte(self, offset: int) -> int:
        return offset if self._ascii else len(utf8(self._parsed.text[:offset]))

    def _parameters(self, each: Definition) -> Parameters | None:
        at = self._byte(each.header.end)
        node = self._root.descendant_for_byte_range(max(at - 1, 0), max(at - 1, 0))
        start = self._byte(each.header.start)
        for _ in range(_LEVELS):
            if node is None or (node.start_byte < start and node.parent is None):
                return None
            listed = node.child_by_field_name("parameters")
            if listed is not None and listed.start_byte >= start:
                if self._is_decorated(node):
                    return None
                return _counted(self._parsed.language, self._text, listed, each.kind)
            node = node.parent
        return None

    def _is_decorated(self, node: "tree_sitter.Node") -> bool:
        """Whether something around a Python definition may have changed what calls have to give."""
        around = node.parent
        if around is None or around.type != "decorated_definition":
            return False
        words = (self._text(each) for each in around.children if each.type == "decorator")
        return any(word.lstrip("@").rpartition(".")[2] not in _HARMLESS for word in words)

    def _arguments(self, name: Name) -> tuple[int | None, tuple[str, ...]]:
        node = self._root.descendant_for_byte_range(name.start, name.end)
        for _ in range(_LEVELS):
            if node is None:
                return None, ()
            listed = node.child_by_field_name("arguments")
            if listed is not None and listed.start_byte >= name.end:
                return self._given(listed)
            node = node.parent
        return None, ()

    def _given(self, listed: "tree_sitter.Node") -> tuple[int | None, tuple[str, ...]]:
        positional = 0
        names: list[str] = []
        for child in listed.named_children:
            inner = child.named_children[0] if child.named_children else None
            if child.type == "comment":
                continue
            if child.type in _SPREAD or (inner is not None and inner.type in _SPREAD):
                return None, ()
            if child.type not in ("keyword_argument", "argument"):
                positional += 1
                continue
            label = child.child_by_field_name("name")
            if label is None:
                positional += 1
            else:
                names.append(self._text(label))
        if listed.type not in ("argument_list", "arguments") or listed.has_error:
            return None, ()
        return positional, tuple(names)

    def _text(self, node: "tree_sitter.Node") -> str:
        return plain(self._data[node.start_byte : node.end_byte].decode("utf-8", "replace"), 120)


def _counted(
    language: str, text: _TextOf, listed: "tree_sitter.Node", kind: str
) -> Parameters | None:
    if listed.has_error:
        return None
    if language == "python":
        return _of_python(text, listed, kind)
    names: list[str] = []
    least = 0
    more = False
    for child in listed.named_children:
        if child.type in ("comment", "receiver_parameter", "self_parameter"):
            continue
        if child.type in _REST or any(each.type in _REST for each in child.named_children):
            more = True
            continue
        count = 1
        if language == "go":
            count = max(1, len(child.children_by_field_name("name")))
        has_default = child.type in _OPTIONAL or any(
            child.child_by_field_name(field) is not None for field in ("value", "default_value")
        )
        names += [text(child)] * count
        least += 0 if has_default else count
    return Parameters(tuple(names), least, more, any_name=language == "php")


def _of_python(text: _TextOf, listed: "tree_sitter.Node", kind: str) -> Parameters:
    by_place: list[tuple[str, bool]] = []
    by_name: list[tuple[str, bool]] = []
    more = any_name = keywords = False
    places_only = 0
    for child in listed.named_children:
        inner = child.named_children[0] if child.named_children else child
        if child.type == "positional_separator":
            places_only = len(by_place)
        elif child.type == "keyword_separator":
            keywords = True
        elif "list_splat_pattern" in (child.type, inner.type):
            more = keywords = True
        elif "dictionary_splat_pattern" in (child.type, inner.type):
            any_name = True
        elif child.type != "comment":
            label = child.child_by_field_name("name") or (
                inner if child.type == "typed_parameter" else child
            )
            (by_name if keywords else by_place).append((text(label), child.type in _OPTIONAL))
    if kind == "method" and by_place and by_place[0][0] in _OWN:
        by_place.pop(0)
        places_only = max(0, places_only - 1)
    return Parameters(
        names=tuple(name for name, _ in by_place),
        least=sum(not has_default for _, has_default in by_place),
        more=more,
        by_name=tuple(name for name, _ in by_name),
        wanted=tuple(name for name, has_default in by_name if not has_default),
        any_name=any_name,
        places_only=places_only,
    )
