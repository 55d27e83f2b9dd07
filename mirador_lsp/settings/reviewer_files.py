"""Reviewers of the user's own: Markdown files with front matter, in a folder beside the settings.

---
title: Database migrations
lens: bug
languages: [python, sql]
paths: ["migrations/**"]
---
Look for changes of tables that lock them for long, and for columns that are dropped while
older versions of the program still read them.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from mirador_lsp.core.clean import plain, stream_safe
from mirador_lsp.core.findings import Lens, Severity
from mirador_lsp.core.reviewers import MOST_CHARACTERS, Reviewer
from mirador_lsp.core.yaml_text import parse_yaml
from mirador_lsp.settings.files import Unreadable, read_file
from mirador_lsp.settings.problems import Problem, problem

FOLDER = "reviewers"
MOST = 16
"""Reviewers of one folder: each is one more question about every part of a file."""
_MOST_BYTES = 16 * 1024
_MOST_FILES = 200
_FENCE = "---"
_DEEPEST = 3
_NOT_USED = "Correct it; until then this reviewer does not look."

_Name = Annotated[str, Meta(pattern=r"^[a-z0-9-]{1,40}\Z")]
_Pattern = Annotated[str, Meta(min_length=1, max_length=200)]


class _Front(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: _Name = ""
    title: Annotated[str, Meta(max_length=120)] = ""
    lens: Lens = Lens.BUG
    severity: Severity | None = None
    languages: Annotated[tuple[_Name, ...], Meta(max_length=32)] = ()
    paths: Annotated[tuple[_Pattern, ...], Meta(max_length=32)] = ()


def read_reviewers(folder: Path) -> tuple[tuple[Reviewer, ...], tuple[Problem, ...]]:
    """The reviewers of a folder in the order of their files' names, and what is wrong with others.

    Reads small files; raises nothing.
    """
    found: dict[str, Reviewer] = {}
    problems: list[Problem] = []
    for file in _files(folder):
        read = read_reviewer(file)
        if isinstance(read, Problem):
            problems.append(read)
        elif read.name in found:
            text = f'has the name "{read.name}", as another one does'
            problems.append(problem(_shown(file), "", text, _NOT_USED))
        elif len(found) == MOST:
            text = f"is one too many: a folder may hold {MOST} reviewers"
            problems.append(problem(_shown(file), "", text, "Remove those you can do without."))
            break
        else:
            found[read.name] = read
    return tuple(found.values()), tuple(problems)


def read_reviewer(file: Path) -> Reviewer | Problem:
    """The reviewer that a file defines, or what is wrong with it."""
    content = read_file(file, follow=True, most=_MOST_BYTES)
    if content is None:
        return problem(_shown(file), "", "is not there", "Name a file that is.")
    if isinstance(content, Unreadable):
        return problem(_shown(file), "", content.message, content.remedy)
    try:
        front, body = _parts(content.decode("utf-8-sig").replace("\r\n", "\n"))
        said = msgspec.convert(parse_yaml(front, deepest=_DEEPEST) or {}, _Front)
        return _reviewer(file, said, body)
    except UnicodeDecodeError:
        return problem(_shown(file), "", "is not UTF-8", "Save it as UTF-8.")
    except (ValueError, RecursionError) as error:
        return problem(_shown(file), "", f"cannot be used: {plain(str(error), 200)}", _NOT_USED)


def _parts(text: str) -> tuple[str, str]:
    """Front matter and what follows it. A text without any is all instructions."""
    first, _, rest = text.partition("\n")
    if first.rstrip() != _FENCE:
        return "", text
    lines = rest.split("\n")
    ends = [number for number, line in enumerate(lines) if line.rstrip() == _FENCE]
    if not ends:
        message = f"its front matter has no end: a line of {_FENCE}"
        raise ValueError(message)
    return "\n".join(lines[: ends[0]]), "\n".join(lines[ends[0] + 1 :])


def _reviewer(file: Path, said: _Front, body: str) -> Reviewer:
    instructions = stream_safe(body).strip()
    if not instructions:
        message = "it does not say what to look for"
        raise ValueError(message)
    if len(instructions) > MOST_CHARACTERS:
        message = f"its instructions are longer than {MOST_CHARACTERS} characters"
        raise ValueError(message)
    name = said.name or msgspec.convert(file.stem.lower(), _Name)
    return Reviewer(
        name=name,
        title=plain(said.title, 120) or name,
        instructions=instructions,
        lens=Lens(name) if name in tuple(Lens) else said.lens,
        severity=said.severity,
        languages=said.languages,
        paths=said.paths,
        source=_shown(file),
    )


def _files(folder: Path) -> Iterator[Path]:
    try:
        names = sorted(entry.name for entry in folder.iterdir())
    except (OSError, ValueError):
        return
    for name in [name for name in names if name.endswith(".md")][:_MOST_FILES]:
        if not name.startswith(".") and name.lower() != "readme.md":
            yield folder / name


def _shown(file: Path) -> str:
    return plain(str(file), 300)
