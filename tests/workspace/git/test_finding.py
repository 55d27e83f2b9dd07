"""Changes of real repositories, found without any program that they name."""

import json
import time
from email import message as real_code
from pathlib import Path

import pytest

from fakes.repository import FakeDeveloper, needs_git
from mirador_lsp.core.change_sets import ChangeKind, ChangeSet, FileChange
from mirador_lsp.core.errors import UserError
from mirador_lsp.workspace.git.finding import Which, find

pytestmark = needs_git
CODE = Path(str(real_code.__file__)).read_text()
"""Real public code, hundreds of lines of it."""
JSON = Path(str(json.__file__)).read_text()


@pytest.fixture
def dev(tmp_path: Path) -> FakeDeveloper:
    """A repository with two modules in it."""
    dev = FakeDeveloper(tmp_path / "repo")
    dev.commit({"mail/message.py": CODE, "mail/codec.py": JSON})
    return dev


async def changes(dev: FakeDeveloper, which: Which | str, *paths: str) -> ChangeSet:
    """A change set: of a revision where `which` is a text."""
    if isinstance(which, Which):
        return (await find(dev.folder, which, paths=paths)).change
    return (await find(dev.folder, Which.REVISION, which, paths)).change


def kinds(change: ChangeSet) -> dict[str, str]:
    """Name → what happened, and why it cannot be reviewed."""
    return {f.name: f.kind.value + (f": {f.why_not}" if f.why_not else "") for f in change.files}


def places(file: FileChange) -> list[str]:
    """The changed pieces of text."""
    assert file.snapshot is not None
    return [file.snapshot.text[span.start : span.end] for span in file.spans]


async def test_uncommitted_changes_are_those_of_the_files_as_they_lie_there(
    dev: FakeDeveloper,
) -> None:
    """Staged and unstaged, new files included, ignored ones not; what is equal is no change."""
    dev.write({"mail/message.py": CODE.replace("import re\n", "import re  # used\n", 1)})
    dev.git("add", "mail/message.py")
    dev.write(
        {
            ".gitignore": "*.log\n",
            "fresh.py": "x = 1\n",
            "noise.log": "x\n",
            "mail/codec.py": JSON + "\n\ndef late():\n    return 1\n",
        }
    )

    change = await changes(dev, Which.UNCOMMITTED)

    assert kinds(change) == {
        ".gitignore": "added: of a language Mirador does not know",
        "fresh.py": "added",
        "mail/codec.py": "modified",
        "mail/message.py": "modified",
    }
    by_name = {file.name: file for file in change.files}
    assert places(by_name["mail/message.py"]) == ["import re  # used"]
    assert places(by_name["mail/codec.py"]) == ["\n\ndef late():\n    return 1"]
    assert by_name["mail/codec.py"].before == JSON
    assert change.lines == (7, 1)
    assert (change.title, change.head) == ("uncommitted changes", "")
    assert change.base == dev.git("rev-parse", "HEAD")


async def test_staged_changes_are_read_from_the_index_and_not_from_the_disk(
    dev: FakeDeveloper,
) -> None:
    """What was edited after `git add` is not what the commit will hold."""
    dev.write({"fresh.py": "staged = 1\n"})
    dev.git("add", "fresh.py")
    dev.write({"fresh.py": "edited = 2\n", "mail/codec.py": JSON + "# later\n"})

    change = await changes(dev, Which.STAGED)

    assert kinds(change) == {"fresh.py": "added"}
    assert places(change.files[0]) == ["staged = 1\n"]


async def test_an_index_of_a_hook_is_the_one_that_counts(dev: FakeDeveloper) -> None:
    """`git commit PATH` gives hooks an index of its own."""
    dev.write({"one.py": "one = 1\n", "two.py": "two = 2\n"})
    dev.git("add", "one.py")
    other = dev.folder / ".git" / "other-index"
    other.write_bytes((dev.folder / ".git" / "index").read_bytes())
    dev.git("add", "two.py")
    env = {"PATH": "/usr/bin:/bin", "GIT_INDEX_FILE": str(other)}

    found = await find(dev.folder, Which.STAGED, env=env)

    assert kinds(found.change) == {"one.py": "added"}


async def test_renames_are_told_with_what_changed_in_them(dev: FakeDeveloper) -> None:
    """Of a file that only moved nothing is to be reviewed; of another what differs."""
    dev.write(
        {
            "mail/message.py": None,
            "mail/codec.py": None,
            "post/message.py": CODE,
            "post/json_codec.py": JSON.replace("import codecs\n", "import codecs\nimport re\n", 1),
        }
    )
    for which in (Which.UNCOMMITTED, Which.STAGED, "HEAD~1..HEAD"):
        if which is Which.STAGED:
            dev.git("add", "--all")
        if which == "HEAD~1..HEAD":
            dev.commit()
        change = await changes(dev, which)

        assert kinds(change) == {"post/json_codec.py": "renamed", "post/message.py": "renamed"}
        codec, moved = change.files
        assert (codec.old_name, places(codec)) == ("mail/codec.py", ["import re"])
        assert (moved.old_name, moved.spans, moved.before) == ("mail/message.py", (), CODE)


async def test_what_cannot_be_reviewed_says_why(dev: FakeDeveloper) -> None:
    """Deleted, binary, links, generated, empty, in an unknown encoding: each is listed."""
    dev.write(
        {
            "mail/codec.py": None,
            "logo.png": b"\x89PNG\r\n\x1a\n\0\0",
            "package-lock.json": "{}",
            "empty.py": "",
            "odd.py": b"x = '\xe4'\n",
        }
    )
    (dev.folder / "link.py").symlink_to("mail/message.py")

    change = await changes(dev, Which.UNCOMMITTED)

    assert kinds(change) == {
        "empty.py": "added: empty",
        "link.py": "added: a symbolic link",
        "logo.png": "added: binary: a PNG image",
        "mail/codec.py": "deleted: it was deleted",
        "odd.py": "added: not UTF-8 (line 1; it looks like Latin-1)",
        "package-lock.json": "added: a lock file",
    }
    deleted = change.files[3]
    assert (deleted.before, deleted.removed) == (JSON, len(JSON.splitlines()))


async def test_a_file_that_differs_in_its_line_ends_or_mode_only_did_not_change(
    dev: FakeDeveloper,
) -> None:
    """That is what editors and `core.autocrlf` make; it is counted."""
    dev.write({"mail/message.py": CODE.replace("\n", "\r\n")})
    (dev.folder / "mail" / "codec.py").chmod(0o755)

    change = await changes(dev, Which.UNCOMMITTED)
    assert change.files == ()
    assert [n.message for n in change.notices] == [
        "1 file differs in nothing but the ends of lines or the mode."
    ]

    dev.git("add", "--all")
    change = await changes(dev, Which.STAGED)
    assert (change.files, change.notices[0].count) == ((), 2)


async def test_one_changed_line_of_a_file_with_other_line_ends_is_one_place(
    dev: FakeDeveloper,
) -> None:
    """The whole file would be the answer of a comparison of bytes."""
    edited = CODE.replace("import re\n", "import re  # used\n", 1).replace("\n", "\r\n")
    dev.write({"mail/message.py": edited})

    (file,) = (await changes(dev, Which.UNCOMMITTED)).files

    assert places(file) == ["import re  # used"]
    assert (file.added, file.removed) == (1, 1)


async def test_ranges_mean_what_git_means_by_them(dev: FakeDeveloper) -> None:
    """Two dots compare the ends; three begin where the branches parted; `^!` is one commit."""
    dev.git("checkout", "--quiet", "-b", "feature")
    dev.commit({"feature.py": "a = 1\n"})
    dev.git("checkout", "--quiet", "main")
    dev.commit({"main.py": "b = 2\n"})
    dev.git("merge", "--quiet", "--no-edit", "feature")

    assert kinds(await changes(dev, "main~1..feature")) == {
        "feature.py": "added",
        "main.py": "deleted: it was deleted",
    }
    assert kinds(await changes(dev, "main~1...feature")) == {"feature.py": "added"}
    assert kinds(await changes(dev, "HEAD^!")) == {"feature.py": "added"}
    assert kinds(await changes(dev, "..feature")) == {"main.py": "deleted: it was deleted"}
    first = dev.git("rev-list", "--max-parents=0", "HEAD")
    assert set(kinds(await changes(dev, f"{first}^!"))) == {"mail/codec.py", "mail/message.py"}
    dev.write({"late.py": "c = 3\n"})
    assert kinds(await changes(dev, "main~1")) == {"feature.py": "added", "late.py": "added"}


async def test_paths_narrow_a_change(dev: FakeDeveloper) -> None:
    """Files and folders, as they are called from where the user stands."""
    dev.write({"mail/new.py": "a = 1\n", "other.py": "b = 2\n", "mailbox.py": "c = 3\n"})

    assert kinds(await changes(dev, Which.UNCOMMITTED, "mail")) == {"mail/new.py": "added"}
    inside = await find(dev.folder / "mail", Which.UNCOMMITTED, paths=["."])
    assert kinds(inside.change) == {"new.py": "added"}
    everything = await find(dev.folder / "mail", Which.UNCOMMITTED)
    assert set(kinds(everything.change)) == {"new.py", "../other.py", "../mailbox.py"}
    with pytest.raises(UserError, match="is not in"):
        await changes(dev, Which.UNCOMMITTED, "/etc")


async def test_a_path_that_is_nowhere_is_refused(dev: FakeDeveloper) -> None:
    """A misspelled path would otherwise pass as a change of nothing."""
    dev.write({"mail/codec.py": None, "new.py": "a = 1\n"})

    for which in (Which.UNCOMMITTED, Which.STAGED, "HEAD", "HEAD..HEAD"):
        with pytest.raises(UserError, match=r"There is no mial/codec.py here"):
            await changes(dev, which, "mail", "mial/codec.py")
    gone = await changes(dev, Which.UNCOMMITTED, "mail/codec.py")
    assert kinds(gone) == {"mail/codec.py": "deleted: it was deleted"}
    assert kinds(await changes(dev, "HEAD..HEAD", "mail/codec.py")) == {}
    assert kinds(await changes(dev, Which.STAGED, "new.py")) == {}


async def test_a_path_in_place_of_a_revision_says_where_paths_stand(dev: FakeDeveloper) -> None:
    """`--diff mail/codec.py` reads as a revision."""
    with pytest.raises(UserError) as refused:
        await changes(dev, "mail/codec.py")

    assert "There is no revision mail/codec.py" in refused.value.sentence()
    assert "--diff -- mail/codec.py" in refused.value.sentence()


async def test_what_the_project_ignores_is_not_reviewed(dev: FakeDeveloper) -> None:
    """It is listed with the reason; nearer files win, and git's own rules do not matter here."""
    dev.write(
        {
            ".miradorignore": "vendor/\n*.gen.py\n",
            "deep/.miradorignore": "!kept.gen.py\n",
            "vendor/lib/a.py": "x = 1\n",
            "made.gen.py": "x = 1\n",
            "deep/kept.gen.py": "x = 1\n",
            "own.py": "x = 1\n",
        }
    )

    known = kinds(await changes(dev, Which.UNCOMMITTED))

    assert {name for name, what in known.items() if what == "added"} == {
        "deep/kept.gen.py",
        "own.py",
    }
    assert known["vendor/lib/a.py"] == known["made.gen.py"] == "added: ignored by .miradorignore"


async def test_submodules_are_named_and_not_entered(dev: FakeDeveloper, tmp_path: Path) -> None:
    """They are repositories of their own."""
    library = FakeDeveloper(tmp_path / "library")
    library.commit({"lib.py": "x = 1\n"})
    dev.git("submodule", "--quiet", "add", str(library.folder), "lib")
    staged = kinds(await changes(dev, Which.STAGED))
    dev.commit()

    assert staged["lib"].startswith("added: a submodule: ")
    assert (await changes(dev, Which.UNCOMMITTED)).files == ()
    (dev.folder / "lib" / "lib.py").write_text("x = 2\n")
    dev.git("commit", "--quiet", "--all", "--message", "more", folder=dev.folder / "lib")
    moved = kinds(await changes(dev, Which.UNCOMMITTED))
    assert moved["lib"].startswith("modified: a submodule: ")
    assert " to " in moved["lib"]


async def test_a_repository_without_a_commit_is_new_as_a_whole(tmp_path: Path) -> None:
    """There is nothing to compare with, and that is no error."""
    dev = FakeDeveloper(tmp_path / "young")
    dev.write({"a.py": "a = 1\n", "b.py": "b = 1\n"})
    dev.git("add", "a.py")

    assert kinds(await changes(dev, Which.UNCOMMITTED)) == {"a.py": "added", "b.py": "added"}
    assert kinds(await changes(dev, Which.STAGED)) == {"a.py": "added"}


async def test_a_shallow_clone_says_what_it_lacks(dev: FakeDeveloper, tmp_path: Path) -> None:
    """A missing parent is a sentence with the remedy; nothing is fetched."""
    dev.commit({"late.py": "x = 1\n"})
    clone = FakeDeveloper(tmp_path / "other")
    dev.git("clone", "--quiet", "--depth=1", dev.folder.as_uri(), str(tmp_path / "shallow"))
    clone.folder = tmp_path / "shallow"
    (clone.folder / "late.py").write_text("x = 2\n")

    assert kinds(await changes(clone, Which.UNCOMMITTED)) == {"late.py": "modified"}
    for revision in ("HEAD~1", "HEAD~1..HEAD", "HEAD^!"):
        with pytest.raises(UserError) as error:
            await changes(clone, revision)
        assert "git fetch" in error.value.remedy


async def test_large_files_kept_elsewhere_are_not_taken_for_text(dev: FakeDeveloper) -> None:
    """A pointer is no source; a file that is what its pointer says did not change."""
    import hashlib  # noqa: PLC0415 — for this test alone

    real = b"x = 1\n" * 100
    digest = hashlib.sha256(real).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 600\n"
    dev.commit({"big.py": pointer})
    dev.write({"big.py": real})

    assert (await changes(dev, Which.UNCOMMITTED)).files == ()
    dev.write({"big.py": real + b"y = 2\n"})
    assert kinds(await changes(dev, Which.UNCOMMITTED)) == {
        "big.py": "modified: kept by Git LFS: a part of it is not here"
    }


async def test_a_conflict_is_not_reviewed(dev: FakeDeveloper) -> None:
    """Nobody has decided yet what the text is."""
    dev.git("checkout", "--quiet", "-b", "other")
    dev.commit({"mail/codec.py": "one = 1\n"})
    dev.git("checkout", "--quiet", "main")
    dev.commit({"mail/codec.py": "two = 2\n"})
    dev.git("merge", "other", ok=False)

    for which in (Which.UNCOMMITTED, Which.STAGED):
        assert kinds(await changes(dev, which)) == {
            "mail/codec.py": "modified: not merged: it waits for a decision"
        }


async def test_odd_names_are_only_names(dev: FakeDeveloper) -> None:
    """Line ends, blanks, bytes that are no UTF-8, and what looks like an option."""
    names = [b"a\nb.py", b" c.py", b"-d.py", b"caf\xe9.py", b":(top)e.py"]
    for name in names:
        dev.write({name.decode("utf-8", "surrogateescape"): "x = 1\n"})

    new = kinds(await changes(dev, Which.UNCOMMITTED))
    dev.commit()
    dev.write({"x.py": "y = 1\n"})
    committed = kinds(await changes(dev, "HEAD^!"))

    assert new == committed
    assert set(new) == {"a b.py", "c.py", "-d.py", "caf\\xe9.py", ":(top)e.py"} or len(new) == 5
    assert all(kind == "added" for kind in new.values())


async def test_a_work_tree_and_a_bare_repository_are_understood(
    dev: FakeDeveloper, tmp_path: Path
) -> None:
    """A second tree has its own files; a bare one has none, and ranges do."""
    dev.commit({"late.py": "x = 1\n"})
    dev.git("worktree", "add", "--quiet", "-b", "side", str(tmp_path / "side"))
    (tmp_path / "side" / "late.py").write_text("x = 3\n")
    side = await find(tmp_path / "side", Which.UNCOMMITTED)
    assert kinds(side.change) == {"late.py": "modified"}

    dev.git("clone", "--quiet", "--bare", str(dev.folder), str(tmp_path / "bare"))
    bare = await find(tmp_path / "bare", Which.REVISION, "HEAD~1..HEAD")
    assert kinds(bare.change) == {"late.py": "added"}
    for which in (Which.STAGED, Which.UNCOMMITTED):
        with pytest.raises(UserError, match="bare"):
            await find(tmp_path / "bare", which)


async def test_five_thousand_files_are_a_matter_of_seconds(tmp_path: Path) -> None:
    """Added, then changed, then moved: all told, in little time."""
    dev = FakeDeveloper(tmp_path / "large")
    dev.commit({f"pkg{i % 50}/m{i}.py": f"{JSON[:3000]}\nname = {i}\n" for i in range(5000)})
    dev.write({f"pkg{i % 50}/m{i}.py": f"{JSON[:3000]}\nname = -{i}\n" for i in range(1, 5000)})
    begun = time.monotonic()
    change = await changes(dev, Which.UNCOMMITTED)
    seconds = time.monotonic() - begun

    assert len(change.files) == 4999
    assert all(len(file.spans) == 1 for file in change.files)
    assert seconds < 60, "a matter of seconds, on a machine with much else to do"
    dev.git("checkout", "--quiet", "--", ".")
    dev.git("mv", "pkg1", "moved")
    moved = await changes(dev, Which.STAGED)
    assert {file.kind for file in moved.files} == {ChangeKind.RENAMED}


@pytest.mark.parametrize("key", ["core.worktree", "core.excludesFile"])
async def test_a_repository_cannot_point_elsewhere(
    dev: FakeDeveloper, tmp_path: Path, key: str
) -> None:
    """Its configuration names other folders and files; none is read."""
    outside = tmp_path / "private"
    outside.mkdir()
    (outside / "secret.py").write_text("password = 'x'\n")
    fifo = tmp_path / "never-ends"
    import os  # noqa: PLC0415 — for this test alone

    os.mkfifo(fifo)
    dev.git("config", key, str(outside if key == "core.worktree" else fifo))
    (dev.folder / "own.py").write_text("x = 1\n")

    assert kinds(await changes(dev, Which.UNCOMMITTED)) == {"own.py": "added"}


async def test_a_folder_that_became_a_link_leads_nowhere(
    dev: FakeDeveloper, tmp_path: Path
) -> None:
    """Files behind it are not those of the repository."""
    outside = tmp_path / "private"
    outside.mkdir()
    (outside / "codec.py").write_text("password = 'x'\n")
    for file in (dev.folder / "mail").iterdir():
        file.unlink()
    (dev.folder / "mail").rmdir()
    (dev.folder / "mail").symlink_to(outside)

    change = await changes(dev, Which.UNCOMMITTED)

    assert not any("password" in (f.snapshot.text if f.snapshot else "") for f in change.files)


async def test_no_program_of_a_repository_runs(dev: FakeDeveloper) -> None:
    """Monitors, filters, pagers, hooks, external diffs, helpers: each would leave a mark."""
    mark = dev.folder.parent / "mark"
    evil = dev.folder.parent / "evil.sh"
    evil.write_text(f"#!/bin/sh\necho $0 $@ >> {mark}\ncat\n")
    evil.chmod(0o700)
    for key in (
        *("core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "diff.external"),
        *("diff.evil.textconv", "diff.evil.command", "filter.evil.smudge", "filter.evil.clean"),
        *("filter.evil.process", "alias.diff-tree", "alias.ls-files", "credential.helper"),
        *("gpg.program", "uploadpack.packObjectsHook", "merge.evil.driver", "interactive.filter"),
    ):
        dev.git("config", key, str(evil))
    dev.git("config", "filter.evil.required", "true")
    dev.git("config", "core.hooksPath", str(dev.folder))
    dev.git("config", "log.showSignature", "true")
    dev.git("config", "remote.origin.url", f"ext::{evil}")
    dev.git("config", "remote.origin.promisor", "true")
    for hook in ("post-index-change", "pre-commit", "fsmonitor-watchman"):
        (dev.folder / hook).write_bytes(evil.read_bytes())
        (dev.folder / hook).chmod(0o700)
    (dev.folder / ".gitattributes").write_text("*.py filter=evil diff=evil merge=evil\n")
    dev.write({"mail/codec.py": JSON + "# one more\n"})

    for which in (Which.UNCOMMITTED, Which.STAGED, "HEAD", "HEAD^!"):
        await changes(dev, which)

    assert "mail/codec.py" in kinds(await changes(dev, Which.UNCOMMITTED))
    assert not mark.exists()


@pytest.mark.parametrize(
    "revision", ["nowhere", "--upload-pack=x", "-x..HEAD", "HEAD..-x", "HEAD\n", "", "HEAD^{tree}"]
)
async def test_an_unknown_revision_is_one_sentence(dev: FakeDeveloper, revision: str) -> None:
    """And what looks like an option never gets to be one."""
    with pytest.raises(UserError, match="There is no revision") as error:
        await changes(dev, revision)
    assert error.value.remedy


async def test_without_a_repository_or_git_it_is_one_sentence(tmp_path: Path) -> None:
    """With the remedy."""
    with pytest.raises(UserError, match="in no git repository") as error:
        await find(tmp_path, Which.UNCOMMITTED)
    assert error.value.remedy == "Name the files to be reviewed instead."
    with pytest.raises(UserError, match="There is no git here"):
        await find(tmp_path, Which.UNCOMMITTED, env={"PATH": str(tmp_path)})


async def test_the_same_twice_is_the_same(dev: FakeDeveloper) -> None:
    """Order and texts do not depend on the moment."""
    dev.write({f"m{i}.py": f"x = {i}\n" for i in range(20)})

    assert await changes(dev, Which.UNCOMMITTED) == await changes(dev, Which.UNCOMMITTED)
