"""Conditions and judgements: whether what a query captured is what a rule is about."""

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from mirador_lsp.analysis.rule_files import Condition, Form
from mirador_lsp.core.text import Span

_LOOK: Final = 2_000
"""At most this much of a capture is looked at, so that no expression meets a long text."""
_WRAPPING: Final = " \t\r\n\"'`$@:%&*[]"


def holds(form: Form, text: str, spans: Mapping[str, Span]) -> bool:
    """Whether the conditions of `form` hold for the captures at `spans` in `text`."""
    for condition, matches, lacks in form.tests:
        span = spans.get(condition.capture)
        if span is None:
            continue
        code = _code(text, span, condition.reach)
        if matches is not None and not _found(matches, code):
            return False
        if lacks is not None and _found(lacks, code):
            return False
        if not _also(condition, code, text, spans):
            return False
    return True


def bare(code: str) -> str:
    """`code` without the quotes, sigils and blanks around it."""
    return code.strip(_WRAPPING)


def unquoted(code: str) -> str:
    """`code` without the one pair of quotes around it."""
    quoted = len(code) > 1 and code[0] == code[-1] and code[0] in "\"'"
    return code[1:-1] if quoted else code


def _found(pattern: re.Pattern[str], code: str) -> bool:
    return pattern.search(code) is not None or pattern.search(bare(code)) is not None


def _also(condition: Condition, code: str, text: str, spans: Mapping[str, Span]) -> bool:
    if condition.same_as:
        other = spans.get(condition.same_as)
        if other is None or _squeezed(_code(text, other)) != _squeezed(code):
            return False
    return not condition.judged or JUDGEMENTS[condition.judged](code)


def _code(text: str, span: Span, reach: int = 0) -> str:
    if reach:
        return text[span.start : span.start + min(reach, _LOOK)]
    return text[span.start : min(span.end, span.start + _LOOK)]


def _squeezed(code: str) -> str:
    return re.sub(r"\s+", "", code)


_PLACEHOLDER: Final = re.compile(
    r"(?i)change_?me|place_?holder|example|sample|dummy|fake|mock|test|todo|fixme|redacted|"
    r"your[-_ ]|my[-_]?(password|secret|token|key)|insert|replace|default|none|null|undefined|"
    r"secret$|^password|^passw|xxx|\*\*\*|\.\.\.|<|>|\{|\}|\$\(|^\$\w+$|%[sd(]|^env[.:]|"
    r"abcdef|123456|qwerty|^(true|false|yes|no|on|off)$"
)
_NOT_SECRET: Final = re.compile(
    r"\s|^[./~#\\]|://|^[A-Z0-9_]+$(?<!\d)|^\w+\(|^(sha\d+|md5|utf|iso|rfc|oauth)[-_:\d]|^\d+$"
    r"|^[\w.-]+\.(com|org|net|io|local|json|txt|pem|key|crt|ya?ml|py|js|ts|go|rb|php|java|html?)$"
)
_UNUSUAL: Final = re.compile(r"[0-9!@#^&*+=?~|;,]")
_PARTS: Final = re.compile(r"[-_.:/ ]+")
_WORD_WITH_NUMBER: Final = re.compile(r"[A-Za-z]*\d{0,2}")


def is_secret(code: str) -> bool:
    """Whether a literal looks like a real password or key.

    Not secrets are placeholders, templates, names of things, words joined by punctuation, paths,
    addresses and values too short or too uniform to guard anything.
    """
    value = bare(code)
    if not 8 <= len(value) <= 300 or _PLACEHOLDER.search(value) or _NOT_SECRET.search(value):
        return False
    if _UNUSUAL.search(value) is None:
        # Letters only: a name in camel case, unless it is long and as mixed as chance makes it.
        return len(value) >= 24 and _entropy(value) > 4.0 and not _PARTS.search(value)
    if all(_WORD_WITH_NUMBER.fullmatch(part) for part in _PARTS.split(value)):
        return len(value) >= 20 and _entropy(value) > 3.7 and not _reads_like_words(value)
    return _entropy(value) >= 2.5


def _entropy(value: str) -> float:
    """Bits per character of the value's own distribution."""
    total = len(value)
    return -sum(n / total * math.log2(n / total) for n in Counter(value).values())


def _reads_like_words(value: str) -> bool:
    vowels = sum(c in "aeiouyAEIOUY" for c in value)
    return vowels / len(value) > 0.25


_STRING: Final = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|`[^`$]*`')
_NAME: Final = re.compile(r"[A-Za-z_]")


def joins_variable(code: str) -> bool:
    """Whether something other than literals is part of an expression."""
    return _NAME.search(_STRING.sub("", code)) is not None


def is_variable(code: str) -> bool:
    """Whether an expression is anything but one literal."""
    stripped = code.strip()
    return bool(stripped) and _STRING.fullmatch(stripped) is None


JUDGEMENTS: Final[Mapping[str, Callable[[str], bool]]] = MappingProxyType(
    {"secret": is_secret, "joins variable": joins_variable, "variable": is_variable}
)
"""What `Condition.judged` may name."""
