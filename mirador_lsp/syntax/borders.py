"""Where a text too long for one unit may be cut: between statements, the outermost first."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from mirador_lsp.syntax.parser import Parsed

MAX_UNIT_LINES = 60
"""A unit with more lines is cut into parts."""

_BLOCKS = frozenset(
    (
        # functions and control structures
        *("block", "statement_block", "compound_statement", "statement_list", "body_statement"),
        *("then", "do", "do_block", "do_group", "begin", "else", "ensure", "constructor_body"),
        *("switch_block", "switch_body", "match_block"),
        # types
        *("declaration_list", "class_body", "interface_body", "enum_body"),
        *("field_declaration_list", "enum_declaration_list"),
        # files, and what fills long literals
        *("program", "module", "source_file", "translation_unit", "compilation_unit"),
        *("document", "element", "stylesheet", "object", "array"),
    )
)
_NO_BORDER = 1_000_000
_SLACK = 15


def borders_of(parsed: Parsed) -> dict[int, int]:
    """The lines that begin with a statement, and how many blocks are around it."""
    if parsed.tree is None:
        return {}
    ranks: dict[int, int] = {}
    cursor = parsed.tree.walk()
    around = [(False, 0)]
    """For the cursor's node and its ancestors: is the parent a block, how many blocks are above."""
    while (node := cursor.node) is not None:
        in_block, depth = around[-1]
        if in_block and node.is_named and not node.is_extra:
            _note(parsed, node.start_byte, depth, ranks)
        # Where a node is on one line, nothing in it begins another.
        if node.start_point.row != node.end_point.row and cursor.goto_first_child():
            is_block = node.type in _BLOCKS
            around.append((is_block, depth + is_block))
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return ranks
            around.pop()
    return ranks


def _note(parsed: Parsed, byte: int, depth: int, ranks: dict[int, int]) -> None:
    offset = parsed.places.offset(byte)
    line = parsed.lines.line_of(offset)
    start = parsed.lines.line_span(line).start
    if offset - start < 500 and not parsed.text[start:offset].strip():
        ranks[line] = min(depth, ranks.get(line, depth))


def cut(lines: Sequence[int], ranks: Mapping[int, int]) -> list[list[int]]:
    """`lines` in parts of at most `MAX_UNIT_LINES`, cut where the rank is lowest.

    Before a gap (lines that belong to other units) a cut costs nothing; where there is no border in
    reach it falls anywhere.
    """
    gaps = {after for before, after in pairwise(lines) if after != before + 1}
    parts: list[list[int]] = []
    start = 0
    while len(lines) - start > MAX_UNIT_LINES:
        end = start + _size(lines, start, ranks, gaps)
        parts.append(list(lines[start:end]))
        start = end
    if start < len(lines):
        parts.append(list(lines[start:]))
    return parts


def _size(lines: Sequence[int], start: int, ranks: Mapping[int, int], gaps: set[int]) -> int:
    """How many lines from `start` make the next part: near the middle if two parts are enough."""
    left = len(lines) - start
    if left <= 2 * MAX_UNIT_LINES:
        ideal = left // 2
        low = max(left - MAX_UNIT_LINES, ideal - _SLACK)
        high = min(MAX_UNIT_LINES, ideal + _SLACK)
    else:
        ideal = high = MAX_UNIT_LINES
        low = MAX_UNIT_LINES // 2

    def cost(size: int) -> tuple[int, int]:
        line = lines[start + size]
        rank = 0 if line in gaps else ranks.get(line, _NO_BORDER)
        return rank, abs(size - ideal)

    return min(range(max(1, low), high + 1), key=cost)
