"""What comes before the findings of a reviewed change: what it does, and how risky that is."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mirador_lsp.core.change_sets import ChangeKind, FileChange, Overview, RiskLevel
from mirador_lsp.core.clean import plain
from mirador_lsp.core.findings import Finding, Lens, Severity
from mirador_lsp.engine.changed.study import Study
from mirador_lsp.engine.changed.symbols import SymbolChange, Touch

_LARGE, _HUGE = 400, 1500
_MANY_FILES = 30
_MANY_CALLERS, _MOST_CALLERS = 5, 20
_OFTEN = 20
_HIGH, _MEDIUM = 4, 2
_MOST_NAMED = 5
_SENSITIVE = re.compile(
    r"auth|login|passw|secret|token|credential|crypt|permission|session|cookie|csrf|sanitiz"
    r"|escape|certificate|signature|private_?key|api_?key|deseriali[sz]e|\bsql\b|\bexec\b|\beval\b"
    r"|subprocess|shell|pickle|trust|firewall|policy",
    re.IGNORECASE,
)
_PLUMBING = re.compile(
    r"(^|/)(\.github/|\.gitlab-ci|Jenkinsfile|Dockerfile|docker-compose|\.circleci/|Makefile"
    r"|setup\.py|pyproject\.toml|package\.json|go\.mod|Cargo\.toml|requirements[^/]*\.txt)"
)
_TESTS = re.compile(
    r"(^|/)(tests?|__tests__|specs?)/|(^|/)(test_[^/]+|[^/]+[._-](test|spec))\.\w+$"
)


@dataclass(frozen=True)
class Heard:
    """What else is known when a change is told of."""

    findings: Sequence[Finding] = ()
    """Those that are shown."""
    often: Mapping[str, int] = field(default_factory=dict)
    """In how many of the latest commits each file was changed."""
    said: str = ""
    """What a model says is to be seen to first; plain, may be empty."""
    by: str = ""
    """Which model."""


@dataclass(frozen=True)
class Understood:
    """A change, and what is known of it."""

    study: Study
    often: Mapping[str, int]
    """In how many of the latest commits each of its files was changed, by name."""


def tell(
    understood: Understood, findings: Sequence[Finding] = (), said: tuple[str, str] = ("", "")
) -> Overview:
    """The overview of a change; `said` is what a model says of it, and which model."""
    return overview(understood.study, Heard(findings, understood.often, *said))


def overview(study: Study, heard: Heard | None = None) -> Overview:
    """The overview of a change. Pure: the same change is told in the same words."""
    heard = heard if heard is not None else Heard()
    sentences = [_size(study.change.files), *_symbols(study.symbols), _tests(study.change.files)]
    unseen = [file for file in study.change.files if file.snapshot is None]
    sentences.append(_unseen(unseen))
    if heard.said:
        sentences.append(f"{heard.by or 'A model'} says: {plain(heard.said, 300)}")
    weights = sorted(_reasons(study, heard), key=lambda pair: -pair[0])
    total = sum(weight for weight, _ in weights)
    risk = RiskLevel.HIGH if total >= _HIGH else RiskLevel.LOW
    if _MEDIUM <= total < _HIGH:
        risk = RiskLevel.MEDIUM
    reasons = tuple(reason for _, reason in weights)
    return Overview(study.change.title, tuple(filter(None, sentences)), risk, reasons)


def is_test(name: str) -> bool:
    """Whether a file is one of tests, by its name."""
    return _TESTS.search(name) is not None


def _size(files: Sequence[FileChange]) -> str:
    if not files:
        return "Nothing changed."
    kinds = Counter(file.kind for file in files)
    words = {
        ChangeKind.MODIFIED: "changed",
        ChangeKind.ADDED: "new",
        ChangeKind.RENAMED: "renamed",
        ChangeKind.DELETED: "deleted",
    }
    parts = ", ".join(f"{kinds[kind]:,} {word}" for kind, word in words.items() if kinds[kind])
    added, removed = sum(f.added for f in files), sum(f.removed for f in files)
    return (
        f"{_plural(len(files), 'file')}: {parts}; "
        f"{_plural(added, 'line')} added, {removed:,} removed."
    )


def _symbols(symbols: Sequence[SymbolChange]) -> list[str]:
    heads = {
        Touch.REMOVED: "Removed",
        Touch.RENAMED: "Renamed",
        Touch.RESIGNED: "With another signature",
        Touch.ADDED: "New",
        Touch.EDITED: "Edited",
    }
    told = []
    for touch, head in heads.items():
        names = [_named(each) for each in symbols if each.touch is touch and not is_test(each.file)]
        if names:
            more = f" and {len(names) - _MOST_NAMED:,} more" * (len(names) > _MOST_NAMED)
            told.append(f"{head}: {', '.join(names[:_MOST_NAMED])}{more}.")
    return told


def _named(symbol: SymbolChange) -> str:
    old = f"{symbol.old_path} to " if symbol.old_path else ""
    return plain(f"{old}{symbol.path}", 120)


def _tests(files: Sequence[FileChange]) -> str:
    tests = [file for file in files if is_test(file.name)]
    if not tests:
        return "No test is touched." if any(f.snapshot for f in files) else ""
    gone = sum(file.kind is ChangeKind.DELETED for file in tests)
    tail = f", {gone} of them deleted" if gone else ""
    return f"{_plural(len(tests), 'test file')} touched{tail}."


def _unseen(files: Sequence[FileChange]) -> str:
    left = [file for file in files if file.kind is not ChangeKind.DELETED]
    if not left:
        return ""
    reasons = Counter(file.why_not.partition(":")[0] for file in left).most_common(3)
    why = ", ".join(f"{count:,} {reason}" for reason, count in reasons)
    return f"{_plural(len(left), 'file')} cannot be reviewed: {why}."


def _reasons(study: Study, heard: Heard) -> list[tuple[int, str]]:
    files = study.change.files
    found: list[tuple[int, str]] = []
    errors = [f for f in heard.findings if f.severity is Severity.ERROR]
    if errors:
        found.append((4, f"{_plural(len(errors), 'error')} found"))
    doubts = [f for f in heard.findings if f.lens is Lens.SECURITY and f not in errors]
    if doubts:
        found.append((2, f"{_plural(len(doubts), 'finding')} about security"))
    broken = sum(map(len, study.uses.findings.values()))
    if broken:
        places = "1 place still uses" if broken == 1 else f"{broken:,} places still use"
        found.append((4, f"{places} what changed as it was"))
    lines = sum(file.added + file.removed for file in files if file.snapshot is not None)
    if lines > _LARGE or len(files) > _MANY_FILES:
        weight = 2 if lines > _HUGE else 1
        found.append((weight, f"it is large: {lines:,} lines in {_plural(len(files), 'file')}"))
    return [*found, *_by_places(study), *_by_past(study, heard)]


def _by_places(study: Study) -> list[tuple[int, str]]:
    files = study.change.files
    found: list[tuple[int, str]] = []
    gone = [f.name for f in files if f.kind is ChangeKind.DELETED and is_test(f.name)]
    if gone:
        found.append((2, f"tests are deleted: {_some(gone)}"))
    code = [f for f in files if f.snapshot is not None and f.spans and not is_test(f.name)]
    if code and not any(is_test(f.name) for f in files):
        found.append((1, "code changes and no test does"))
    touched = [f"{f.name} {_changed_text(f)}" for f in code]
    names = [f.name for f, text in zip(code, touched, strict=True) if _SENSITIVE.search(text)]
    if names:
        found.append((2, f"it touches places that matter for security: {_some(names)}"))
    plumbing = [f.name for f in files if _PLUMBING.search(f.name)]
    if plumbing:
        found.append((1, f"it changes how the project is built or delivered: {_some(plumbing)}"))
    removed = [s for s in study.symbols if s.touch in (Touch.REMOVED, Touch.RESIGNED)]
    outside = [s for s in removed if not is_test(s.file) and not s.name.startswith("_")]
    if outside:
        names = [_named(each) for each in outside]
        found.append((1, f"what others may call is gone or takes something else: {_some(names)}"))
    return found


def _by_past(study: Study, heard: Heard) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    known = {(s.file, s.path): s for s in study.symbols}
    central = max(study.uses.callers.items(), key=lambda pair: pair[1], default=None)
    if central is not None and central[1] >= _MANY_CALLERS and central[0] in known:
        weight = 2 if central[1] >= _MOST_CALLERS else 1
        name = _named(known[central[0]])
        found.append((weight, f"{name} is used in {_plural(central[1], 'other file')}"))
    often = {f.name: heard.often.get(f.name, 0) for f in study.change.files}
    most = max(often.items(), key=lambda pair: pair[1], default=("", 0))
    if most[1] >= _OFTEN:
        found.append((1, f"{most[0]} changes often: in {most[1]:,} of the latest commits"))
    return found


def _changed_text(file: FileChange) -> str:
    text = file.snapshot.text if file.snapshot is not None else ""
    return " ".join(text[span.start : span.end] for span in file.spans)[:200_000]


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3:,} more"


def _plural(count: int, noun: str) -> str:
    return f"1 {noun}" if count == 1 else f"{count:,} {noun}s"
