"""From what was found to the text a model is shown. Pure: the same in gives the same out.

Selection goes by worth: the kinds of pieces in the order of `_WORTH`, within a kind by score. The
order of the text is another one, from what changes seldom to what changes often, and within a kind
by name, so that an index which ranks two pieces the other way round tomorrow changes no byte. For
the same reason nothing in the text says a line number: an edit above would change it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mirador_lsp.core.clean import plain, stream_safe
from mirador_lsp.core.retrieval import Compiled, ContextPiece
from mirador_lsp.engine.context.budget import Costs
from mirador_lsp.engine.fencing import fenced
from mirador_lsp.engine.prompts.render import Rendered, render

OUTLINE = "outline"
DEFINITION = "definition"
USER = "user"
SLICE = "slice"
SIMILAR = "similar"
RULES = "rules"
PREFERENCE = "preference"
TALK = "talk"

_WORTH: Mapping[str, tuple[int, float]] = {
    PREFERENCE: (0, 0.2),
    RULES: (1, 0.25),
    SLICE: (2, 0.6),
    DEFINITION: (3, 1.0),
    USER: (4, 0.4),
    TALK: (5, 0.3),
    OUTLINE: (6, 0.25),
    SIMILAR: (7, 0.3),
}
"""Of each kind, which is chosen first, and the share of the budget that it may take."""
_PLACE: Mapping[str, int] = {
    PREFERENCE: 0,
    RULES: 1,
    DEFINITION: 2,
    USER: 3,
    SIMILAR: 4,
    OUTLINE: 5,
    TALK: 6,
    SLICE: 7,
}
"""From what changes seldom to what changes often."""
_NEARLY = 0.8
_FENCE_LANGUAGE = re.compile(r"[^a-z0-9+#-]")

BUDGET, DUPLICATE, STALE = "budget", "duplicate", "stale"
"""Why a piece was left out."""


@dataclass(frozen=True)
class Place:
    """Whole lines of a file."""

    name: str
    """Relative to the workspace; "" for the file that is asked about."""
    first: int
    last: int
    """From 0, both included."""

    def within(self, other: "Place") -> bool:
        """Whether all its lines are the other's, too."""
        return self.name == other.name and other.first <= self.first and self.last <= other.last


@dataclass(frozen=True)
class Candidate:
    """Something that might be shown."""

    source: str
    """As `ContextPiece.source`."""
    title: str
    """Where it is from, for the reader, lines included."""
    what: str
    """The same for the model: without anything that an edit elsewhere would change."""
    text: str
    score: float
    """0…1."""
    language: str = ""
    shorter: str = ""
    """What to show where there is no room for all of it; "" where nothing less makes sense."""
    place: Place | None = None


@dataclass(frozen=True)
class _Written:
    """A candidate as it would stand in the text."""

    candidate: Candidate
    body: str
    text: str


def texts_to_weigh(candidates: Iterable[Candidate]) -> list[str]:
    """Every text whose cost `compile_context` may ask for, but for the whole."""
    texts = [_frame("").text]
    for candidate in candidates:
        texts += [each.text for each in _forms(candidate)]
    return list(dict.fromkeys(texts))


def compile_context(
    candidates: Sequence[Candidate],
    known: str,
    costs: Costs,
    budget: int,
    *,
    stale: Sequence[Candidate] = (),
    slack: int = 0,
) -> Compiled:
    """Choose among the candidates and write them.

    `known` is what the model is shown in any case: what says nothing more than that is left out.
    `costs` knows every text of `texts_to_weigh`. The tokens of the answer are the sum of those of
    its pieces; put together they may cost a little more, and whoever weighs the whole and finds it
    too heavy asks again with that much `slack`.
    """
    tokens = costs.tokens
    fresh, doubles = _without_doubles(sorted(candidates, key=_by_worth), known)
    frame = tokens[_frame("").text]
    kept, left = _fitting(fresh, tokens, budget - slack - frame, budget)
    kept.sort(key=_by_place)
    dropped = [(each, STALE) for each in sorted(stale, key=_by_worth)]
    dropped += [(each, DUPLICATE) for each in doubles] + [(each, BUDGET) for each in left]
    return Compiled(
        text=_frame("\n".join(each.text for each in kept)).text if kept else "",
        tokens=frame + sum(tokens[each.text] + 1 for each in kept) if kept else 0,
        budget=budget,
        counted=costs.counted,
        kept=tuple(_piece(each, tokens) for each in kept),
        dropped=tuple((_piece(_forms(each)[0], tokens), why) for each, why in dropped),
    )


def frame_version() -> str:
    """Version of the prompt file that a context is framed with; that of its pieces goes with it."""
    return _frame("").version


def nothing(budget: int = 0) -> Compiled:
    """The context of a question that carries none."""
    return Compiled("", 0, budget, counted=True)


def visible(text: str) -> tuple[str, int]:
    """`text` without characters that cannot be seen, and how many those were. Line ends and tabs
    stay as they are.
    """
    lines = re.split(r"\r\n|\r|\n", text)
    kept = ["\t".join(stream_safe(part) for part in line.split("\t")) for line in lines]
    removed = sum(len(line) - len(safe) for line, safe in zip(lines, kept, strict=True))
    return "\n".join(kept), removed


def _fitting(
    candidates: Sequence[Candidate], tokens: Mapping[str, int], room: int, budget: int
) -> tuple[list[_Written], list[Candidate]]:
    """Those that fit, each in the longest of its forms that does, and those that do not."""
    kept: list[_Written] = []
    left: list[Candidate] = []
    taken: dict[str, int] = {}
    for candidate in candidates:
        share = int(_WORTH[candidate.source][1] * budget) - taken.get(candidate.source, 0)
        forms = ((form, tokens[form.text] + 1) for form in _forms(candidate))
        fitting = next(((f, cost) for f, cost in forms if cost <= min(room, share)), None)
        if fitting is None:
            left.append(candidate)
            continue
        form, cost = fitting
        kept.append(form)
        taken[candidate.source] = taken.get(candidate.source, 0) + cost
        room -= cost
    return kept, left


def _without_doubles(
    candidates: Sequence[Candidate], known: str
) -> tuple[list[Candidate], list[Candidate]]:
    """Those that say something new, and those that do not: the same lines, lines inside of others,
    nearly the same text.
    """
    shown = _lines(known)
    fresh: list[Candidate] = []
    doubles: list[Candidate] = []
    for candidate in candidates:
        lines = _lines(candidate.text)
        if lines <= shown or any(_same(candidate, lines, other) for other in fresh):
            doubles.append(candidate)
        else:
            fresh.append(candidate)
    return fresh, doubles


def _same(candidate: Candidate, lines: frozenset[str], other: Candidate) -> bool:
    here, there = candidate.place, other.place
    if here is not None and there is not None and (here.within(there) or there.within(here)):
        return True
    theirs = _lines(other.text)
    return len(lines & theirs) >= _NEARLY * len(lines | theirs)


def _lines(text: str) -> frozenset[str]:
    squeezed = ("".join(line.split()) for line in text.splitlines())
    return frozenset(line for line in squeezed if line)


def _by_worth(candidate: Candidate) -> tuple[int, float, str, str]:
    """Of equals the names decide: chance must not, or the text would be another one each time."""
    worth = _WORTH[candidate.source][0]
    return worth, -round(candidate.score, 4), candidate.what, repr(candidate)


def _by_place(written: _Written) -> tuple[int, bool, str, int, str, str]:
    """The file that is asked about comes last: it is the one that is being edited."""
    candidate = written.candidate
    place = candidate.place
    own = place is not None and not place.name
    first = place.first if place is not None else 0
    name = place.name if place is not None else ""
    return _PLACE[candidate.source], own, name, first, candidate.what, written.text


def _forms(candidate: Candidate) -> list[_Written]:
    bodies = [candidate.text, candidate.shorter] if candidate.shorter else [candidate.text]
    return [_write(candidate, body) for body in bodies]


def _write(candidate: Candidate, body: str) -> _Written:
    shown, _ = visible(body)
    tag = _FENCE_LANGUAGE.sub("", candidate.language.lower())
    what = plain(candidate.what, 160).replace("`", "'")
    said = render(f"context_{candidate.source}", what=what, text=fenced(tag, shown.strip("\n")))
    return _Written(candidate, body, said.text)


def _frame(pieces: str) -> Rendered:
    return render("context", pieces=pieces)


def _piece(written: _Written, tokens: Mapping[str, int]) -> ContextPiece:
    candidate = written.candidate
    return ContextPiece(
        source=candidate.source,
        title=plain(candidate.title, 200),
        text=written.text,
        score=round(candidate.score, 4),
        tokens=tokens.get(written.text, 0),
    )
