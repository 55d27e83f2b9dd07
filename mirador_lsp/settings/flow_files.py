"""Knowledge of libraries of the user's own: TOML files in a folder beside the settings.

What they may say is known to data flow (`analysis.flow.knowledge`), which has the last word; here
they are read.
"""

from collections.abc import Iterator
from pathlib import Path

from mirador_lsp.core.clean import plain
from mirador_lsp.core.knowledge import KnowledgeFile
from mirador_lsp.settings.files import Unreadable, parse_toml, read_file
from mirador_lsp.settings.problems import Problem, problem

FOLDER = "flow"
MOST = 32
"""Files of one folder."""
_MOST_BYTES = 64 * 1024


def read_knowledge(folder: Path) -> tuple[tuple[KnowledgeFile, ...], tuple[Problem, ...]]:
    """The files of a folder in the order of their names, and what is wrong with others.

    Reads small files; raises nothing.
    """
    found: list[KnowledgeFile] = []
    problems: list[Problem] = []
    for file in _files(folder):
        shown = plain(str(file), 300)
        if len(found) == MOST:
            text = f"is one too many: a folder may hold {MOST} files of knowledge"
            problems.append(problem(shown, "", text, "Join some of them."))
            break
        content = read_file(file, follow=True, most=_MOST_BYTES)
        if content is None:
            continue
        said = content if isinstance(content, Unreadable) else parse_toml(content)
        if isinstance(said, Unreadable):
            problems.append(problem(shown, "", said.message, said.remedy))
        elif isinstance(content, bytes):
            found.append(KnowledgeFile(shown, content.decode("utf-8-sig")))
    return tuple(found), tuple(problems)


def _files(folder: Path) -> Iterator[Path]:
    try:
        names = sorted(entry.name for entry in folder.iterdir())
    except (OSError, ValueError):
        return
    yield from (folder / n for n in names if n.endswith(".toml") and not n.startswith("."))
