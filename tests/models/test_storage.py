"""The store: only files with the right checksum are used, and they are read once."""

import os
from pathlib import Path

import pytest

from fakes.model_files import entry_for, model_bytes
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.models.storage import Installed, ModelStore, Presence

DATA = model_bytes()
ENTRY = entry_for(DATA)


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    """An empty store that looks for one model."""
    return ModelStore(tmp_path, (ENTRY,))


@pytest.fixture
def filled(store: ModelStore) -> ModelStore:
    """A store with the model's file, not looked at yet."""
    store.path_of(ENTRY).write_bytes(DATA)
    return store


def rewrite(path: Path, data: bytes) -> None:
    """Change a file in place so that its time stamp is another one, whatever the clock does."""
    before = path.stat().st_mtime_ns
    path.write_bytes(data)
    os.utime(path, ns=(before + 10**9, before + 10**9))


def test_a_missing_folder_is_an_empty_store(tmp_path: Path) -> None:
    """Nothing is created by looking."""
    store = ModelStore(tmp_path / "none", (ENTRY,))
    assert store.installed() == ()
    assert store.look(ENTRY).presence is Presence.ABSENT
    assert store.foreign() == ()
    assert not (tmp_path / "none").exists()


def test_a_file_is_verified_before_it_is_used(filled: ModelStore) -> None:
    """Looking alone does not make it usable; `installed` verifies."""
    assert filled.look(ENTRY).presence is Presence.UNVERIFIED
    assert filled.installed() == (Installed(ENTRY, filled.path_of(ENTRY)),)
    assert filled.look(ENTRY).presence is Presence.VERIFIED


def test_the_stamp_spares_the_next_process_the_reading(filled: ModelStore) -> None:
    """Another store on the same folder knows at once, without opening the whole file."""
    filled.verify(ENTRY)
    again = ModelStore(filled.folder, (ENTRY,))
    assert again.look(ENTRY).presence is Presence.VERIFIED


def test_a_changed_file_is_read_again(filled: ModelStore) -> None:
    """The stamp is void once size or time differ; wrong bytes are then found out."""
    filled.verify(ENTRY)
    rewrite(filled.path_of(ENTRY), DATA[:-1] + bytes([DATA[-1] ^ 1]))
    assert filled.look(ENTRY).presence is Presence.UNVERIFIED
    assert filled.installed() == ()
    status = filled.look(ENTRY)
    assert status.presence is Presence.BROKEN
    assert "checksum" in status.detail


def test_a_replaced_file_with_the_old_time_is_read_again(filled: ModelStore) -> None:
    """Copying with time stamps kept makes another inode."""
    filled.verify(ENTRY)
    path = filled.path_of(ENTRY)
    facts = path.stat()
    other = path.with_name("other")
    other.write_bytes(DATA[:-1] + bytes([DATA[-1] ^ 1]))
    os.utime(other, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    other.replace(path)
    assert filled.look(ENTRY).presence is Presence.UNVERIFIED


@pytest.mark.parametrize("stamp", [b"", b"{", b"[]", b'{"size": "x"}', b"\xff\x00", b"9" * 9000])
def test_a_broken_stamp_only_costs_a_reading(filled: ModelStore, stamp: bytes) -> None:
    """What cannot be read counts as not there."""
    (filled.folder / "tiny.gguf.verified").write_bytes(stamp)
    assert filled.look(ENTRY).presence is Presence.UNVERIFIED
    assert len(filled.installed()) == 1


def test_a_stamp_of_another_checksum_does_not_help(filled: ModelStore) -> None:
    """The catalogue changed, the file did not: it is another file now."""
    filled.verify(ENTRY)
    other = entry_for(DATA[:-1] + b"!")
    status = ModelStore(filled.folder, (other,)).look(other)
    assert status.presence is Presence.BROKEN


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "0 bytes"),
        (DATA[:-1], "bytes, not"),
        (DATA + b"x", "bytes, not"),
        (b"<htm" + DATA[4:], "not a GGUF file"),
    ],
)
def test_what_is_obviously_wrong_is_said_without_hashing(
    store: ModelStore, content: bytes, said: str
) -> None:
    """Size and first bytes are looked at every time."""
    store.path_of(ENTRY).write_bytes(content)
    status = store.look(ENTRY)
    assert status.presence is Presence.BROKEN
    assert said in status.detail
    assert store.installed() == ()


def test_a_folder_in_the_place_of_the_file_is_broken(store: ModelStore) -> None:
    """It is reported, not raised."""
    store.path_of(ENTRY).mkdir()
    assert store.verify(ENTRY).presence is Presence.BROKEN


def test_a_pipe_in_the_place_of_the_file_does_not_hang(store: ModelStore) -> None:
    """Only regular files are opened."""
    os.mkfifo(store.path_of(ENTRY))
    assert store.verify(ENTRY).presence is Presence.BROKEN


def test_a_link_to_the_file_is_followed_but_only_the_link_removed(
    store: ModelStore, tmp_path: Path
) -> None:
    """Large files often live on another disk."""
    elsewhere = tmp_path / "disk"
    elsewhere.mkdir()
    real = elsewhere / "model"
    real.write_bytes(DATA)
    store.path_of(ENTRY).symlink_to(real)
    assert len(store.installed()) == 1
    store.remove(ENTRY)
    assert store.look(ENTRY).presence is Presence.ABSENT
    assert real.read_bytes() == DATA


def test_a_link_to_nowhere_is_absent(store: ModelStore) -> None:
    """A link whose disk is not mounted is no model."""
    store.path_of(ENTRY).symlink_to(store.folder / "gone")
    assert store.look(ENTRY).presence is Presence.ABSENT


def test_verify_says_how_far_it_is(filled: ModelStore) -> None:
    """The last call has all bytes."""
    calls: list[tuple[int, int]] = []
    filled.verify(ENTRY, lambda done, total: calls.append((done, total)))
    assert calls[-1] == (len(DATA), len(DATA))


def test_a_file_that_changes_while_it_is_read_is_not_trusted(filled: ModelStore) -> None:
    """The checksum would be of something that was never there."""
    path = filled.path_of(ENTRY)
    status = filled.verify(ENTRY, lambda _done, _total: rewrite(path, DATA))
    assert status.presence is Presence.UNVERIFIED
    assert filled.look(ENTRY).presence is Presence.UNVERIFIED


def test_a_stamp_that_cannot_be_written_is_remembered_in_the_process(filled: ModelStore) -> None:
    """The folder in its place stands for any reason why it cannot be written."""
    (filled.folder / "tiny.gguf.verified").mkdir()
    assert len(filled.installed()) == 1
    assert filled.look(ENTRY).presence is Presence.VERIFIED


def test_an_unfinished_download_is_seen(store: ModelStore) -> None:
    """So that a list can say how far it is."""
    store.partial_path(ENTRY).write_bytes(DATA[:1000])
    status = store.look(ENTRY)
    assert (status.presence, status.bytes_present) == (Presence.PARTIAL, 1000)


def test_remove_takes_everything_and_says_how_much(filled: ModelStore) -> None:
    """File, stamp and unfinished download; a second time there is nothing to do."""
    filled.verify(ENTRY)
    filled.partial_path(ENTRY).write_bytes(b"x" * 50)
    assert filled.remove(ENTRY) >= len(DATA) + 50
    assert list(filled.folder.iterdir()) == []
    assert filled.remove(ENTRY) == 0
    assert filled.installed() == ()


def test_what_cannot_be_removed_is_said(store: ModelStore) -> None:
    """One sentence that names the path."""
    store.path_of(ENTRY).mkdir()
    with pytest.raises(ServiceError, match=r"tiny\.gguf"):
        store.remove(ENTRY)


def test_foreign_models_are_listed_and_never_used(filled: ModelStore) -> None:
    """What no catalogue names has no checksum to hold against."""
    (filled.folder / "mine.gguf").write_bytes(DATA)
    assert [path.name for path in filled.foreign()] == ["mine.gguf"]
    assert len(filled.installed()) == 1


def test_the_folder_is_the_users_alone(tmp_path: Path) -> None:
    """Nobody else can put a model there."""
    store = ModelStore(tmp_path / "a" / "models", (ENTRY,))
    store.make_folder()
    assert store.folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    """A file stands in its way."""
    (tmp_path / "a").write_text("")
    with pytest.raises(ServiceError, match="cannot be made"):
        ModelStore(tmp_path / "a" / "models", (ENTRY,)).make_folder()
