"""Folders, and who may write to them."""

import os
from pathlib import Path

import pytest

from mirador_lsp.core.errors import ServiceError
from mirador_lsp.settings import Settings, paths
from mirador_lsp.settings.paths import private_folder
from mirador_lsp.settings.settings import ModelsSettings


def test_variables_move_every_folder(tmp_path: Path) -> None:
    """Each kind of file can be put elsewhere, which tests and sandboxes need."""
    names = ("CONFIG", "CACHE", "STATE", "RUNTIME")
    found = paths({f"MIRADOR_{name}_DIR": str(tmp_path / name) for name in names})
    assert found.config_file == tmp_path / "CONFIG" / "config.toml"
    assert found.cache == tmp_path / "CACHE"
    assert found.models == tmp_path / "CACHE" / "models"
    assert found.trust.parent == found.log.parent == found.state == tmp_path / "STATE"
    assert found.runtime == tmp_path / "RUNTIME"


def test_every_folder_is_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A relative variable starts at the current folder, and defaults are absolute."""
    monkeypatch.chdir(tmp_path)
    assert paths({"MIRADOR_CACHE_DIR": "here"}).cache == tmp_path / "here"
    bare = paths({})
    for path in (bare.config_file, bare.cache, bare.models, bare.state, bare.runtime):
        assert path.is_absolute()


def test_settings_move_the_models_folder() -> None:
    """models.folder is where model files lie."""
    settings = Settings(models=ModelsSettings(folder="/big/disk"))
    assert paths({}, settings).models == Path("/big/disk")


def test_the_runtime_folder_leaves_room_for_a_socket_name(tmp_path: Path) -> None:
    """A unix socket's path is short, so a long or missing XDG folder is not used."""
    common = Path(f"/tmp/mirador-{os.getuid()}")
    long = tmp_path / ("x" * 90)
    long.mkdir()
    assert paths({"XDG_RUNTIME_DIR": str(long)}).runtime == common
    assert paths({"XDG_RUNTIME_DIR": str(tmp_path / "none")}).runtime == common
    assert paths({"XDG_RUNTIME_DIR": "relative"}).runtime == common
    assert paths({"XDG_RUNTIME_DIR": "/tmp"}).runtime == Path("/tmp/mirador")


def test_a_private_folder_is_made_and_closed_to_others(tmp_path: Path) -> None:
    """The folder appears with mode 0700, and one others may read is closed."""
    folder = private_folder(tmp_path / "a" / "b")
    assert folder.stat().st_mode & 0o777 == 0o700
    folder.chmod(0o755)
    assert private_folder(folder).stat().st_mode & 0o777 == 0o700


def test_a_folder_others_could_write_to_is_refused(tmp_path: Path) -> None:
    """Closing it now would not undo what somebody may have put there."""
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o770)
    with pytest.raises(ServiceError, match="Other users can write") as caught:
        private_folder(folder)
    assert f"chmod 700 {folder}" in caught.value.remedy


def test_a_link_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    """A link could lead to somebody else's folder."""
    target = tmp_path / "target"
    target.mkdir(mode=0o700)
    link = tmp_path / "link"
    link.symlink_to(target)
    with pytest.raises(ServiceError, match="not a folder of its own"):
        private_folder(link)


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    """What is no folder cannot hold a socket."""
    (tmp_path / "file").touch()
    with pytest.raises(ServiceError) as caught:
        private_folder(tmp_path / "file")
    assert "MIRADOR_RUNTIME_DIR" in caught.value.remedy


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a folder of another user")
def test_a_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    """In /tmp another user may have been first."""
    folder = tmp_path / "theirs"
    folder.mkdir(mode=0o700)
    os.chown(folder, 65534, 65534)
    with pytest.raises(ServiceError, match="belongs to another user"):
        private_folder(folder)
