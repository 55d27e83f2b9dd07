"""Elements that are written as markup: JSX."""

import html
from typing import TYPE_CHECKING

from mirador_lsp.syntax.expressions import (
    Argument,
    Call,
    Constant,
    Entry,
    Expression,
    Mapping,
    Name,
    Opaque,
    Sequence,
    Spread,
)
from mirador_lsp.syntax.lowering.javascript_patterns import JavaScriptPatterns
from mirador_lsp.syntax.lowering.reading import field, fields, named

if TYPE_CHECKING:
    import tree_sitter

ELEMENT = "<element>"
"""The function that makes an element of the page: its tag first, then its attributes by name, then
what is in it. No variable can have a name like that."""
_TEXTS = frozenset({"jsx_text", "html_character_reference"})
_ELEMENTS = frozenset({"jsx_element", "jsx_self_closing_element", "jsx_fragment"})


class JavaScriptElements(JavaScriptPatterns):
    """Makes calls of elements: a component of the program is called with an object of its
    attributes, what is in it as "children"; any other is an `ELEMENT`.
    """

    def _of_jsx_element(self, node: "tree_sitter.Node") -> Expression:
        opening = field(node, "open_tag")
        return self._element(node, opening if opening is not None else node, self._children(node))

    def _of_jsx_self_closing_element(self, node: "tree_sitter.Node") -> Expression:
        return self._element(node, node, [])

    def _of_jsx_fragment(self, node: "tree_sitter.Node") -> Expression:
        return self._element(node, node, self._children(node))

    def _element(
        self, node: "tree_sitter.Node", opening: "tree_sitter.Node", children: list[Argument]
    ) -> Expression:
        span, name = self.span(node), field(opening, "name")
        called = self.text(name) if name is not None else ""
        given = [self._attribute(each) for each in fields(opening, "attribute")]
        own = called[:1].isupper() or "." in called
        if name is None or not own:
            tag = Argument(Constant(self.span(name if name is not None else opening), called))
            made = Name(self.span(opening), ELEMENT)
            return Call(span, made, (tag, *given, *children))
        entries = [
            Entry(None if each.spread else Constant(each.value.span, each.name), each.value)
            for each in given
        ]
        if children:
            inner = children[0].value
            if len(children) > 1 or children[0].spread:
                inner = Sequence(span, "list", tuple(children))
            entries.append(Entry(Constant(span, "children"), inner))
        props = Mapping(self.span(opening), tuple(entries), is_object=True)
        return Call(span, self.expression(name), (Argument(props),))

    def _attribute(self, node: "tree_sitter.Node") -> Argument:
        inner = named(node)
        if node.type == "jsx_expression":
            taken = inner[0] if inner else None
            if taken is not None and taken.type == "spread_element":
                inner = named(taken)
                taken = inner[0] if inner else None
            return Argument(self.needed(taken, node), spread=Spread.ENTRIES)
        name = self.text(inner[0]) if inner else ""
        if len(inner) == 1:
            return Argument(Constant(self.span(node), True), name)  # noqa: FBT003 — a literal
        return Argument(self.needed(inner[1] if inner else None, node), name)

    def _children(self, node: "tree_sitter.Node") -> list[Argument]:
        found: list[Argument] = []
        for each in node.named_children:
            if each.type in _TEXTS:
                text = self.text(each)
                if text.strip():
                    found.append(Argument(Constant(self.span(each), html.unescape(text))))
            elif each.type == "jsx_expression":
                inner = named(each)
                if inner and inner[0].type == "spread_element":
                    within = named(inner[0])
                    value = self.needed(within[0] if within else None, each)
                    found.append(Argument(value, spread=Spread.ITEMS))
                elif inner:
                    found.append(Argument(self.expression(inner[0])))
            elif each.type in _ELEMENTS:
                found.append(Argument(self.expression(each)))
        return found

    def _of_jsx_expression(self, node: "tree_sitter.Node") -> Expression:
        inner = named(node)
        return self.expression(inner[0]) if inner else Opaque(self.span(node))
