"""A search: words, names and meaning, each ranked on its own, then fused."""

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mirador_lsp.core.retrieval import Collection, Found, Hit, Neighbourhood, Query
from mirador_lsp.index import graph
from mirador_lsp.index.catalogue import Catalogue
from mirador_lsp.index.graph import NEARNESS, Tie
from mirador_lsp.index.lookup import Lookup, Place
from mirador_lsp.index.ranking import Candidate, ranked
from mirador_lsp.index.sources import FILE
from mirador_lsp.index.vectors import Shelf
from mirador_lsp.index.words import words_of

_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_LEAST = 100
"""Candidates that each list brings, at least."""
_STEPS = (1, 8, 64)
"""Times as many are asked for when most of those that were found are not admitted."""
_NARROW = 4000
"""Chunks up to which each vector is compared, when only some of all chunks are asked for."""
_MOST_NAMES = 8
_MOST_LIKE = 20
_WORDS, _SYMBOL, _MEANING = "words", "symbol", "meaning"
_STATIC = "static"
"""Name of the embedder that stands in until the vectors of the other are there."""
_MEMORIES = (Collection.TALK, Collection.FIX)


_Ranked = list[tuple[Sequence[Place], float]]
"""Chunks, each with its places, and what the list says of it; the best first."""


@dataclass
class _Candidate:
    """A chunk that may be a hit."""

    places: dict[int, Place] = field(default_factory=dict)
    told: dict[str, float] = field(default_factory=dict)
    """What each list says of it: its BM25, its place among the definitions, its cosines."""
    why: list[str] = field(default_factory=list)


class Searcher:
    """Searches one catalogue. For the catalogue's thread. Raises `IndexUnavailable`."""

    def __init__(self, catalogue: Catalogue, shelves: Mapping[str, Shelf]) -> None:
        """`shelves` by the digest of their embedder; read at each search, so it may change."""
        self._shelves = shelves
        self._lookup = Lookup(catalogue.opened)

    def search(self, query: Query, vectors: Mapping[str, Sequence[float]] | None = None) -> Found:
        """What fits best. `vectors` has the query's vector for each embedder that gave one; without
        any, search is by words and names. `Found.seconds` is the time spent here.
        """
        began = time.monotonic()
        found: dict[str, _Candidate] = {}
        enough = max(_LEAST, 5 * query.most)
        admits = _admission(query)
        for memories in (False, True):
            if any((each in _MEMORIES) is memories for each in query.collections):
                by_words = self._by_words(query, enough, admits, memories=memories)
                _enter(found, _WORDS, _WORDS, by_words)
        by_names = self._by_names(query, enough, admits)
        _enter(found, _SYMBOL, _SYMBOL, [(each, float(at)) for at, each in enumerate(by_names, 1)])
        asked = {d: vector for d, vector in (vectors or {}).items() if d in self._shelves}
        for digest, vector in asked.items():
            by_meaning = self._by_meaning(self._shelves[digest], query, vector, enough, admits)
            _enter(found, _MEANING, digest, by_meaning)
        for digest, vector in asked.items():
            rest = [chunk for chunk, each in found.items() if digest not in each.told]
            for chunk, cosine in self._shelves[digest].nearest_of(rest, vector, len(rest)):
                found[chunk].told[digest] = cosine
        return Found(self._best(query, found), seconds=time.monotonic() - began)

    def _best(self, query: Query, found: Mapping[str, _Candidate]) -> tuple[Hit, ...]:
        placed = [
            (_nearest_place(each.places.values(), query.near), each) for each in found.values()
        ]
        # Other chunks are one symbol, or a part of one.
        several = [place.id for place, _ in placed if not place.symbol or place.kind == "class"]
        inside = self._lookup.defined_in(several)
        order = ranked(
            query.text,
            [self._candidate(place, each, inside.get(place.id, ())) for place, each in placed],
            near=query.near,
        )[: query.most]
        texts = self._lookup.texts(placed[at][0].id for at, _ in order)
        words = frozenset(words_of(query.text))
        hits = []
        for at, score in order:
            place, each = placed[at]
            hit = _hit(place, texts[place.id], score, _reasons(each))
            hits.append(hit if place.symbol else _told(hit, inside.get(place.id, ()), words))
        return tuple(hits)

    def _candidate(
        self, place: Place, each: _Candidate, inside: Sequence[tuple[str, int]]
    ) -> Candidate:
        known = {d: cosine for d, cosine in each.told.items() if d in self._shelves}
        static = {d for d in known if self._shelves[d].card.name == _STATIC}
        final = [cosine for digest, cosine in known.items() if digest not in static]
        own = (place.symbol,) if place.symbol else ()
        return Candidate(
            place.name if place.source == FILE else "",
            (*own, *(symbol for symbol, _ in inside)),
            words=each.told.get(_WORDS, 0.0),
            final=max(final, default=None),
            static=max((known[digest] for digest in static), default=None),
            defines=int(each.told.get(_SYMBOL, 0)),
        )

    def neighbourhood(
        self, name: str, symbol: str, names: Sequence[str], most: int
    ) -> Neighbourhood:
        """See `core.ports.CodeIndex`."""
        defined = graph.definitions(self._lookup, name, names, most)
        using = graph.users(self._lookup, name, symbol, most)
        return Neighbourhood(self._shown(defined, "defines"), self._shown(using, "uses"))

    def central(self) -> dict[str, int]:
        """See `core.ports.CodeIndex`."""
        return self._lookup.users_of_files()

    def _by_words(
        self, query: Query, enough: int, admits: Callable[[Place], bool], *, memories: bool
    ) -> _Ranked:
        words = words_of(query.text)
        admitted: _Ranked = []
        for times in _STEPS:
            found = self._lookup.by_words(words, enough * times, memories=memories)
            places = self._lookup.places(number for number, _ in found)
            admitted = [
                ([places[number]], score)
                for number, score in found
                if number in places and admits(places[number])
            ]
            if len(admitted) >= enough or len(found) < enough * times:
                break
        return admitted[:enough]

    def _by_names(
        self, query: Query, enough: int, admits: Callable[[Place], bool]
    ) -> list[list[Place]]:
        """Places that define what the query names: any name in it that looks like an identifier,
        or, where it is but one word, whatever begins with it.
        """
        names = list(dict.fromkeys(_IDENTIFIER.findall(query.text)))
        if len(names) == 1:
            asked = self._lookup.defined_like(names[0], _MOST_LIKE)
            asked.sort(key=lambda each: (each != names[0], each.lower() != names[0].lower()))
        else:
            asked = [name for name in names if _looks_like_one(name)][:_MOST_NAMES]
        ties = graph.definitions(self._lookup, query.near, asked, enough)
        return [[place] for _, place in self._places_of(ties) if admits(place)]

    def _by_meaning(
        self,
        shelf: Shelf,
        query: Query,
        vector: Sequence[float],
        enough: int,
        admits: Callable[[Place], bool],
    ) -> _Ranked:
        narrow = self._narrow(query)
        admitted: _Ranked = []
        for times in _STEPS:
            most = 2 * enough * times
            if narrow is not None:
                near = shelf.nearest_of(narrow, vector, most)
            else:
                near = shelf.nearest(vector, most)
            standing = self._lookup.places_of(chunk for chunk, _ in near)
            admitted = [
                (places, cosine)
                for chunk, cosine in near
                if (places := [each for each in standing.get(chunk, ()) if admits(each)])
            ]
            if len(admitted) >= enough or len(near) < most:
                break
        return admitted[:enough]

    def _narrow(self, query: Query) -> list[str] | None:
        """The chunks of all that the query may find, if it asks for a part only and it is small."""
        kinds = [each.value for each in query.collections if each in _MEMORIES]
        if len(kinds) < len(query.collections):
            kinds.append(FILE)
        if FILE in kinds and not query.languages and not query.under:
            return None
        under = f"{query.under.rstrip('/')}/" if query.under else ""
        chunks = self._lookup.chunks_in(kinds, query.languages, under, _NARROW + 1)
        return chunks if len(chunks) <= _NARROW else None

    def _shown(self, ties: Sequence[Tie], verb: str) -> tuple[Hit, ...]:
        placed = self._places_of(ties)
        texts = self._lookup.texts(place.id for _, place in placed)
        return tuple(
            _hit(
                place,
                texts[place.id],
                1 / (1 + tie.nearness + 0.01 * number),
                (f"{verb} {tie.name}", NEARNESS[tie.nearness]),
            )
            for number, (tie, place) in enumerate(placed)
        )

    def _places_of(self, ties: Sequence[Tie]) -> list[tuple[Tie, Place]]:
        """Where these stand, each place once."""
        at: dict[int, Tie] = {}
        for tie in ties:
            place = self._lookup.place_at(tie.edge.source, tie.edge.line)
            if place is not None:
                at.setdefault(place, tie)
        places = self._lookup.places(at)
        return [(tie, places[number]) for number, tie in at.items() if number in places]


def _admission(query: Query) -> Callable[[Place], bool]:
    """What a place has to be to be a hit."""
    under = f"{query.under.rstrip('/')}/" if query.under else ""
    left_out = frozenset(query.without)
    languages = frozenset(query.languages)

    def admits(place: Place) -> bool:
        if _collection(place) not in query.collections:
            return False
        if place.source != FILE:
            return not under and not languages
        if place.name in left_out or not place.name.startswith(under):
            return False
        return not languages or place.language in languages

    return admits


def _collection(place: Place) -> Collection:
    if place.source != FILE:
        return Collection(place.source)
    return Collection.PROSE if place.kind == "prose" else Collection.CODE


def _enter(found: dict[str, _Candidate], why: str, told: str, listed: _Ranked) -> None:
    """Add what a list says, best first, under the key `told`. A chunk that stands in it several
    times has its first place.
    """
    seen: set[str] = set()
    for places, value in listed:
        chunk = places[0].chunk
        candidate = found.setdefault(chunk, _Candidate())
        candidate.places.update({place.id: place for place in places})
        if chunk not in seen:
            seen.add(chunk)
            candidate.told.setdefault(told, value)
            candidate.why.append(f"{why} #{len(seen)}")


def _reasons(candidate: _Candidate) -> tuple[str, ...]:
    more = len(candidate.places) - 1
    copies = [f"also in {more} other place{'s' if more > 1 else ''}"] if more else []
    # Two embedders that agree are one reason: the better place counts.
    meant = sorted((why for why in candidate.why if why.startswith("meaning")), key=_rank)
    others = [why for why in candidate.why if not why.startswith("meaning")]
    return (*meant[:1], *others, *copies)


def _rank(why: str) -> int:
    return int(why.rpartition("#")[2])


def _nearest_place(places: Iterable[Place], near: str) -> Place:
    """Of equal chunks, that which is nearest to where is asked from."""
    return min(places, key=lambda p: (graph.distance(p.name, near), len(p.name), p.name, p.first))


def _looks_like_one(name: str) -> bool:
    """Whether a word in a sentence is an identifier: its case, digits or underscores say so."""
    return "_" in name.strip("_") or any(c.isupper() or c.isdigit() for c in name[1:])


def _told(hit: Hit, inside: Sequence[tuple[str, int]], words: frozenset[str]) -> Hit:
    """Of small definitions that were joined, the one whose name has most words of the query; the
    hit as it is where none has any.
    """
    matches = [len(words.intersection(words_of(symbol))) for symbol, _ in inside]
    if not any(matches):
        return hit
    at = matches.index(max(matches))
    symbol, first = inside[at]
    later = [line for _, line in inside[at + 1 :] if line > first]
    last = min(later) - 1 if later else hit.last
    lines = hit.text.splitlines()[first - hit.first : last - hit.first + 1]
    while len(lines) > 1 and not lines[-1].strip():
        lines.pop()
    kind = "method" if "." in symbol else "function"
    text = "\n".join(lines)
    return replace(
        hit, symbol=symbol, kind=kind, first=first, last=first + len(lines) - 1, text=text
    )


def _hit(place: Place, text: str, score: float, why: tuple[str, ...]) -> Hit:
    return Hit(
        _collection(place),
        place.name,
        place.symbol,
        place.kind,
        place.language if place.source == FILE else "",
        place.first,
        place.last,
        text,
        score,
        why,
        place.content if place.source == FILE else "",
    )
