"""Which nodes of a syntax tree are statements, and how the statements of a part of it nest."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from mirador_lsp.syntax.parser import Parsed

if TYPE_CHECKING:
    import tree_sitter

MAX_STATEMENTS = 4_000
"""Statements that are told apart in one part of a text."""
MAX_NODES = 200_000
"""Nodes that are looked at for them."""

BLOCKS = frozenset(
    (
        # files
        *("program", "module", "source_file", "translation_unit", "compilation_unit"),
        *("document", "stylesheet", "element"),
        # bodies of functions and control structures
        *("block", "statement_block", "compound_statement", "statement_list", "body_statement"),
        *("then", "do", "do_block", "do_group", "begin", "else", "ensure", "rescue"),
        *("constructor_body", "switch_block", "switch_body", "match_block"),
        *("switch_case", "switch_default", "case_statement", "switch_block_statement_group"),
        *("expression_case", "default_case", "type_case", "communication_case", "switch_section"),
        *("case_item", "subshell"),
        # types and name spaces
        *(
            "declaration_list",
            "class_body",
            "interface_body",
            "enum_body",
            "enum_body_declarations",
        ),
        *("field_declaration_list", "enum_declaration_list", "object_type"),
    )
)
_DATA_BLOCKS = frozenset(("object", "array", "block_mapping", "block_sequence", "flow_mapping"))
_DATA = frozenset(("json", "yaml"))
_BASH_BLOCKS = frozenset(("if_statement", "elif_clause", "else_clause"))
_LABELS = frozenset(("value", "condition", "name", "pattern", "type", "label"))
_BRANCHES = frozenset(("body", "consequence", "alternative"))
_CLAUSES = frozenset(
    (
        *("elif_clause", "else_clause", "except_clause", "finally_clause", "case_clause"),
        *("catch_clause", "switch_case", "switch_default", "case_statement", "expression_case"),
        *("default_case", "type_case", "communication_case", "switch_section", "match_arm"),
        *("switch_block_statement_group", "when", "rescue", "ensure", "else", "elsif"),
        *("case_item", "except_group_clause", "default_statement"),
    )
)
_LOOPS = frozenset(
    (
        *("for_statement", "while_statement", "do_statement", "for_in_statement"),
        *("enhanced_for_statement", "for_range_loop", "foreach_statement", "c_style_for_statement"),
        *("for_expression", "while_expression", "loop_expression", "for", "while", "until"),
        *("do_block", "repeat_statement"),
    )
)
_JUMPS = frozenset(
    (
        *("return_statement", "raise_statement", "throw_statement", "return_expression"),
        *("return", "goto_statement", "exit_statement", "throw_expression", "try_expression"),
    )
)
_LOOP_JUMPS = frozenset(
    (
        *("break_statement", "continue_statement", "break_expression", "continue_expression"),
        *("break", "continue", "next", "redo"),
    )
)
_CLOSURES = frozenset(
    (
        *("arrow_function", "function_expression", "lambda", "closure_expression", "func_literal"),
        *("function_definition", "function_declaration", "method_definition", "function_item"),
        *("lambda_expression", "anonymous_function", "anonymous_function_creation_expression"),
        *("local_function_statement", "method_declaration", "method", "class_definition"),
        *("class_declaration", "generator_function", "generator_function_declaration"),
    )
)


_LONGEST_JUMP = len("continue")


def holds_statements(language: str, kind: str) -> bool:
    """Whether the children of a node of this kind are statements or definitions."""
    if kind in BLOCKS:
        return True
    if language in _DATA:
        return kind in _DATA_BLOCKS
    return language == "bash" and kind in _BASH_BLOCKS


def stands_alone(
    language: str, around: "tree_sitter.Node", cursor: "tree_sitter.TreeCursor"
) -> bool:
    """Whether the child of `around` at the cursor is a whole statement or definition."""
    node = cursor.node
    if node is None or not node.is_named or node.type in BLOCKS - {"compound_statement"}:
        return False
    role = cursor.field_name
    if holds_statements(language, around.type):
        return role not in _LABELS
    # A branch without braces: `if (x) return;`
    return role in _BRANCHES and node.type.endswith("statement") and node.type not in BLOCKS


def _is_branch(
    node: "tree_sitter.Node", around: "tree_sitter.Node", cursor: "tree_sitter.TreeCursor"
) -> bool:
    """Whether what is assigned in `node` says nothing about what stands beside it."""
    role = cursor.field_name
    if not node.is_named:
        return False
    if role in {"consequence", "alternative"}:
        return True
    return role == "body" and (around.type.startswith("try") or around.type == "if_statement")


def _jump(node: "tree_sitter.Node") -> str:
    """What kind of jump a node is, or ""."""
    if node.type in _JUMPS or node.type in _LOOP_JUMPS:
        return node.type
    # In a shell these are commands like any other.
    if node.type == "command_name" and node.end_byte - node.start_byte <= _LONGEST_JUMP:
        word = (node.text or b"").decode("utf-8", "replace")
        return word if word in {"return", "exit", "break", "continue"} else ""
    return ""


@dataclass
class Statement:
    """A statement, or a clause of one (`else`, `case`), among others of the same part of a text."""

    kind: str
    """The grammar's name for it."""
    start: int
    """Bytes."""
    end: int
    first: int
    """Lines."""
    last: int
    parent: int
    """Index of the statement it is in; -1 for the part of the text itself, which is the first."""
    loops: bool
    jumps: bool = False
    """Whether it, or what it holds, may leave what is around it: `return`, `break`, `throw`."""
    branch: bool = False
    """Whether it is one of the ways that a condition or a `try` opens."""
    hidden: bool = False
    """Whether it is such a way between brackets, which has no line of its own."""
    inner: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Statements:
    """The statements of a part of a text, outer before inner, in its order."""

    all: tuple[Statement, ...]
    complete: bool
    """False when there are more than are listed."""

    def at(self, byte: int) -> int:
        """Index of the innermost statement around a byte; 0 is the part itself."""
        return self._owners[bisect_right(self._starts, byte) - 1]

    def own_lines(self, index: int) -> Iterator[int]:
        """The lines of a statement that no statement in it has, and always its first."""
        each = self.all[index]
        if each.hidden:
            return
        at = each.first
        yield at
        for inner in each.inner:
            child = self.all[inner]
            yield from range(at + 1, child.first)
            at = max(at, child.last)
        yield from range(at + 1, each.last + 1)

    def around(self, index: int) -> Iterator[int]:
        """The statements that a statement is in, the innermost first."""
        index = self.all[index].parent
        while index >= 0:
            yield index
            index = self.all[index].parent

    @cached_property
    def _borders(self) -> tuple[list[int], list[int]]:
        starts, owners = [0], [0]
        stack: list[int] = []
        for index, each in enumerate(self.all):
            while stack and self.all[stack[-1]].end <= each.start:
                starts.append(max(starts[-1], self.all[stack.pop()].end))
                owners.append(stack[-1] if stack else 0)
            stack.append(index)
            starts.append(max(starts[-1], each.start))
            owners.append(index)
        while stack:
            starts.append(max(starts[-1], self.all[stack.pop()].end))
            owners.append(stack[-1] if stack else 0)
        return starts, owners

    @property
    def _starts(self) -> list[int]:
        return self._borders[0]

    @property
    def _owners(self) -> list[int]:
        return self._borders[1]


def statements_in(parsed: Parsed, start: int, end: int) -> Statements:
    """The statements between two bytes of a text that has a tree."""
    return _Walk(parsed, start, end).statements()


class _Walk:
    """One way through a part of a tree, without recursion: trees may be very deep."""

    def __init__(self, parsed: Parsed, start: int, end: int) -> None:
        self._language = parsed.language
        self._tree = parsed.tree
        self._span = start, end
        self._parsed = parsed
        self._found = [Statement("", start, end, *self._lines(start, end), -1, loops=False)]
        self._opened: list[int] = [0]
        """For every level below the root of the walk: the innermost statement there."""
        self._barriers: list[int] = []
        """Levels at which a function within the part begins: jumps do not leave it."""

    def statements(self) -> Statements:
        """All there are, up to the limits."""
        root = self._tree.root_node if self._tree is not None else None
        if root is None:
            return Statements(tuple(self._found), complete=False)
        start, end = self._span
        top = root.named_descendant_for_byte_range(start, max(start, end - 1)) or root
        cursor = top.walk()
        parents = [top]
        complete = True
        if not cursor.goto_first_child():
            return Statements(tuple(self._found), complete=True)
        for seen in range(MAX_NODES + 1):
            node = cursor.node
            if node is None:
                break
            if seen == MAX_NODES or len(self._found) >= MAX_STATEMENTS:
                complete = False
                break
            self._see(node, parents[-1], cursor)
            if node.start_byte < end and start < node.end_byte and cursor.goto_first_child():
                parents.append(node)
                continue
            self._leave(len(parents))
            while not cursor.goto_next_sibling():
                if not cursor.goto_parent() or len(parents) == 1:
                    return Statements(tuple(self._found), complete=True)
                parents.pop()
                self._leave(len(parents))
        return Statements(tuple(self._found), complete=complete)

    def _see(
        self,
        node: "tree_sitter.Node",
        around: "tree_sitter.Node",
        cursor: "tree_sitter.TreeCursor",
    ) -> None:
        start, end = self._span
        inside = start <= node.start_byte and node.end_byte <= end
        own = inside and not node.is_extra and (node.start_byte, node.end_byte) != (start, end)
        branch = own and _is_branch(node, around, cursor)
        shown = own and (
            (node.is_named and node.type in _CLAUSES)
            or stands_alone(self._language, around, cursor)
        )
        if shown or branch:
            parent = self._opened[-1]
            self._opened.append(len(self._found))
            self._found[parent].inner.append(len(self._found))
            self._found.append(self._statement(node, parent, branch=branch, hidden=not shown))
        else:
            self._opened.append(self._opened[-1])
        if inside and node.type in _CLOSURES:
            self._barriers.append(len(self._opened) - 1)
        jump = _jump(node) if inside and node.is_named else ""
        if jump:
            self._mark(of_loop=jump in _LOOP_JUMPS)

    def _statement(
        self, node: "tree_sitter.Node", parent: int, *, branch: bool, hidden: bool
    ) -> Statement:
        start, end = node.start_byte, node.end_byte
        return Statement(
            node.type,
            start,
            end,
            *self._lines(start, end),
            parent,
            loops=node.type in _LOOPS,
            branch=branch,
            hidden=hidden,
        )

    def _lines(self, start: int, end: int) -> tuple[int, int]:
        # The parser's own rows end at `\n` alone.
        text, lines, places = self._parsed.text, self._parsed.lines, self._parsed.places
        first, last = places.offset(start), places.offset(end)
        while last > first and text[last - 1] in "\r\n":
            last -= 1
        return lines.line_of(first), lines.line_of(max(first, last - 1))

    def _mark(self, *, of_loop: bool) -> None:
        """Say of the statements around a jump that they may be left by it."""
        floor = self._opened[self._barriers[-1]] if self._barriers else 0
        index = self._opened[-1]
        while index > floor:
            each = self._found[index]
            if of_loop and (each.loops or "switch" in each.kind):
                return
            each.jumps = True
            index = each.parent

    def _leave(self, level: int) -> None:
        """The node at `level` is done."""
        del self._opened[level:]
        while self._barriers and self._barriers[-1] >= level:
            self._barriers.pop()
