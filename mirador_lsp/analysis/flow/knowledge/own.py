"""Files of knowledge of the user's own: which of them can be used, and what is said of others."""

from collections.abc import Sequence

from mirador_lsp.analysis.flow.knowledge.files import BadKnowledgeError
from mirador_lsp.analysis.flow.knowledge.lookup import own_library
from mirador_lsp.core.clean import plain
from mirador_lsp.core.health import Check, Health
from mirador_lsp.core.knowledge import KnowledgeFile

_NAME = "data flow"


def usable(files: Sequence[KnowledgeFile]) -> tuple[KnowledgeFile, ...]:
    """Those that say what can be understood."""
    return tuple(file for file in files if not _wrong(file))


def knowledge_checks(files: Sequence[KnowledgeFile]) -> tuple[Check, ...]:
    """What to say of the user's files, one check for those that count and one for each other."""
    wrong = [(file, said) for file in files if (said := _wrong(file))]
    names = [file.source for file in files if file not in [each for each, _ in wrong]]
    made = [Check(_NAME, Health.OK, f"your own knowledge: {', '.join(names)}")] if names else []
    remedy = "Correct it as docs/flow.md says; until then it is left out."
    made += [Check(_NAME, Health.WARNING, said, remedy) for _, said in wrong]
    return tuple(made)


def _wrong(file: KnowledgeFile) -> str:
    """Why a file cannot be used; "" where it can."""
    try:
        own_library(file)
    except BadKnowledgeError as error:
        return plain(str(error), 300)
    return ""
