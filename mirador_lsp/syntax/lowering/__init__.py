"""From syntax trees to programs that data-flow analysis can run.

`lower` is the way in. A language has a file here that makes `syntax.program` of its tree; whatever
a tree holds, broken text and absurd depth included, comes out as some program. What a name
means is never decided here.
"""

from mirador_lsp.syntax.lowering.javascript import lower_javascript
from mirador_lsp.syntax.lowering.python import lower_python
from mirador_lsp.syntax.parser import Parsed
from mirador_lsp.syntax.program import Program


def lower(parsed: Parsed) -> Program | None:
    """The program of a parsed text; None for a language that has no lowering."""
    if parsed.language == "python":
        return lower_python(parsed)
    if parsed.language in ("javascript", "typescript", "tsx"):
        return lower_javascript(parsed)
    return None
