"""How files are cut and words are made: what was made another way is made again."""

import hashlib
import sqlite3
from importlib.resources import files

from mirador_lsp.index import sources

_READ_AGAIN = "The files are read again: this version of Mirador cuts them another way."


def follow(connection: sqlite3.Connection, recipe: str, now: float) -> str:
    """Forget what was not made by `recipe` and by the words of this version; says so, or "".

    The words of a row are removed by naming them again, so an index made with other words would
    come apart. Chunks and their vectors stay for a while: equal ones are taken up again.
    """
    wanted = _fingerprint(recipe)
    found = connection.execute("SELECT value FROM facts WHERE name = 'recipe'").fetchone()
    if found is not None and found[0] == wanted:
        return ""
    if found is not None:
        _forget_files(connection, now)
        _anew_memories(connection)
    query = "INSERT OR REPLACE INTO facts (name, value) VALUES ('recipe', ?)"
    connection.execute(query, (wanted,))
    return "" if found is None else _READ_AGAIN


def _fingerprint(recipe: str) -> str:
    words = files("mirador_lsp.index").joinpath("words.py").read_bytes()
    return hashlib.sha256(words + recipe.encode("utf-8", "surrogatepass")).hexdigest()


def _forget_files(connection: sqlite3.Connection, now: float) -> None:
    connection.execute("INSERT INTO words_of_files (words_of_files) VALUES ('delete-all')")
    connection.execute("DELETE FROM files")
    connection.execute("DELETE FROM mentions")
    # Under another content nobody takes them for the file as it would be cut now.
    connection.execute(
        "UPDATE sources SET content = 'cut another way ' || id, gone = coalesce(gone, ?)"
        " WHERE kind = ?",
        (now, sources.FILE),
    )


def _anew_memories(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO words_of_memories (words_of_memories) VALUES ('delete-all')")
    query = "SELECT id, kind, name FROM sources WHERE kind <> ? AND gone IS NULL"
    for source, kind, name in connection.execute(query, (sources.FILE,)).fetchall():
        sources.show_words(connection, source, kind, name)
