"""A tree laid out for searching: in pages of bounded depth, or refused where that would hang."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tree_sitter

PAGE_DEPTH = 64
"""How many levels a page has. Neighbouring pages share one."""
MAX_TOKEN_RUN = 4_000
"""How many tokens without a name may stand side by side in one node. At every node a query looks
ahead for the next one with a name, which takes the square of the length of such a run. Only text
that makes no sense (two hundred thousand opening brackets) has long ones.
"""


def pages_of(tree: "tree_sitter.Tree") -> "tuple[tree_sitter.Node, ...] | None":
    """The root, and every node whose depth is a multiple of `PAGE_DEPTH`, in preorder.

    None when the tree cannot be searched in a time worth waiting for.
    """
    roots = [tree.root_node]
    cursor = tree.walk()
    widths = [1]
    """For the cursor's node and its ancestors: the how manieth child of its parent each is."""
    while True:
        if cursor.goto_first_child():
            widths.append(1)
        else:
            while not cursor.goto_next_sibling():
                if not cursor.goto_parent():
                    return tuple(roots)
                widths.pop()
            widths[-1] += 1
            if widths[-1] == MAX_TOKEN_RUN and _has_long_run(cursor):
                return None
        if (len(widths) - 1) % PAGE_DEPTH == 0 and (node := cursor.node) is not None:
            roots.append(node)


def _has_long_run(place: "tree_sitter.TreeCursor") -> bool:
    """Whether there is a run that is too long among the siblings of the node at `place`."""
    # Not `place.copy()`: the binding frees the tree of a copied cursor once too often.
    parent = place.node.parent if place.node is not None else None
    if parent is None:
        return False
    cursor = parent.walk()
    cursor.goto_first_child()
    run = 0
    while True:
        node = cursor.node
        run = 0 if node is None or node.is_named else run + 1
        if run > MAX_TOKEN_RUN:
            return True
        if not cursor.goto_next_sibling():
            return False
