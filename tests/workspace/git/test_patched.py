"""Patches over real code: applied, taken back, alone, and refused."""

import contextlib
import json
from pathlib import Path

import pytest

from fakes.repository import FakeDeveloper, needs_git
from mirador_lsp.core.change_sets import ChangeSet, FileChange
from mirador_lsp.core.errors import UserError
from mirador_lsp.workspace.git.patched import find_patched
from mirador_lsp.workspace.git.patches import read_patch

pytestmark = needs_git
JSON = Path(str(json.__file__)).read_text()
EDITED = JSON.replace("import codecs\n", "import codecs\nimport re\n", 1).replace(
    "        fp.write(chunk)\n", "        fp.write(str(chunk))\n", 1
)
SVN = """\
Index: codec.py
===================================================================
--- codec.py\t(revision 12)
+++ codec.py\t(working copy)
@@ -1,2 +1,3 @@
 one = 1
+two = 2
 three = 3

Property changes on: codec.py
___________________________________________________________________
Added: svn:eol-style
   + native
"""


@pytest.fixture
def dev(tmp_path: Path) -> FakeDeveloper:
    """A repository with a module."""
    dev = FakeDeveloper(tmp_path / "repo")
    dev.commit({"lib/codec.py": JSON, "old.py": "a = 1\nb = 2\nc = 3\nd = 4\n"})
    return dev


async def patched(folder: Path, patch: str, *paths: str) -> ChangeSet:
    """The change set of a patch."""
    content = patch.encode("utf-8", "surrogateescape")
    return (await find_patched(folder, content, "fix.patch", paths)).change


def places(file: FileChange) -> list[str]:
    """The changed pieces of text."""
    assert file.snapshot is not None
    return [file.snapshot.text[span.start : span.end] for span in file.spans]


async def test_a_patch_is_applied_in_memory_and_found_when_it_is_applied_already(
    dev: FakeDeveloper,
) -> None:
    """Both ways the same change comes out, and the disk stays as it is."""
    dev.write({"lib/codec.py": EDITED, "new.py": "x = 1\n", "old.py": None})
    dev.git("add", "--all")
    patch = dev.git("diff", "--cached") + "\n"
    there = await patched(dev.folder, patch)
    dev.git("reset", "--quiet", "--hard")
    not_yet = await patched(dev.folder, patch)

    assert there.files == not_yet.files
    by_name = {file.name: file for file in there.files}
    assert by_name["lib/codec.py"].before == JSON
    assert by_name["lib/codec.py"].snapshot is not None
    assert by_name["lib/codec.py"].snapshot.text == EDITED
    assert "import re" in places(by_name["lib/codec.py"])
    assert (by_name["new.py"].kind, by_name["old.py"].kind) == ("added", "deleted")
    assert by_name["old.py"].before == "a = 1\nb = 2\nc = 3\nd = 4\n"
    assert not (dev.folder / "new.py").exists()
    assert there.notices == ()


async def test_renames_and_modes_of_a_patch_are_understood(dev: FakeDeveloper) -> None:
    """They need no hunk."""
    dev.git("mv", "lib/codec.py", "lib/coder.py")
    patch = dev.git("diff", "--cached", "-M")
    dev.git("reset", "--quiet", "--hard")

    (file,) = (await patched(dev.folder, patch)).files

    assert (file.kind, file.name, file.old_name) == ("renamed", "lib/coder.py", "lib/codec.py")
    assert file.spans == ()


async def test_a_patch_that_fits_elsewhere_says_so(dev: FakeDeveloper) -> None:
    """The place that is found is the nearest with the very same lines."""
    dev.write({"lib/codec.py": EDITED})
    patch = dev.git("diff") + "\n"
    dev.commit({"lib/codec.py": "# one\n# two\n" + JSON})

    change = await patched(dev.folder, patch)

    assert change.files[0].snapshot is not None
    assert change.files[0].snapshot.text == "# one\n# two\n" + EDITED
    assert [n.message for n in change.notices] == [
        "lib/codec.py: 2 places of the patch fit elsewhere than where they say."
    ]


async def test_line_ends_of_the_file_are_kept(dev: FakeDeveloper) -> None:
    """A patch that was mailed lost them."""
    dev.write({"lib/codec.py": EDITED})
    patch = dev.git("diff") + "\n"
    dev.write({"lib/codec.py": JSON.replace("\n", "\r\n")})

    (file,) = (await patched(dev.folder, patch)).files

    assert file.snapshot is not None
    assert file.snapshot.text == EDITED.replace("\n", "\r\n")
    (again,) = (await patched(dev.folder, patch.replace("\n", "\r\n"))).files
    assert again.snapshot == file.snapshot


async def test_without_its_file_only_the_lines_of_a_patch_are_seen(tmp_path: Path) -> None:
    """At the lines where they will be, and it is said."""
    (tmp_path / "there.py").write_text("one = 1\nthree = 3\n")
    change = await patched(tmp_path, SVN.replace("@@ -1,2 +1,3 @@", "@@ -11,2 +11,3 @@"))

    (file,) = change.files
    assert file.snapshot is not None
    assert places(file) == ["two = 2"]
    assert file.snapshot.lines.line_of(file.spans[0].start) == 11
    assert (file.before, file.added, file.removed) == (None, 1, 0)
    assert [n.message for n in change.notices] == [
        "codec.py: the file is not here, so only the lines in the patch are seen."
    ]


async def test_patches_of_others_are_read(tmp_path: Path) -> None:
    """Subversion, `diff -u`, mails with a patch in them."""
    (tmp_path / "codec.py").write_text("one = 1\nthree = 3\n")
    plain = SVN[SVN.index("---") : SVN.index("Property")].replace("(revision 12)", "2026-01-01")
    mailed = f"From: me\nSubject: [PATCH] more\n\n---\n codec.py | 1 +\n\n{plain}-- \n2.39.5\n"
    for patch in (SVN, plain, mailed):
        (file,) = (await patched(tmp_path, patch)).files
        assert places(file) == ["two = 2"]
        assert file.before == "one = 1\nthree = 3\n"


async def test_paths_narrow_a_patch(dev: FakeDeveloper) -> None:
    """As they narrow any change."""
    dev.write({"lib/codec.py": EDITED, "old.py": "a = 2\n"})
    patch = dev.git("diff") + "\n"

    assert [f.name for f in (await patched(dev.folder, patch, "lib")).files] == ["lib/codec.py"]
    assert [f.name for f in (await patched(dev.folder / "lib", patch, ".")).files] == ["codec.py"]
    with pytest.raises(UserError, match=r"There is no lbi/codec.py here"):
        await patched(dev.folder, patch, "lbi/codec.py")


async def test_names_with_odd_letters_are_read(dev: FakeDeveloper) -> None:
    """Git quotes them."""
    dev.write({'caf\xe9 "x".py': "a = 1\n"})
    dev.git("add", "--all")
    patch = dev.git("diff", "--cached") + "\n"
    dev.git("reset", "--quiet", "--hard")

    assert [f.name for f in (await patched(dev.folder, patch)).files] == ['caf\xe9 "x".py']


async def test_binary_files_are_named(dev: FakeDeveloper) -> None:
    """There is nothing to be read in them."""
    dev.write({"logo.png": b"\x89PNG\0\0"})
    dev.git("add", "--all")
    for how in ("--no-binary", "--binary"):
        patch = dev.git("diff", "--cached", *([how] if how == "--binary" else [])) + "\n"
        (file,) = (await patched(dev.folder, patch)).files
        assert (file.name, file.kind, file.why_not) == ("logo.png", "added", "binary")


@pytest.mark.parametrize(
    ("patch", "said"),
    [
        ("", "There is no change in fix.patch."),
        ("hello\nworld\n", "There is no change in fix.patch."),
        ("--- a/x.py\n+++ b/x.py\n@@ -1,9 +1,1 @@\n-a\n", "ends too early"),
        ("--- a/x.py\n+++ b/x.py\n@@ -1,1 +1,1 @@\n-a\nb\n", "a line that is of no kind"),
        ("--- a/x.py\n+++ b/x.py\n@@ -x,1 +1,1 @@\n-a\n", "cannot be read"),
        ("--- a/x.py\n+++ b/x.py\n@@ -1,1 +999999999,1 @@\n-a\n+b\n", "cannot be read"),
        ("--- a/x.py\n+++ b/x.py\n@@ -0,0 +1,1 @@\n-a\n+b\n", "more lines than it says"),
        ("@@ -1,1 +1,1 @@\n-a\n+b\n", "cannot be read"),
        ("@@@ -1,1 -1,1 +1,1 @@@\n  a\n", "several parents"),
        ("--- a/../../x.py\n+++ b/../../x.py\n@@ -1 +1 @@\n-a\n+b\n", "is elsewhere"),
        ("--- /etc/passwd\n+++ /etc/passwd\n@@ -1 +1 @@\n-a\n+b\n", "is elsewhere"),
        ("--- a/old.py\n+++ b/old.py\n@@ -1 +1 @@\n-zzz\n+b\n", "does not fit old.py"),
        ("--- /dev/null\n+++ b/old.py\n@@ -0,0 +1 @@\n+zzz\n", "is there already"),
    ],
)
async def test_a_dirty_patch_is_one_sentence(dev: FakeDeveloper, patch: str, said: str) -> None:
    """With the remedy; nothing is guessed."""
    with pytest.raises(UserError) as error:
        await patched(dev.folder, patch)
    assert said in str(error.value)
    assert error.value.remedy


def test_any_text_is_read_or_refused() -> None:
    """A patch with every line of it damaged raises nothing else."""
    lines = SVN.splitlines(keepends=True)
    for at in range(len(lines)):
        for damage in ("", "\\ No newline\n", "@@ -1 +1 @@\n", "+++ \n", "\0\n", '--- "\\7\n'):
            with contextlib.suppress(UserError):
                assert read_patch("".join([*lines[:at], damage, *lines[at + 1 :]]))
