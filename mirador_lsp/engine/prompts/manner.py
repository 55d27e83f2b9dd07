"""How the user likes to be told, in the words that models are given.

The sentences stand in the standing instructions, which are the same for every request: a backend
that keeps what it has read pays for them once.
"""

from mirador_lsp.core.preferences import Preferences, Verbosity
from mirador_lsp.engine.prompts.render import Rendered, render


def manner(preferences: Preferences) -> Rendered | None:
    """The sentences of the standing instructions; None where there is nothing to say."""
    said: list[Rendered] = []
    if preferences.verbosity is not Verbosity.NORMAL:
        said.append(render(f"manner_{preferences.verbosity.value}"))
    if preferences.expertise:
        said.append(render("manner_expertise", areas=", ".join(preferences.expertise)))
    if preferences.frameworks:
        said.append(render("manner_frameworks", names=", ".join(preferences.frameworks)))
    if not said:
        return None
    return Rendered("\n".join(each.text for each in said), "+".join(each.version for each in said))


def length(preferences: Preferences, usual: str) -> str:
    """How long an answer is to be, in words: `usual` unless the user wants it otherwise."""
    if preferences.verbosity is Verbosity.NORMAL:
        return usual
    return render(f"answer_length_{preferences.verbosity.value}").text
