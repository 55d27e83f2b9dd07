"""The stable parts of a prompt, the same for every question about a unit.

Whoever asks about a unit uses these, so that a backend meets the prefix it has kept.
"""

import re

from mirador_lsp.core.policy import StagePolicy
from mirador_lsp.engine.prompts.render import Rendered, render
from mirador_lsp.engine.units import ShownUnit

_TICKS = re.compile(r"`{3,}")


def standing_text(policy: StagePolicy) -> Rendered:
    """The standing instructions, the user's own of this stage included."""
    system = render("review_system")
    if not policy.instructions:
        return system
    return Rendered(f"{system.text}\n{policy.instructions}", system.version)


def material(language: str, shown: ShownUnit | None) -> Rendered:
    """The code with its outline, in a language by id; for None the same without any code."""
    context = shown.unit.context if shown is not None else ""
    return render(
        "review_material",
        context=f"{context}\n" if context else "",
        code=fenced(language, shown.code if shown is not None else ""),
    )


def fenced(language: str, code: str) -> str:
    """`code` in a fence longer than any run of backticks in it, so that it cannot close it."""
    longest = max((len(run) for run in _TICKS.findall(code)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{code}\n{fence}"
