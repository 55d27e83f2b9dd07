"""Rules files of a project, cut into sections of which those that speak of code are shown.

They are written for other tools and for people, and by whoever could write into the repository. So
they are data here as everything else: in a fence, without characters that cannot be seen.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mirador_lsp.core.clean import plain
from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.retrieval import RulesFile
from mirador_lsp.engine.context.compiler import RULES, Candidate, visible

_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$")
_FENCE = re.compile(r"^\s*(`{3,}|~{3,})")
_ABOUT_CODE = re.compile(
    r"style|convention|naming|rule|guideline|standard|pattern|error|exception|secur|logg|type|"
    r"architect|principle|review|quality|practice|avoid|never|always|must|performance",
    re.IGNORECASE,
)
_ABOUT_ELSE = re.compile(
    r"install|setup|set up|getting started|build|release|deploy|licen[cs]e|contact|command|"
    r"pull request|commit|branch|changelog|contributor|roadmap|environment|structure|overview",
    re.IGNORECASE,
)
_MOST_SECTION = 1200
"""Characters of one section."""
_MOST_SECTIONS = 40
_LEAST_WORTH = 0.25


@dataclass(frozen=True)
class _Section:
    heading: str
    text: str


def of_rules(files: Sequence[RulesFile]) -> tuple[list[Candidate], list[Notice]]:
    """The sections that may be shown, and what was taken out of them. The same for every unit of
    every file, so that a model reads them once.
    """
    candidates: list[Candidate] = []
    notices: list[Notice] = []
    for number, file in enumerate(files):
        text, removed = visible(file.text)
        if removed:
            notices.append(_told(file, f"{removed} characters that cannot be seen", removed))
        if file.cut:
            notices.append(_told(file, "what is above the limit of its size", 1))
        only_code = file.name.rpartition("/")[2].upper().startswith("CONTRIBUTING")
        for section in _sections(text)[:_MOST_SECTIONS]:
            worth = _worth(section, number)
            if worth < _LEAST_WORTH or (only_code and not _ABOUT_CODE.search(section.heading)):
                continue
            where = f"{file.name}, {section.heading}" if section.heading else file.name
            candidates.append(Candidate(RULES, where, where, section.text, worth, "text"))
    return candidates, notices


def _sections(text: str) -> list[_Section]:
    """A Markdown text cut at its headings; one without any is one section."""
    found: list[tuple[str, list[str]]] = [("", [])]
    fence = ""
    for line in text.split("\n"):
        mark = _FENCE.match(line)
        if mark is not None:
            fence = "" if fence and mark[1].startswith(fence) else fence or mark[1]
        heading = _HEADING.match(line) if not fence else None
        if heading is not None:
            found.append((plain(heading[1], 80), []))
        else:
            found[-1][1].append(line)
    sections = [_Section(heading, "\n".join(lines).strip()) for heading, lines in found]
    return [
        _Section(section.heading, _shortened(section.text)) for section in sections if section.text
    ]


def _shortened(text: str) -> str:
    if len(text) <= _MOST_SECTION:
        return text
    return text[:_MOST_SECTION].rpartition("\n")[0] or text[:_MOST_SECTION]


def _worth(section: _Section, number: int) -> float:
    """How much a section may matter: rules for code more than how to build it, and a special file
    more than a general one.
    """
    worth = 0.7 - 0.05 * number
    if _ABOUT_CODE.search(section.heading):
        worth += 0.3
    elif _ABOUT_ELSE.search(section.heading):
        worth -= 0.6
    elif not _ABOUT_CODE.search(section.text):
        worth -= 0.3
    return min(worth, 1.0)


def _told(file: RulesFile, what: str, count: int) -> Notice:
    text = f"{plain(file.name, 100)}: left out of the project's rules: {what}."
    return Notice(NoticeKind.TRUNCATED, text, count=count)
