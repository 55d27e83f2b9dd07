"""What model servers say of a question they refuse, without the question and without the key."""

from collections.abc import Callable

from mirador_lsp.core.dialogue import Prompt
from mirador_lsp.egress.hiding import masked, without_key

Hide = Callable[[str], str]
"""Gives a server's words without what must not be repeated."""


def hiding(prompt: Prompt, key: str) -> Hide:
    """Hides what a prompt holds, and the key."""

    def hide(said: str) -> str:
        asked = f"{prompt.system}\n{prompt.material}\n{prompt.question}"
        return masked(without_key(said, key), asked)

    return hide
