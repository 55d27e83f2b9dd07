"""Folders that belong to the user alone."""

import os
import socket
from pathlib import Path

import pytest

import mirador_lsp
from mirador_lsp.core.errors import ServiceError
from mirador_lsp.ipc.places import Places
from mirador_lsp.ipc.private import ensure_private, peer_uid


def test_folder_is_made_closed(tmp_path: Path) -> None:
    """A folder that was not there is made for the user only."""
    assert ensure_private(tmp_path / "a").stat().st_mode & 0o777 == 0o700


def test_link_is_no_folder(tmp_path: Path) -> None:
    """A link may lead anywhere and is refused."""
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(ServiceError):
        ensure_private(tmp_path / "link")


def test_file_in_its_place_is_told(tmp_path: Path) -> None:
    """A file where the folder should be is an error with a remedy."""
    (tmp_path / "file").touch()
    with pytest.raises(ServiceError) as caught:
        ensure_private(tmp_path / "file")
    assert caught.value.remedy


def test_path_too_long_for_a_socket_is_told(tmp_path: Path) -> None:
    """The system's limit on socket paths is explained instead of met."""
    deep = tmp_path / ("x" * 100)
    with pytest.raises(ServiceError, match="too long"):
        Places(deep).ensure()


def test_two_installations_do_not_share_a_host(tmp_path: Path) -> None:
    """Each installation has files of its own, and the same ones every time."""
    one, other = Places(tmp_path, Path("/a/mirador_lsp")), Places(tmp_path, Path("/b/mirador_lsp"))
    assert len({one.socket, other.socket, one.lock, other.lock, one.log, other.log}) == 6
    assert one.socket == Places(tmp_path, Path("/a/mirador_lsp")).socket
    assert Places(tmp_path).package == Path(mirador_lsp.__file__).parent
    handle = one.take_lock()
    assert handle is not None
    assert (one.holder(), other.holder()) == (os.getpid(), None)
    os.close(handle)


def test_lock_has_one_holder(tmp_path: Path) -> None:
    """While one holds the lock no other gets it, and everyone can see who it is."""
    places = Places(tmp_path)
    assert places.holder() is None
    handle = places.take_lock()
    assert handle is not None
    assert places.take_lock() is None
    assert places.holder() == os.getpid()
    os.close(handle)
    assert places.holder() is None


def test_peer_is_known() -> None:
    """The other end of a socket pair of ours is we."""
    one, other = socket.socketpair()
    assert peer_uid(one) == os.getuid()
    one.close()
    other.close()
