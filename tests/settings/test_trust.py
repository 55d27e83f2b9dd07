"""The trust store."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from mirador_lsp.core.errors import ServiceError
from mirador_lsp.settings.trust import Trusted, TrustStore

CONTENT = b"[engine]\n"


@pytest.fixture
def store(tmp_path: Path) -> TrustStore:
    """A store in a folder that does not exist yet."""
    return TrustStore(tmp_path / "state" / "trust")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A workspace's settings file."""
    path = tmp_path / ".mirador.toml"
    path.write_bytes(CONTENT)
    return path


def test_trust_is_kept_and_taken_back(store: TrustStore, file: Path) -> None:
    """What was trusted is, until it is not any more."""
    assert not store.is_trusted(file, CONTENT)
    store.trust(file, CONTENT)
    assert store.is_trusted(file, CONTENT)
    assert [entry.path for entry in store.entries()] == [file]
    assert store.distrust(file)
    assert not store.is_trusted(file, CONTENT)
    assert not store.distrust(file)


@how(deadline=None)
@given(content=st.binary(max_size=40))
def test_only_the_same_bytes_are_trusted(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    """Trust covers one content and no other."""
    store = TrustStore(tmp_path_factory.getbasetemp() / "only-the-same-bytes")
    path = Path("/nowhere/.mirador.toml")
    store.trust(path, CONTENT)
    assert store.is_trusted(path, content) is (content == CONTENT)


def test_trust_belongs_to_the_real_place(store: TrustStore, file: Path, tmp_path: Path) -> None:
    """The same bytes elsewhere are not trusted; the same file under another name is."""
    store.trust(file, CONTENT)
    assert not store.is_trusted(tmp_path / "copy" / ".mirador.toml", CONTENT)
    alias = tmp_path.parent / f"{tmp_path.name}-alias"
    alias.symlink_to(tmp_path)
    assert store.is_trusted(alias / ".mirador.toml", CONTENT)


def test_the_store_is_the_users_alone(store: TrustStore, file: Path, tmp_path: Path) -> None:
    """Nobody else can read or write what is trusted, and no half-written entry stays."""
    store.trust(file, CONTENT)
    folder = tmp_path / "state" / "trust"
    assert folder.stat().st_mode & 0o777 == 0o700
    entries = list(folder.iterdir())
    assert [entry.suffix for entry in entries] == [".trust"]
    assert entries[0].stat().st_mode & 0o777 == 0o600


def test_an_entry_that_is_a_link_does_not_count(
    store: TrustStore, file: Path, tmp_path: Path
) -> None:
    """An entry must be a plain file of the user's own."""
    store.trust(file, CONTENT)
    entry = next((tmp_path / "state" / "trust").iterdir())
    entry.rename(tmp_path / "moved")
    entry.symlink_to(tmp_path / "moved")
    assert not store.is_trusted(file, CONTENT)


def test_an_entry_that_is_a_folder_or_a_pipe_does_not_count(
    store: TrustStore, file: Path, tmp_path: Path
) -> None:
    """Odd things in the store are passed over without waiting for them."""
    store.trust(file, CONTENT)
    entry = next((tmp_path / "state" / "trust").iterdir())
    entry.unlink()
    entry.mkdir()
    os.mkfifo(entry.with_name("pipe.trust"))
    assert not store.is_trusted(file, CONTENT)
    assert list(store.entries()) == []


@pytest.mark.parametrize("damage", [b"", b"x", b"\n", b"\xff" * 100_000])
def test_a_damaged_entry_means_no(
    store: TrustStore, file: Path, tmp_path: Path, damage: bytes
) -> None:
    """Any doubt ends in no trust, never in an error."""
    store.trust(file, CONTENT)
    next((tmp_path / "state" / "trust").iterdir()).write_bytes(damage)
    assert not store.is_trusted(file, CONTENT)
    assert len(list(store.entries())) == 1


def test_odd_names_are_kept_as_they_are(store: TrustStore, tmp_path: Path) -> None:
    """Bytes that are not UTF-8 and line ends in a path survive the store."""
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/a\nb\xff/.mirador.toml"))
    store.trust(path, CONTENT)
    assert store.is_trusted(path, CONTENT)
    assert [entry.path for entry in store.entries()] == [path]


def test_a_store_that_cannot_be_written_says_so(file: Path, tmp_path: Path) -> None:
    """The user reads why trust was not kept."""
    (tmp_path / "blocked").touch()
    with pytest.raises(ServiceError):
        TrustStore(tmp_path / "blocked" / "trust").trust(file, CONTENT)


def test_a_store_that_is_not_there_is_empty(tmp_path: Path) -> None:
    """Nothing is trusted before the first `mirador trust`."""
    store = TrustStore(tmp_path / "none")
    assert list(store.entries()) == []
    assert not store.is_trusted(tmp_path, CONTENT)
    assert Trusted(tmp_path, "") != Trusted(tmp_path, "x")
