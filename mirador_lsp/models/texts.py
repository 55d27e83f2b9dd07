"""What can be known of a prompt without the model's vocabulary, and how one is worded."""

import re

from mirador_lsp.core.dialogue import ModelCard, Prompt
from mirador_lsp.core.errors import ContextOverflow

_CONTROL = re.compile(
    r"<[|\uff5c][^<>|\uff5c\n]{1,60}[|\uff5c]>|<\|?/?(?:s|bos|eos|pad|unk|eot|start_of_turn|end_of_turn"
    r"|start_header_id|end_header_id|think|tool_call)\|?>|\[/?INST\]|<</?SYS>>",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")


def least_tokens(prompt: Prompt) -> int:
    """About the least number of tokens a prompt has, whatever the vocabulary: hardly any token
    spans two words.
    """
    parts = (prompt.system, prompt.material, prompt.question)
    return sum(1 for part in parts for _ in _WORD.finditer(part))


def was_cut(counted: int | None, least: int) -> bool:
    """Whether a server that read `counted` tokens of a prompt has silently cut it.

    Servers that cut keep about half; a few vocabularies hold a few tokens of two words.
    """
    return counted is not None and 4 * counted < 3 * least


def content(text: str) -> str:
    """The text as the content of a message: what looks like a model's control token is broken
    apart, and lone surrogates, which JSON has no way to carry, are replaced.

    Servers read control tokens out of contents as well, so that code holding one would end the
    user's turn and begin another.
    """
    apart = _CONTROL.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)
    return apart if apart.isascii() else apart.encode("utf-8", "replace").decode()


def turns(prompt: Prompt) -> tuple[str, str]:
    """What the system and what the user says, as contents of messages."""
    asked = f"{prompt.material}\n{prompt.question}" if prompt.material else prompt.question
    return content(prompt.system), content(asked)


def too_long(card: ModelCard) -> ContextOverflow:
    """The error of a prompt that a server would have to cut."""
    message = f"The prompt does not fit the {card.context_tokens} tokens of {card.name}."
    return ContextOverflow(message, remedy="Give the server a larger context_tokens.")


def speaks_of_length(text: str) -> bool:
    """Whether an error says that the prompt was too long; every server says it otherwise."""
    lower = text.lower()
    return "context" in lower and any(
        word in lower for word in ("exceed", "maximum", "too long", "larger", "length", "size")
    )
