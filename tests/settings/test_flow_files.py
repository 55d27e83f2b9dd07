"""Files of knowledge of the user's own: where they are read, and what is told of the others."""

from pathlib import Path

from mirador_lsp.settings import load_settings
from mirador_lsp.settings.flow_files import MOST, read_knowledge
from mirador_lsp.settings.trust import TrustStore


def write(folder: Path, name: str, content: str | bytes) -> Path:
    """A file of the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def test_files_are_read_in_the_order_of_their_names(tmp_path: Path) -> None:
    """TOML files alone; others, hidden ones and folders are left alone."""
    write(tmp_path, "b.toml", "library = 'b'")
    write(tmp_path, "a.toml", "library = 'a'")
    write(tmp_path, "notes.md", "[")
    write(tmp_path, ".c.toml", "[")
    read, problems = read_knowledge(tmp_path)
    assert [file.text for file in read] == ["library = 'a'", "library = 'b'"]
    assert problems == ()
    assert read_knowledge(tmp_path / "nowhere") == ((), ())


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    """In one sentence with a remedy each; the others count."""
    write(tmp_path, "a.toml", "library = 'a'")
    write(tmp_path, "b.toml", "library = ")
    write(tmp_path, "c.toml", b"\xff\xfe")
    write(tmp_path, "d.toml", "#" * 70_000)
    (tmp_path / "e.toml").mkdir()
    read, problems = read_knowledge(tmp_path)
    assert len(read) == 1
    assert [Path(each.source).name for each in problems] == ["b.toml", "c.toml", "d.toml", "e.toml"]
    assert all(each.remedy and "\n" not in each.sentence() for each in problems)


def test_a_folder_has_so_many_files(tmp_path: Path) -> None:
    """One too many is told."""
    for number in range(MOST + 1):
        write(tmp_path, f"{number:02}.toml", "library = 'a'")
    read, problems = read_knowledge(tmp_path)
    assert len(read) == MOST
    assert "one too many" in problems[0].sentence()


def test_a_workspace_tells_only_where_it_is_trusted(tmp_path: Path) -> None:
    """The user's own files count always."""
    env = {"MIRADOR_CONFIG_DIR": str(tmp_path / "config")}
    env |= {"MIRADOR_STATE_DIR": str(tmp_path / "state")}
    place = tmp_path / "workspace"
    write(place / ".mirador/flow", "theirs.toml", "library = 'theirs'")
    settings = write(place, ".mirador.toml", "")
    first = load_settings(workspace=place, env=env)
    write(first.paths.config_file.with_name("flow"), "mine.toml", "library = 'mine'")

    untrusted = load_settings(workspace=place, env=env)
    TrustStore(untrusted.paths.trust).trust(settings, settings.read_bytes())
    trusted = load_settings(workspace=place, env=env)

    assert first.settings.flows == ()
    assert [each.text for each in untrusted.settings.flows] == ["library = 'mine'"]
    both = [each.text for each in trusted.settings.flows]
    assert both == ["library = 'mine'", "library = 'theirs'"]
