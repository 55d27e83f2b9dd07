"""A patch applied in memory: what each of its files was, and what it becomes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from mirador_lsp.core.change_sets import ChangeKind, ChangeSet, FileChange
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.text import LineIndex, Span
from mirador_lsp.workspace.git.collecting import Identify, Pair, Side, file_change
from mirador_lsp.workspace.git.patches import FilePatch, Hunk
from mirador_lsp.workspace.sources import shown

_MOST_PADDING = 200_000

BaseOf = Callable[[str], str | None]
"""The text of a file of the tree, by its name; None where there is none that is text. May block."""


@dataclass(frozen=True)
class _Fitted:
    """Hunks with where they fit, as an index into the lines of the text."""

    places: tuple[int, ...]
    moved: int
    """How many of them are not where they say."""


def applied(
    patches: Sequence[FilePatch],
    base_of: BaseOf,
    title: str,
    identify: Identify,
    naming: Callable[[str], str] = shown,
) -> ChangeSet:
    """The change set of a patch over a tree. Blocks as `base_of` does.

    A patch that the tree has already is taken back to find what was before. Of a file that is not
    there, only the lines in the patch are seen. Raises `UserError` for one that does not fit.
    """
    files: list[FileChange] = []
    notices: list[Notice] = []
    for patch in patches:
        file, said = _one(patch, base_of, identify, naming)
        notices += said
        if file is not None:
            files.append(replace(file, path=patch.name))
    return ChangeSet(title, tuple(sorted(files, key=lambda f: f.name)), notices=tuple(notices))


def _one(
    patch: FilePatch, base_of: BaseOf, identify: Identify, naming: Callable[[str], str]
) -> tuple[FileChange | None, list[Notice]]:
    name = naming(patch.name)
    if patch.binary:
        return _named(patch, name, "binary"), []
    if any("\udc80" <= char <= "\udcff" for hunk in patch.hunks for char in _text_of(hunk)):
        return _named(patch, name, "not UTF-8"), []
    before, after, moved = _both(patch, base_of, name)
    notices = []
    if moved:
        places = "1 place" if moved == 1 else f"{moved} places"
        text = f"{name}: {places} of the patch fit elsewhere than where they say."
        notices.append(Notice(NoticeKind.FALLBACK, text, moved))
    if before is None and after is None:
        text = f"{name}: the file is not here, so only the lines in the patch are seen."
        notices.append(Notice(NoticeKind.TRUNCATED, text))
        return _alone(patch, name, identify, naming), notices
    renamed = patch.old_name if patch.old_name and patch.old_name != patch.name else ""
    pair = Pair(patch.name, _side(before), _side(after))
    return file_change(pair, renamed, identify, naming), notices


def _both(patch: FilePatch, base_of: BaseOf, name: str) -> tuple[str | None, str | None, int]:
    """Text before and after, and how many hunks are elsewhere; (None, None, 0) without the file."""
    if not patch.old_name:
        made = _image(patch.hunks, "+")
        there = base_of(patch.new_name)
        if there is not None and _bare(there) != _bare(made):
            raise _misfit(name, patch, "it makes a file that is there already")
        return None, made, 0
    if not patch.new_name:
        there = base_of(patch.old_name)
        return (there if there is not None else _image(patch.hunks, "-")), None, 0
    base = base_of(patch.old_name)
    other = base_of(patch.new_name) if base is None else base
    if other is None:
        return None, None, 0
    for exact in (True, False):
        if base is not None and (fit := _fit(base, patch.hunks, "-", exact=exact)) is not None:
            return base, _made(base, patch.hunks, fit, "-"), fit.moved
        if (fit := _fit(other, patch.hunks, "+", exact=exact)) is not None:
            return _made(other, patch.hunks, fit, "+"), other, fit.moved
    raise _misfit(name, patch, "the lines around its changes are not those of the file")


def _misfit(name: str, patch: FilePatch, why: str) -> UserError:
    at = patch.hunks[0].at if patch.hunks else patch.at
    message = f"The patch does not fit {name} (line {at} of the patch): {why}."
    return UserError(message, remedy="Check out the version that it was made for, or make it anew.")


def _fit(text: str, hunks: Sequence[Hunk], mark: str, *, exact: bool) -> _Fitted | None:
    """Where the hunks fit: their side of `mark`, line ends aside."""
    lines = _lines(text)
    places: list[int] = []
    after = drift = moved = 0
    for hunk in hunks:
        wanted = [_bare(line) for line in hunk.side(mark)]
        start = (hunk.old_start if mark == "-" else hunk.new_start) - bool(wanted)
        at = _found(lines, wanted, max(start + drift, 0), after, exact=exact)
        if at is None:
            return None
        moved += at != start
        drift = at - start
        after = at + len(wanted)
        places.append(at)
    return _Fitted(tuple(places), moved)


def _found(
    lines: Sequence[str], wanted: Sequence[str], start: int, after: int, *, exact: bool
) -> int | None:
    """The place nearest to `start`, and not above `after`, where the lines are."""
    last = len(lines) - len(wanted)
    steps = range(1) if exact else range(len(lines) + 1)
    for step in steps:
        for at in dict.fromkeys((start - step, start + step)):
            if after <= at <= last and list(lines[at : at + len(wanted)]) == list(wanted):
                return at
        if not wanted:  # lines that stand alone fit where they say or nowhere
            return None
    return None


def _made(text: str, hunks: Sequence[Hunk], fit: _Fitted, mark: str) -> str:
    """The text with the hunks' side of `mark` replaced by the other."""
    index = LineIndex(text)
    end = "\r\n" if "\r\n" in text else "\n"
    whole = [_full(index, text, number) for number in range(len(index))]
    if whole and not whole[-1]:
        whole.pop()
    pieces: list[str] = []
    done = 0
    for hunk, at in zip(hunks, fit.places, strict=True):
        pieces += whole[done:at]
        done = at
        for each, line in hunk.lines:
            if each == " ":
                pieces.append(whole[done])
                done += 1
            elif each == mark:
                done += 1
            else:
                pieces.append(_bare(line) + end)
    rest = whole[done:]
    made = "".join(pieces + rest)
    bare = hunks[-1].ends_bare[1 if mark == "-" else 0] if hunks else False
    return made.removesuffix(end) if bare and not rest else made


def _full(index: LineIndex, text: str, number: int) -> str:
    span = index.full_line_span(number)
    return text[span.start : span.end]


def _lines(text: str) -> list[str]:
    index = LineIndex(text)
    lines = [index.line_text(number) for number in range(len(index))]
    return lines[:-1] if lines and not lines[-1] else lines


def _bare(line: str) -> str:
    return line.rstrip("\r\n") if line.count("\n") <= 1 else line.replace("\r\n", "\n").rstrip("\n")


def _image(hunks: Sequence[Hunk], mark: str) -> str:
    return "".join(f"{_bare(line)}\n" for hunk in hunks for line in hunk.side(mark))


def _text_of(hunk: Hunk) -> str:
    return "".join(text for _, text in hunk.lines)


def _side(text: str | None) -> Side | None:
    return None if text is None else Side(text)


def _named(patch: FilePatch, name: str, why: str) -> FileChange:
    kind = ChangeKind.MODIFIED if patch.old_name else ChangeKind.ADDED
    if not patch.new_name:
        return FileChange(name, ChangeKind.DELETED, None, None, why_not="it was deleted")
    return FileChange(name, kind, None, None, why_not=why)


def _alone(
    patch: FilePatch, name: str, identify: Identify, naming: Callable[[str], str]
) -> FileChange | None:
    """A file of which nothing but the patch is known: its lines where they will be, blanks
    between them.
    """
    lines: list[str] = []
    new: list[int] = []
    removed = 0
    for hunk in patch.hunks:
        start = hunk.new_start - bool(hunk.side("+"))
        if start > _MOST_PADDING:
            return _named(patch, name, "too far below in a file that is not here")
        lines += [""] * (start - len(lines))
        for mark, text in hunk.lines:
            if mark == "-":
                removed += 1
                continue
            if mark == "+":
                new.append(len(lines))
            lines.append(_bare(text))
    pair = Pair(patch.name, None, Side("".join(f"{line}\n" for line in lines)))
    file = file_change(pair, "", identify, naming)
    if file is None or file.snapshot is None:
        return file
    kind = ChangeKind.RENAMED if patch.old_name != patch.new_name else ChangeKind.MODIFIED
    spans = tuple(_line_spans(file.snapshot, new))
    old = naming(patch.old_name) if kind is ChangeKind.RENAMED else ""
    return replace(file, kind=kind, spans=spans, old_name=old, added=len(new), removed=removed)


def _line_spans(snapshot: Snapshot, numbers: Sequence[int]) -> list[Span]:
    spans: list[Span] = []
    for number in numbers:
        line = snapshot.lines.line_span(number)
        if spans and spans[-1].end + 1 == line.start:
            spans[-1] = Span(spans[-1].start, line.end)
        else:
            spans.append(line)
    return spans
