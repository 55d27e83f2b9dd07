"""What a question may be about, from its words and the place it was asked at. Pure."""

import re
from dataclasses import dataclass, replace

from mirador_lsp.core.answers import AnswerRequest, Topic
from mirador_lsp.core.clean import plain
from mirador_lsp.core.outline import Outline, Symbol
from mirador_lsp.core.routing import Reading
from mirador_lsp.core.text import Span
from mirador_lsp.engine.answers.subject import find_subject

_FILE = re.compile(r"\b(?:this|whole|entire|the) (?:file|module|script|document)\b", re.IGNORECASE)
_HERE = re.compile(
    r"\b(?:here|this (?:function|method|class|code|line|block|part|loop|test|symbol)|"
    r"these lines|the selection|selected|highlighted|it|this)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"[A-Za-z_][\w.]*")
_SHORTEST_NAME = 3
"""Shorter ones occur in sentences that do not mean them."""
_MOST_WORDS = 400
"""Of a question, looked at for names."""


@dataclass(frozen=True)
class Meaning:
    """What a question may be about."""

    readings: tuple[Reading, ...]
    """The likeliest first; one where its words leave no doubt."""


def applied(request: AnswerRequest, reading: Reading) -> AnswerRequest:
    """The request as that reading has it."""
    return replace(request, span=reading.span)


def can_be_read_in_ways(request: AnswerRequest) -> bool:
    """Whether its words have a say in what it is about: those of a user who asks at a cursor."""
    place = request.span
    return request.topic is Topic.ASK and place is not None and place.start == place.end


def meaning(request: AnswerRequest, outline: Outline) -> Meaning:
    """The readings of a question of the user's own; of everything else the one that was named.

    A selection is meant, and so is a symbol that the question names, the file where it speaks of
    the file, and the symbol at the cursor where it says "this". A cursor alone leaves doubt: the
    symbol around it is likeliest, and the file may be meant.
    """
    asked, place = Reading("as asked", request.span), request.span
    if place is None or not can_be_read_in_ways(request):
        return Meaning((asked,))
    if _FILE.search(request.question):
        return Meaning((Reading("the file", None),))
    if _HERE.search(request.question):
        return Meaning((asked,))
    named = _named(request.question, outline)
    if named is not None:
        return Meaning((Reading(plain(named.path, 120), _at(named)),))
    subject = find_subject(request.snapshot, outline, place)
    if subject.symbol is None:
        return Meaning((asked,))
    here = Reading(subject.name, place)
    return Meaning((here, Reading("the file", None)))


def _named(question: str, outline: Outline) -> Symbol | None:
    """The one symbol that the question calls by its name; None where it names none, or several."""
    said = set(_NAME.findall(question)[:_MOST_WORDS])
    found = [
        symbol
        for symbol in outline.symbols
        if symbol.path in said or _is_a_name(symbol.path.rpartition(".")[2], said)
    ]
    return found[0] if len(found) == 1 else None


def _is_a_name(name: str, said: set[str]) -> bool:
    """Whether a word of the question is that name and hardly anything else: `total_of`, `Cart`."""
    odd = "_" in name.strip("_") or name.lower() != name
    return len(name) >= _SHORTEST_NAME and odd and name in said


def _at(symbol: Symbol) -> Span:
    return Span(symbol.header.start, symbol.header.start)
