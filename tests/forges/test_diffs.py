"""Hunks: which lines they show, what was there before, and what they must not be believed."""

from hypothesis import given
from hypothesis import strategies as st

from fakes.forges.serving import File
from mirador_lsp.core.change_sets import ChangeKind
from mirador_lsp.core.pulls import PulledFile
from mirador_lsp.forges.diffs import read_hunks, with_patches

TEXTS = st.lists(
    st.sampled_from(["a", "b", "c", "", "  d", "@@ -1 +1 @@", "--- x", "e\r"]), max_size=30
)


@given(TEXTS, TEXTS, st.booleans(), st.booleans())
def test_the_text_before_comes_back(
    old: list[str], new: list[str], old_ends: bool, new_ends: bool
) -> None:
    """From the text after and the hunks, whatever the ends of both."""
    before = "\n".join(old) + ("\n" if old and old_ends else "")
    after = "\n".join(new) + ("\n" if new and new_ends else "")
    file = File("a.py", before, after)
    diff = read_hunks(file.hunks)
    assert diff.exact
    assert diff.before(after) == before
    assert set(diff.places) == file.lines


@given(TEXTS, TEXTS)
def test_new_lines_have_no_number_from_before(old: list[str], new: list[str]) -> None:
    """And unchanged ones have the right one."""
    before, after = "\n".join(old) + "\n", "\n".join(new) + "\n"
    places = read_hunks(File("a.py", before, after).hunks).places
    was, now = before.split("\n"), after.split("\n")
    for line, (_, old_line) in places.items():
        if old_line is not None:
            assert was[old_line - 1] == now[line - 1]


def test_a_patch_that_does_not_fit_its_text_gives_nothing() -> None:
    """Somebody pushed in between, or the forge is wrong."""
    diff = read_hunks(File("a.py", "a\nb\nc\n", "a\nB\nc\n").hunks)
    assert diff.before("a\nX\nc\n") is None
    assert diff.before("") is None
    assert diff.before("a\nB\nc\n") == "a\nb\nc\n"


def test_counts_that_lie_are_noticed() -> None:
    """Nothing is built on a hunk that is shorter than it says."""
    diff = read_hunks("@@ -1,9 +1,9 @@\n a\n+b")
    assert not diff.exact
    assert diff.before("a\nb\n") is None
    assert read_hunks("@@ -1 +1 @@\n-a\n+b\n").exact
    assert not read_hunks("@@ -1,2 +1,2 @@\n a\nrubbish").exact


def test_bytes_that_are_no_utf8_still_fit() -> None:
    """A forge tells them as replacement characters."""
    diff = read_hunks("@@ -1,2 +1,2 @@\n # \ufffd\n-a\n+b")
    assert diff.before("# \xe9\nb") == "# \xe9\na"


def test_a_whole_diff_is_told_apart_by_its_names() -> None:
    """Quoted ones, moved ones, and those that look like a header inside a hunk."""
    files = [
        File("plain.py", "a\n", "diff --git a/x b/x\n"),
        File("ein Käfer.py", "a\n", "b\n"),
        File('qu"ote.py', "a\n", "b\n"),
        File("new.py", "a\nb\nc\n", "a\nb\nc\nd\n", old_name="old.py"),
        File("image.png", b"\0a", b"\0b"),
        File("empty.py", None, ""),
        File("linked.py", "one", "two", mode="120000"),
        File("module", "Subproject commit 1\n", "Subproject commit 2\n", mode="160000"),
        File("a b/plain.py", "a\n", "b\n"),
    ]
    bare = [PulledFile(file.name, ChangeKind.MODIFIED) for file in files]
    found = with_patches(bare, "\n".join(file.section() for file in files) + "\n")
    assert [f.why_not for f in found] == [
        *("", "", "", "", "binary", "", "a symbolic link", "a submodule", "")
    ]
    for pulled, file in zip(found, files, strict=True):
        if file.hunks:
            assert set(read_hunks(pulled.patch or "").places) == file.lines, file.name


@given(st.text(max_size=300))
def test_anything_can_be_read(text: str) -> None:
    """A forge may send what it likes."""
    read_hunks(text).before(text)
    read_hunks("@@ -1,3 +1,3 @@\n" + text).before(text)
    with_patches([PulledFile("a", ChangeKind.MODIFIED)], "diff --git " + text)
