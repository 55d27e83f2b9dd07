"""Markdown from text that must not act: names and code from the document, words of models.

An editor may run `command:` links in what Mirador says. So nothing but what this module is asked to
make a link becomes one, and nothing becomes HTML, whatever the text holds.
"""

import json
import re
from collections.abc import Mapping
from urllib.parse import quote

from mirador_lsp.core.clean import plain, stream_safe
from mirador_lsp.core.findings import ConfidenceBand, percent

_SPECIAL = re.compile(r"([\\`*\[\]<>&|~@]|(?<![^\W_])_|_(?![^\W_]))")
"""What acts wherever it stands; an underscore within a word does not."""
_OPENING = re.compile(r"^(\s*)([#+=-]|\d+(?=[.)]))")
"""What makes a heading, a list or a rule of a line that it begins."""
_CODE = re.compile(r"^```[^\n`]*\n.*?^```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
_ACTIVE = re.compile(r"([\\`\[\]<>&])")
_SHOWN_CODE = re.compile(r"^```[^\n`]*\n.*?^```$|(?<!\\)`[^`\n]+`", re.MULTILINE | re.DOTALL)
_ESCAPED = re.compile(r"\\([^A-Za-z0-9\s])")
_MARKS = re.compile(r"^#+ |(?<!\\)\*\*|^_(?=.*_$)|(?<=[^\\])_$", re.MULTILINE)
_TICKS = re.compile(r"`+")
_LANGUAGE = re.compile(r"[a-z0-9+#-]{1,20}")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?=//)|\b(www)\.")
_COLORS = {
    ConfidenceBand.LOW: "--vscode-descriptionForeground",
    ConfidenceBand.MEDIUM: "--vscode-foreground",
    ConfidenceBand.HIGH: "--vscode-terminal-ansiCyan",
}
"""The grey, white and cyan of the terminal, as a theme names them."""


def words(text: str, limit: int = 600) -> str:
    """`text` as one line of words and nothing else, with as few marks as that takes: some editors
    show the source.
    """
    line = _SPECIAL.sub(r"\\\1", plain(text, limit))
    line = _OPENING.sub(lambda m: f"{m[1]}\\{m[2]}" if m[2] in "#+=-" else f"{m[0]}\\", line)
    return _SCHEME.sub(lambda m: f"{m[1]}\\:" if m[1] else f"{m[2]}\\.", line)


def code(text: str, limit: int = 200) -> str:
    """`text` as a code span of one line."""
    inner = plain(text, limit).replace("`", "'")
    return f"`{inner}`" if inner else ""


def block(text: str, language: str) -> str:
    """`text` as a code block that it cannot leave."""
    safe = stream_safe(text)
    longest = max((len(run) for run in _TICKS.findall(safe)), default=0)
    fence = "`" * max(3, longest + 1)
    name = language if _LANGUAGE.fullmatch(language) else ""
    return f"{fence}{name}\n{safe}\n{fence}"


def answer(text: str) -> str:
    """What a model says, its code and lists kept; brackets, tags and entities are only seen.

    `core.answers.Answer.text` holds none that act. This does not depend on it.
    """
    safe = stream_safe(text)
    parts, at = [], 0
    for match in _CODE.finditer(safe):
        parts += [_inert(safe[at : match.start()]), match[0]]
        at = match.end()
    return "".join([*parts, _inert(safe[at:])])


def bare(text: str) -> str:
    """A page of ours for a reader who sees its source: without headings, emphasis and escapes.

    It is for plain text alone: what it gives may act where Markdown is shown.
    """
    parts, at = [], 0
    for match in _SHOWN_CODE.finditer(text):
        parts += [_unmarked(text[at : match.start()]), match[0]]
        at = match.end()
    return "".join([*parts, _unmarked(text[at:])])


def link(title: str, command: str, argument: Mapping[str, object]) -> str:
    """A link that runs a command of Mirador's with one argument."""
    return f"[{words(title)}](command:{command}?{quote(json.dumps([argument]), safe='')})"


def sureness(confidence: float, *, html: bool) -> str:
    """How sure somebody is, as a word and in figures; coloured where the client shows HTML."""
    band = ConfidenceBand.of(confidence)
    word = f"**{band.value}**"
    if html:
        word = f'<span style="color:var({_COLORS[band]});">{band.value}</span>'
    return f"{word} ({percent(confidence)} %)"


def _unmarked(text: str) -> str:
    return _ESCAPED.sub(r"\1", _MARKS.sub("", text))


def _inert(text: str) -> str:
    text = _ACTIVE.sub(r"\\\1", text)
    return _SCHEME.sub(lambda m: f"{m[1]}\\:" if m[1] else f"{m[2]}\\.", text)
