"""Chroma's folder before it is opened, judged without Chroma: plain SQLite and the sizes of files.

Beside the folder lie two files. One is there while it is being opened: whoever finds it knows that
the folder killed the last who tried. The other says what was there when it was closed.
"""

import json
import shutil
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from mirador_lsp.core.retrieval import EmbedderCard

COLLECTION = "vectors"
_FILE = "chroma.sqlite3"
_IDS = "SELECT embedding_id FROM embeddings WHERE typeof(embedding_id) = 'text'"
_OPENING = ".opening"
_CLOSED = ".closed"
_ANEW = "The vectors were begun anew"
_NO_FUNCTION = ("legacy", "unknown")
"""What Chroma writes where there is no embedding function."""
_BLOATED = 4
"""Times the size that its vectors need. Deleted ones are never taken out of its graph."""
_SPARE_BYTES = 32 * 1024 * 1024
_BYTES_BESIDE = 1500
"""What Chroma keeps of each vector besides its components, at most."""


def metadata_of(card: EmbedderCard) -> dict[str, str | int | float | bool | None]:
    """What the collection says of its vectors."""
    return {"embedder": card.name, "digest": card.digest, "dimensions": card.dimensions}


def begin_opening(folder: Path) -> None:
    """From now on, until `end_opening`, whoever finds the folder takes it for deadly."""
    _beside(folder, _OPENING).touch(mode=0o600)


def end_opening(folder: Path) -> None:
    """It did no harm."""
    _beside(folder, _OPENING).unlink(missing_ok=True)


def say_closed(folder: Path) -> None:
    """Write down what is there, now that nobody changes it."""
    file = _beside(folder, _CLOSED)
    draft = file.with_name(f"{file.name}.draft")
    with suppress(OSError):
        draft.write_text(json.dumps(_sizes(folder)))
        draft.replace(file)


def fault(folder: Path, card: EmbedderCard) -> tuple[str, bool]:
    """Why the folder must not be opened, in a sentence, "" for nothing; and whether it is known to
    be as it was when it was closed. This can be asked once: from now on it is open.
    """
    closed = _beside(folder, _CLOSED)
    sizes = None
    with suppress(OSError, ValueError, RecursionError):
        sizes = json.loads(closed.read_text())
    closed.unlink(missing_ok=True)
    if not folder.exists() and not folder.is_symlink():
        return "", False
    if _beside(folder, _OPENING).exists():
        return f"{_ANEW}: their folder did harm when it was last opened.", False
    said = None
    if not folder.is_symlink() and (folder / _FILE).is_file():
        try:
            said = _what_it_says(folder / _FILE)
        except (sqlite3.Error, ValueError, RecursionError):
            return f"{_ANEW}: their folder was damaged.", False
    if said is None:
        return f"{_ANEW}: their folder was not what it should be.", False
    if sizes is not None and sizes != _sizes(folder):
        return f"{_ANEW}: their folder was damaged.", False
    return _wrong_in(said, _bytes_in(folder), card), sizes is not None


def ids_in(folder: Path) -> frozenset[str]:
    """The ids of its vectors, thirty times as quick as Chroma tells them; not those that it has
    only noted down so far. To be asked before it is open: another SQLite than Chroma's own must not
    touch the file afterwards, for closing it would end Chroma's locks.
    """
    file = folder / _FILE
    if not file.is_file():
        return frozenset()
    try:
        with closing(_connection(file)) as connection:
            return frozenset(each for (each,) in connection.execute(_IDS))
    except sqlite3.Error:
        return frozenset()


def drop(folder: Path) -> None:
    """Remove the folder, or what lies in its place, and the files beside it, as far as possible."""
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)
    else:
        with suppress(OSError):
            folder.unlink(missing_ok=True)
    for ending in (_OPENING, _CLOSED):
        with suppress(OSError):
            _beside(folder, ending).unlink(missing_ok=True)


def _beside(folder: Path, ending: str) -> Path:
    return folder.with_name(f"{folder.name}{ending}")


def _wrong_in(said: tuple[dict[str, str], list[Any], int], size: int, card: EmbedderCard) -> str:
    metadata, configurations, count = said
    if metadata != {key: str(value) for key, value in metadata_of(card).items()}:
        return f"{_ANEW} for another embedder."
    if not all(_without_function(each) for each in configurations):
        return f"{_ANEW}: their folder named a function of somebody else's."
    need = count * (4 * card.dimensions + _BYTES_BESIDE) + _SPARE_BYTES
    if size > _BLOATED * need:
        return f"{_ANEW}: their folder held mostly what was deleted."
    return ""


def _what_it_says(file: Path) -> tuple[dict[str, str], list[Any], int] | None:
    """Metadata and configurations of the one collection, and its vectors; None for another."""
    with closing(_connection(file)) as connection:
        rows = connection.execute("SELECT * FROM collections LIMIT 2")
        columns = [column[0] for column in rows.description]
        found = [dict(zip(columns, row, strict=True)) for row in rows]
        if [row["name"] for row in found] != [COLLECTION]:
            return None
        (row,) = found
        texts = [value for key, value in row.items() if key.endswith(("json_str", "schema_str"))]
        # Whatever type a value has, it is in one of these columns.
        query = "SELECT key, coalesce(str_value, int_value) FROM collection_metadata"
        metadata = {key: str(value) for key, value in connection.execute(query)}
        (count,) = connection.execute("SELECT count(*) FROM embeddings").fetchone()
    return metadata, [json.loads(text) for text in texts if text], int(count)


def _connection(file: Path) -> sqlite3.Connection:
    # Not "ro": after a kill SQLite has to take back what was not finished before it can read.
    return sqlite3.connect(f"{file.resolve().as_uri()}?mode=rw", uri=True, timeout=1.0)


def _without_function(configuration: Any) -> bool:
    """Whether it names no embedding function, at any depth."""
    waiting = [configuration]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            waiting += value
        elif isinstance(value, dict):
            function = value.get("embedding_function")
            if function is not None and not (
                isinstance(function, dict) and function.get("type") in _NO_FUNCTION
            ):
                return False
            waiting += [each for key, each in value.items() if key != "embedding_function"]
    return True


def _bytes_in(folder: Path) -> int:
    return sum(each.lstat().st_size for each in folder.rglob("*"))


def _sizes(folder: Path) -> dict[str, int]:
    """Of the files of the graph; those of SQLite look after themselves."""
    files = (each for each in folder.glob("*/*") if each.is_file())
    return {str(each.relative_to(folder)): each.stat().st_size for each in sorted(files)}
