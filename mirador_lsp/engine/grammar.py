"""Grammars (llama.cpp's GBNF) that leave a model only replies the reader understands.

Every repetition is bounded, so a reply always ends; the only lines it can name are lines it was
shown. Each alternative for the place is the text of one such line: asked for line numbers, small
models name whichever numbers the prompt shows, but they choose well among lines of code.
"""

from collections.abc import Sequence

from mirador_lsp.core.dialogue import Constraint
from mirador_lsp.core.findings import Lens

NOTHING = "No defects."
"""What a reply says when there is nothing to report."""
QUOTE_LENGTH = 72
"""Quotes are cut here: enough to tell lines apart, and every character costs decoding time."""
_SHORTEST_MESSAGE = 24
"""A shorter one ("Repeated work.") names a kind of defect, but not this one."""
_LONGEST_MESSAGE = 160
_MOST_PLACES = 80
"""More alternatives than this slow sampling; units are at most about sixty lines anyway."""


def findings(lines: Sequence[str], lenses: Sequence[Lens], most: int) -> Constraint:
    """Replies: `NOTHING`, or one to `most` lines ``- LENS: MESSAGE Code: `LINE` ``.

    `lines` are the source lines shown; blank ones and lone punctuation cannot be named.
    """
    places = [f'"{_escape(quote)}"' for quote in nameable(lines)]
    if not places:
        return Constraint(gbnf=f'root ::= "{NOTHING}"\n')
    rules = [
        f'root ::= "{NOTHING}" | item{{1,{most}}}',
        'item ::= "- " lens ": " message " Code: `" place "`\\n"',
        "lens ::= " + " | ".join(f'"{lens.value}"' for lens in lenses),
        # A message starts with a capital, but not with "No…": that would be `NOTHING` in disguise.
        f"message ::= [A-MO-Z] [ !-_a-~]{{{_SHORTEST_MESSAGE},{_LONGEST_MESSAGE}}}",
        "place ::= " + " | ".join(places),
    ]
    return Constraint(gbnf="\n".join(rules) + "\n")


def yes_or_no() -> Constraint:
    """Replies: `yes` or `no`."""
    return Constraint(gbnf='root ::= "yes" | "no"\n')


def number(most: int) -> Constraint:
    """Replies: a number from 1 to `most`."""
    return Constraint(gbnf="root ::= " + " | ".join(f'"{n}"' for n in range(1, most + 1)) + "\n")


def nameable(lines: Sequence[str]) -> list[str]:
    """The quotes a reply may give for `lines`: stripped, cut, distinct, in order."""
    quotes = dict.fromkeys(quote_of(line) for line in lines)
    return [quote for quote in quotes if sum(c.isalnum() for c in quote) > 2][:_MOST_PLACES]


def quote_of(line: str) -> str:
    """How a reply names `line`: without what a reply cannot hold, cut at `QUOTE_LENGTH`."""
    kept = "".join(c for c in line.strip() if c.isprintable() and c != "`")
    return kept[:QUOTE_LENGTH].rstrip()


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
