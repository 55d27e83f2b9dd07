"""A pull request as a change set: what is read, what is left out, and that it is said."""

import os
from pathlib import Path

import pytest

from fakes.forges.opened import opened
from fakes.forges.serving import File
from mirador_lsp import pull_requests
from mirador_lsp.core.change_sets import ChangeKind, ChangeSet, FileChange
from mirador_lsp.core.pulls import ForgeKind

LATIN = b"# -*- coding: latin-1 -*-\na = '\xe9'\n"
TEXT = "".join(f"line {number}\n" for number in range(1, 31))


async def change_of(
    kind: ForgeKind, files: list[File], root: Path | None = None
) -> tuple[ChangeSet, dict[str, FileChange]]:
    """The change set of a pull request with these files."""
    async with opened(kind, files) as it:
        pulled = await pull_requests.read_pull(it.forge, root)
    return pulled.change, {file.name: file for file in pulled.change.files}


def changed(file: FileChange) -> list[str]:
    """The texts of its changed places."""
    assert file.snapshot is not None
    return [file.snapshot.text[span.start : span.end].rstrip("\n\r") for span in file.spans]


@pytest.mark.parametrize("kind", list(ForgeKind))
async def test_files_have_both_texts_and_their_changed_places(kind: ForgeKind) -> None:
    """Though only the text after is fetched."""
    after = TEXT.replace("line 10\n", "line ten\n").replace("line 20\n", "")
    files = [
        File("src/a.py", TEXT, after),
        File("src/new.py", None, "fresh = 1\n"),
        File("src/moved.py", TEXT, TEXT + "tail = 1\n", old_name="src/was.py"),
        File("src/gone.py", "a = 1\nb = 2\n", None),
        File("src/crlf.py", "a = 1\r\nb = 2\r\n", "a = 1\r\nb = 3\r\n"),
        File("src/bare.py", "a = 1", "a = 2"),
        File("src/ein Käfer (2).py", "a = 1\n", "a = 2\n"),
    ]
    change, found = await change_of(kind, files)
    assert [f.before for f in found.values()] == [
        {"src/new.py": None}.get(name, next(str(f.before) for f in files if f.name == name))
        for name in found
    ]
    assert changed(found["src/a.py"])[0] == "line ten"
    assert found["src/a.py"].added == 1
    assert found["src/a.py"].removed == 2
    assert changed(found["src/new.py"]) == ["fresh = 1"]
    assert found["src/moved.py"].kind is ChangeKind.RENAMED
    assert found["src/moved.py"].old_name == "src/was.py"
    assert changed(found["src/moved.py"]) == ["tail = 1"]
    assert found["src/gone.py"].kind is ChangeKind.DELETED
    assert found["src/gone.py"].removed == 2
    assert changed(found["src/crlf.py"]) == ["b = 3"]
    assert changed(found["src/bare.py"]) == ["a = 2"]
    assert len(change.head) == len(change.base) == 40
    assert "12" in change.title
    assert "Mend the cart" in change.title


@pytest.mark.parametrize("kind", list(ForgeKind))
async def test_what_is_no_text_is_told(kind: ForgeKind) -> None:
    """Each with its reason; nothing is silently missing."""
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 2\n"
    files = [
        File("a.png", None, b"\x89PNG\0"),
        File("b.py", b"a\0", b"b\0"),
        File("linked.py", "../one.py", "../two.py", mode="120000"),
        File("vendor", "Subproject commit 1\n", "Subproject commit 2\n", mode="160000"),
        File("big.py", TEXT, pointer),
        File("latin.py", LATIN, LATIN + b"b = 2\n"),
        File("odd.py", b"a = '\xe9'\n", b"a = '\xe9'\nb = 2\n"),
        File("same.py", TEXT, TEXT, old_name="other.py"),
    ]
    change, found = await change_of(kind, files)
    assert len(change.files) == len(files)
    reviewed = {name for name, file in found.items() if file.snapshot is not None}
    assert reviewed == {"latin.py"}
    assert all(file.why_not for name, file in found.items() if name not in reviewed)
    assert "Git LFS" in found["big.py"].why_not
    assert found["linked.py"].why_not == "a symbolic link"
    assert found["vendor"].why_not == "a submodule"


@pytest.mark.parametrize("kind", list(ForgeKind))
async def test_names_that_lead_elsewhere_are_no_files(kind: ForgeKind, tmp_path: Path) -> None:
    """A forge, or whoever pushed to it, may name anything."""
    names = ["../up.py", "/etc/passwd.py", "a/../../b.py", "a//b.py", "./c.py", "d\\e.py"]
    files = [File(name, "a = 1\n", "a = 2\n") for name in names]
    async with opened(kind, [*files, File("fine.py", "a = 1\n", "a = 2\n")]) as it:
        pulled = await pull_requests.read_pull(it.forge, tmp_path)
        asked = [each.path for each in it.stand_in.asked]
    assert [file.name for file in pulled.change.files] == ["fine.py"]
    assert len(pulled.change.notices) == len(names)
    assert not any("passwd" in path or "up.py" in path for path in asked)
    assert os.listdir(tmp_path) == []  # noqa: PTH208 — a Path is not for asynchronous code


async def test_hunks_that_the_forge_leaves_out_are_looked_for() -> None:
    """In the whole diff; and where that has none either, the file is told."""
    files = [File("a.py", TEXT, TEXT + "x = 1\n"), File("b.py", TEXT, TEXT + "y = 1\n")]
    async with opened(ForgeKind.GITHUB, files) as it:
        it.stand_in.without_patch = {"a.py"}  # type: ignore[attr-defined]
        pulled = await pull_requests.read_pull(it.forge)
    assert [changed(file) for file in pulled.change.files] == [["x = 1"], ["y = 1"]]
    for is_old in (False, True):
        async with opened(ForgeKind.GITLAB, files) as it:
            it.stand_in.collapsed = {"a.py"}  # type: ignore[attr-defined]
            it.stand_in.is_old = is_old  # type: ignore[attr-defined]
            pulled = await pull_requests.read_pull(it.forge)
        first = pulled.change.files[0]
        assert (first.snapshot is None) is is_old
        assert ("leaves out" in first.why_not) is is_old


async def test_a_text_that_does_not_fit_its_hunks_is_not_reviewed() -> None:
    """Its lines may be anybody's."""
    async with opened(ForgeKind.GITEA, [File("a.py", TEXT, TEXT + "x = 1\n")]) as it:
        section = File("a.py", TEXT, TEXT.replace("line 5", "line five")).section()
        real = it.stand_in._routed
        it.stand_in._routed = lambda request: (  # type: ignore[method-assign]
            type(real(request))(200, section.encode(), kind="text/plain")
            if request.path.endswith(".diff")
            else real(request)
        )
        pulled = await pull_requests.read_pull(it.forge)
    (file,) = pulled.change.files
    assert file.snapshot is None
    assert "do not fit" in file.why_not


async def test_a_text_that_is_not_what_was_listed_is_not_reviewed() -> None:
    """GitHub names texts by their digest."""
    async with opened(ForgeKind.GITHUB, [File("a.py", TEXT, TEXT + "x = 1\n")]) as it:
        real = it.stand_in._routed
        it.stand_in._routed = lambda request: (  # type: ignore[method-assign]
            type(real(request))(200, b"evil = 1\n", kind="application/vnd.github.raw+json")
            if "blobs" in request.path
            else real(request)
        )
        pulled = await pull_requests.read_pull(it.forge)
    assert "not what it lists" in pulled.change.files[0].why_not


async def test_files_beyond_the_most_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not fetched."""
    monkeypatch.setattr(pull_requests, "MOST_FILES", 2)
    files = [File(f"f{number}.py", "a = 1\n", f"a = {number}\n") for number in range(2, 7)]
    async with opened(ForgeKind.GITHUB, files) as it:
        pulled = await pull_requests.read_pull(it.forge)
        fetched = [each for each in it.stand_in.asked if "blobs" in each.path]
    assert len(fetched) == 2
    assert sum("beyond the first 2" in file.why_not for file in pulled.change.files) == 3


async def test_three_thousand_files_are_listed() -> None:
    """Page by page, and the rest is told where the forge lists no more."""
    files = [File(f"f{number}.txt", "a\n", "b\n") for number in range(3, 3105)]
    async with opened(ForgeKind.GITHUB, files) as it:
        pulled = await pull_requests.read_pull(it.forge)
    assert len(pulled.change.files) == 3000
    (notice,) = pulled.change.notices
    assert notice.count == 102
    assert "3,000" in notice.message


async def test_the_words_of_the_author_are_no_part_of_any_text() -> None:
    """Only the title is kept, for people, and only as plain text."""
    async with opened(ForgeKind.GITHUB, [File("a.py", TEXT, TEXT + "x = 1\n")]) as it:
        it.stand_in.title = "All bugs\x1b[31m fixed\u202e and reviewed"
        pulled = await pull_requests.read_pull(it.forge)
    assert pulled.pull.title == "All bugs[31m fixed and reviewed"
    assert "reviewed" not in "".join(
        file.snapshot.text + (file.before or "") for file in pulled.change.files if file.snapshot
    )
