"""The file of a baseline: read as something that anybody may have written, written whole.

It is JSON with one finding to a line, sorted, so that a change of it can be read and merged.
"""

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from mirador_lsp.core.baseline import Baseline, Entry
from mirador_lsp.core.clean import plain, stream_safe
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.findings import Severity
from mirador_lsp.settings.files import Unreadable, read_file

NAME = ".mirador-baseline.json"
VERSION = 1
MOST_ENTRIES = 100_000
_MAX_BYTES = 32 * 1024 * 1024
_LONGEST = 4096
_FINGERPRINT = re.compile(r"[0-9a-f]{16}")
_ANEW = "Write it anew: mirador baseline write"


def read_baseline(file: Path, name: str) -> Baseline | None:
    """The baseline in `file`, which users call `name`; None when there is none.

    Raises `UserError` for one that cannot be used: a part of it would let known findings fail a
    run, or new ones pass.
    """
    content = read_file(file, follow=False, most=_MAX_BYTES)
    if content is None:
        return None
    if isinstance(content, Unreadable):
        message = f"The baseline {name} {content.message}."
        raise UserError(message, remedy=content.remedy)
    try:
        said = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise _unusable(name, f"is not valid JSON ({plain(str(error), 100)})") from error
    entries = tuple(sorted(set(_entries(said, name))))
    return Baseline(name, str(file.parent), entries)


def write_baseline(file: Path, entries: Sequence[Entry], name: str) -> None:
    """Replace the file by one with these entries, all at once. Raises `UserError`."""
    rows = [json.dumps(_row(entry), ensure_ascii=True) for entry in sorted(set(entries))]
    body = ",\n    ".join(rows)
    found = f"[\n    {body}\n  ]" if rows else "[]"
    text = f'{{\n  "mirador-baseline": {VERSION},\n  "findings": {found}\n}}\n'
    beside = file.with_name(f".{file.name}.{os.getpid()}.part")
    if os.path.lexists(file) and (file.is_symlink() or not file.is_file()):
        message = f"Cannot write the baseline {name}: there is something else than a file."
        raise UserError(message, remedy="Name another file with --file.")
    try:
        with beside.open("x", encoding="utf-8", newline="\n") as draft:
            draft.write(text)
        beside.replace(file)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        message = f"Cannot write the baseline {name}: {reason}."
        raise UserError(message, remedy="Name another file with --file.") from error
    finally:
        beside.unlink(missing_ok=True)


def _row(entry: Entry) -> dict[str, str]:
    return {
        "path": entry.path,
        "rule": entry.rule,
        "severity": entry.severity.value,
        "id": entry.id,
        "like": entry.like,
    }


def _entries(said: object, name: str) -> list[Entry]:
    if not isinstance(said, Mapping) or "mirador-baseline" not in said:
        raise _unusable(name, "is no baseline of Mirador's")
    if said["mirador-baseline"] != VERSION:
        version = plain(str(said["mirador-baseline"]), 20)
        raise _unusable(name, f"is of version {version}, and this Mirador reads {VERSION}")
    rows = said.get("findings")
    if not isinstance(rows, list):
        raise _unusable(name, 'has no list of "findings"')
    if len(rows) > MOST_ENTRIES:
        raise _unusable(name, f"holds more than {MOST_ENTRIES:,} findings")
    return [_entry(row, number, name) for number, row in enumerate(rows, 1)]


def _entry(row: object, number: int, name: str) -> Entry:
    if not isinstance(row, Mapping):
        raise _unusable(name, f"holds something else than a finding (number {number})")
    said = {key: row.get(key) for key in ("path", "rule", "severity", "id", "like")}
    for key, value in said.items():
        if not isinstance(value, str) or not _fits(key, value):
            raise _unusable(name, f'holds a finding without a usable "{key}" (number {number})')
    path, rule, severity, id_, like = (str(value) for value in said.values())
    return Entry(path, rule, id_, like, Severity(severity))


def _fits(key: str, value: str) -> bool:
    match key:
        case "id" | "like":
            return _FINGERPRINT.fullmatch(value) is not None
        case "severity":
            return value in set(Severity)
        case "path":
            return 0 < len(value) <= _LONGEST and "\0" not in value and _stays_inside(value)
        case _:
            return 0 < len(value) <= 300 and stream_safe(value) == value and "\n" not in value


def _stays_inside(path: str) -> bool:
    """A baseline speaks of the files beside and below it alone."""
    return not path.startswith("/") and ".." not in PurePosixPath(path).parts


def _unusable(name: str, why: str) -> UserError:
    return UserError(f"The baseline {plain(name, 200)} {why}.", remedy=_ANEW)
