"""History as rows: what is written for a page, and values read from rows."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import fields
from itertools import zip_longest
from typing import Any

from mirador_lsp.core.feedback import document_of
from mirador_lsp.core.history import (
    Ending,
    Exchange,
    Kept,
    Kind,
    Life,
    Moment,
    Page,
    Session,
    Step,
    Surface,
    Visit,
)

LONGEST_QUESTION = 8_000
LONGEST_RESPONSE = 200_000
"""Characters that are kept; what is above is cut and counted."""
_LONGEST_LINE = 2_000
_LONGEST_PATH = 8_192
_MOST_SAID = 40
"""Of what reviews say in one part of a finding's life; a model that words it anew each time must
not fill the disk."""
_MOST_ABOUT = 500

Statement = tuple[str, Sequence[Any]]

EXCHANGE = (
    "id, session, kind, document, name, outcome, time, question, response, model, digest, stages,"
    " prompt_tokens, cached_tokens, completion_tokens, first_token_seconds, seconds, kept,"
    " conversation, repeats, cut"
)
LIFE = (
    "document, name, finding, rule, lens, severity, message, symbol, quote, tool, stage, first,"
    " last"
)
SESSION = "id, workspace, surface, client, began, last"
MOMENT = "step, time, stage, reason, message, confidence"

_SESSION = f"""
INSERT INTO history_sessions ({SESSION}) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET last = max(last, excluded.last)
"""  # noqa: S608 — our own columns
_EXCHANGE = f"""
INSERT INTO history_exchanges ({EXCHANGE}, bytes)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
    repeats = repeats + 1, time = max(time, excluded.time), seconds = excluded.seconds,
    prompt_tokens = prompt_tokens + excluded.prompt_tokens,
    cached_tokens = cached_tokens + excluded.cached_tokens,
    completion_tokens = completion_tokens + excluded.completion_tokens
"""  # noqa: S608 — our own columns
_MENTION = """
INSERT OR IGNORE INTO history_about (exchange, finding)
SELECT e.number, f.number FROM history_exchanges AS e, history_findings AS f
WHERE e.id = ? AND f.document = ? AND f.finding IN (SELECT value FROM json_each(?))
"""
_FIND_EXCHANGE = """
INSERT INTO history_words (rowid, question, response)
SELECT number, question, response FROM history_exchanges WHERE id = ? AND repeats = 0
"""
_FIND_LIFE = """
INSERT OR REPLACE INTO history_messages (rowid, message)
SELECT number, message FROM history_findings AS f
WHERE document = ? AND finding = ? AND NOT EXISTS (
    SELECT 1 FROM history_messages AS w WHERE w.rowid = f.number AND w.message = f.message
)
"""
_LIFE = """
INSERT INTO history_findings (document, name, finding, rule, lens, severity, message, symbol, quote,
    tool, stage, first, last, state, turn)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', 0)
ON CONFLICT (document, finding) DO UPDATE SET
    name = excluded.name, rule = excluded.rule, severity = excluded.severity,
    message = excluded.message, last = max(last, excluded.last)
"""
_NEXT_PART = """
UPDATE history_findings SET turn = turn + 1 WHERE document = ? AND finding = ? AND state <> ?
"""
_MOMENT = """
INSERT OR IGNORE INTO history_moments (finding, turn, step, stage, reason, message, confidence,
    time)
SELECT number, turn, ?, ?, ?, ?, ?, ? FROM history_findings AS f
WHERE document = ? AND finding = ? AND ? > (
    SELECT count(*) FROM history_moments AS m WHERE m.finding = f.number AND m.turn = f.turn
)
"""
_STATE = "UPDATE history_findings SET state = ? WHERE document = ? AND finding = ?"
_MEMORY = """
INSERT OR REPLACE INTO history_memories (id, folder, name, time, exchange, session)
VALUES (?, ?, ?, ?, ?, ?)
"""


def writes(page: Page) -> Iterator[Statement]:
    """The statements that keep a page, in their order."""
    if page.session is not None:
        yield _SESSION, session_values(page.session)
    yield from _lives(page.lives)
    for exchange in page.exchanges:
        yield _EXCHANGE, _exchange(exchange)
        yield _FIND_EXCHANGE, (line(exchange.id),)
        ids = [line(each) for each in exchange.findings[:_MOST_ABOUT]]
        if ids:
            yield _MENTION, (line(exchange.id), document(exchange.document), json.dumps(ids))
    for kept in page.memories:
        words = (line(kept.id), path(kept.folder), path(kept.name))
        yield _MEMORY, (*words, kept.time, line(kept.exchange), line(kept.session))


def session_values(session: Session) -> tuple[Any, ...]:
    """The values of `SESSION`."""
    visit = session.visit
    said = (path(visit.workspace), visit.surface.value, line(visit.client))
    return (line(session.id), *said, session.began, session.last)


def _exchange(exchange: Exchange) -> tuple[Any, ...]:
    question, response = exchange.question, exchange.response
    cut = max(0, len(question) - LONGEST_QUESTION) + max(0, len(response) - LONGEST_RESPONSE)
    question, response = storable(question, LONGEST_QUESTION), storable(response, LONGEST_RESPONSE)
    return (
        line(exchange.id),
        line(exchange.session),
        exchange.kind.value,
        document(exchange.document),
        path(exchange.name),
        exchange.outcome.value,
        exchange.time,
        question,
        response,
        line(exchange.model),
        line(exchange.digest),
        line(" ".join(exchange.stages)),
        exchange.prompt_tokens,
        exchange.cached_tokens,
        exchange.completion_tokens,
        exchange.first_token_seconds,
        exchange.seconds,
        int(exchange.kept),
        line(exchange.conversation),
        exchange.repeats,
        exchange.cut + cut,
        len(question.encode()) + len(response.encode()),
    )


def _lives(lives: Sequence[Life]) -> Iterator[Statement]:
    """Of equal statements that follow each other many run at the price of one, so the lives go on
    side by side: the first moments of all, then the second.
    """
    for life in lives:
        times = [moment.time for moment in life.moments]
        first, last = min(times, default=life.first), max(times, default=life.last)
        words = (life.rule, life.lens, life.severity, life.message, life.symbol, life.quote)
        told = map(line, (*words, life.tool, life.stage))
        where, finding = _key(life)
        yield _LIFE, (where, path(life.name), finding, *told, first, last)
    for life in lives:
        yield _FIND_LIFE, _key(life)
    for moments in zip_longest(*(_with_key(life) for life in lives)):
        now = [each for each in moments if each is not None]
        for key, moment in now:
            if moment.step.decisive:
                yield _NEXT_PART, (*key, moment.step.value)
        for key, moment in now:
            how = (moment.step.value, line(moment.stage), line(moment.reason), line(moment.message))
            yield _MOMENT, (*how, moment.confidence, moment.time, *key, _MOST_SAID)
    for life in lives:
        if life.moments:
            yield _STATE, (life.moments[-1].step.value, *_key(life))


def _with_key(life: Life) -> list[tuple[tuple[str, str], Moment]]:
    return [(_key(life), moment) for moment in life.moments]


def _key(life: Life) -> tuple[str, str]:
    return document(life.document), line(life.finding)


def session_of(row: Sequence[Any]) -> Session:
    """From `SESSION` and a count."""
    name, workspace, surface, client, began, last, count = row
    return Session(name, Visit(workspace, Surface(surface), client), began, last, count)


def exchange_of(row: Sequence[Any], findings: Sequence[str] = ()) -> Exchange:
    """From `EXCHANGE`."""
    said = dict(zip(EXCHANGE.split(", "), row, strict=True))
    said |= {
        "kind": Kind(said["kind"]),
        "outcome": Ending(said["outcome"]),
        "stages": tuple(said["stages"].split()),
        "kept": bool(said["kept"]),
        "findings": tuple(findings),
    }
    return Exchange(**said)


def life_of(row: Sequence[Any], moments: Sequence[Sequence[Any]] = ()) -> Life:
    """From `LIFE` and rows of `MOMENT`."""
    lived = tuple(Moment(Step(step), *rest) for step, *rest in moments)
    said = dict(zip(LIFE.split(", "), row, strict=True))
    return Life(**said, moments=lived)


def kept_of(row: Sequence[Any]) -> Kept:
    """From the fields of `Kept`."""
    return Kept(*row)


KEPT = ", ".join(field.name for field in fields(Kept))


def document(uri: str) -> str:
    """One spelling of a document."""
    return storable(document_of(uri), _LONGEST_PATH)


def path(text: str) -> str:
    """A name of a file or a folder."""
    return storable(text, _LONGEST_PATH)


def line(text: str) -> str:
    """A short text."""
    return storable(text, _LONGEST_LINE)


def storable(text: str, most: int) -> str:
    """The beginning of a text in a form that the file has: a lone surrogate has none, and a NUL
    would end the text for some functions of SQLite.
    """
    return text[:most].replace("\0", "\ufffd").encode("utf-8", "backslashreplace").decode("utf-8")
