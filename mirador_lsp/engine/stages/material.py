"""The stable parts of a prompt, the same for every question about a unit.

Whoever asks about a unit uses these, so that a backend meets the prefix it has kept.
"""

from mirador_lsp.core.policy import StagePolicy
from mirador_lsp.engine.context.compiler import frame_version
from mirador_lsp.engine.fencing import fenced
from mirador_lsp.engine.prompts.manner import manner
from mirador_lsp.engine.prompts.render import Rendered, render
from mirador_lsp.engine.units import ShownUnit


def standing_text(policy: StagePolicy) -> Rendered:
    """The standing instructions, the user's preferences and own words of this stage included."""
    system = render("review_system")
    if (told := manner(policy.preferences)) is not None:
        system = Rendered(f"{system.text}\n{told.text}", f"{system.version}+{told.version}")
    if not policy.instructions:
        return system
    return Rendered(f"{system.text}\n{policy.instructions}", system.version)


def material(language: str, shown: ShownUnit | None) -> Rendered:
    """The code with its outline and, before them, what was compiled to go with it; in a language by
    id. For None the same without any code.
    """
    context = shown.unit.context if shown is not None else ""
    background = shown.background if shown is not None else None
    said = background.text if background is not None else ""
    whole = render(
        "review_material",
        background=f"{said}\n" if said else "",
        context=f"{context}\n" if context else "",
        code=fenced(language, shown.code if shown is not None else ""),
    )
    return Rendered(whole.text, f"{whole.version}+{frame_version()}") if said else whole
