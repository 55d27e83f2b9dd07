"""The catalogue: its data holds together, and mistakes in a user's own are said in one line."""

from pathlib import Path

import pytest

from fakes.model_files import entry_for, model_bytes
from mirador_lsp.core.errors import UserError
from mirador_lsp.models.catalogue import (
    HubSource,
    PackageIndexSource,
    find,
    load_catalogue,
    read_catalogue,
)

MINIMAL = """
[[model]]
name = "own"
title = "A model of mine"
file_name = "own.gguf"
size = 10
sha256 = "{sha}"
licence = "MIT"
parameters = 1
context_tokens = 4096
"""
OWN = MINIMAL.format(sha="a" * 64)


def test_the_default_models_are_the_published_ones() -> None:
    """Sizes and checksums of the official files, written down here a second time on purpose."""
    known = {entry.name: (entry.size, entry.sha256[:16]) for entry in load_catalogue()}
    assert known["qwen2.5-coder-0.5b"] == (491_400_064, "1d9614638d18024d")
    assert known["qwen2.5-coder-1.5b"] == (1_117_320_768, "cc324af070c2ecbf")
    assert known["smollm2-135m"] == (98_362_432, "b179c9523d0e6a0f")


def test_every_model_has_the_hub_first_and_the_package_index_second() -> None:
    """The publisher's own place is asked before the pieces others keep."""
    for entry in load_catalogue():
        assert [type(source) for source in entry.sources] == [HubSource, PackageIndexSource]


def test_pieces_add_up_to_the_model_and_have_checksums_of_their_own() -> None:
    """A wrong piece is found when it arrives, not after the last one."""
    for entry in load_catalogue():
        for source in entry.sources:
            if isinstance(source, PackageIndexSource):
                assert sum(part.size for part in source.parts) == entry.size
                checksums = [part.sha256 for part in source.parts]
                assert len(set(checksums)) == len(checksums)


def test_only_the_larger_model_may_judge() -> None:
    """The small model's yes and no were measured to be no better than chance."""
    assert [entry.name for entry in load_catalogue() if entry.can_judge] == ["qwen2.5-coder-1.5b"]


@pytest.mark.parametrize("name", ["qwen2.5-coder-0.5b", "0.5b", " 0.5B "])
def test_a_model_is_found_by_name_and_alias(name: str) -> None:
    """Case and blanks around it do not matter."""
    assert find(name).name == "qwen2.5-coder-0.5b"


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    """One line, with what was probably meant."""
    with pytest.raises(UserError) as caught:
        find("qwen2.5-coder-1.5")
    assert "qwen2.5-coder-1.5b" in caught.value.sentence()
    assert "\n" not in caught.value.sentence()


def test_a_hostile_name_is_shown_harmless() -> None:
    """Control characters of the argument do not reach the terminal."""
    with pytest.raises(UserError) as caught:
        find("zz\x1b[2J\u202e")
    assert "\x1b" not in str(caught.value)
    assert "\u202e" not in str(caught.value)


def test_a_users_file_adds_models(tmp_path: Path) -> None:
    """What it names stands beside Mirador's own."""
    file = tmp_path / "models.toml"
    file.write_text(OWN)
    names = [entry.name for entry in load_catalogue(file)]
    assert names == [*(entry.name for entry in load_catalogue()), "own"]


def test_a_users_model_replaces_one_of_the_same_name(tmp_path: Path) -> None:
    """The user's word is the last."""
    file = tmp_path / "models.toml"
    file.write_text(OWN.replace('"own"', '"smollm2-135m"'))
    entries = {entry.name: entry for entry in load_catalogue(file)}
    assert entries["smollm2-135m"].size == 10
    assert len(entries) == len(load_catalogue())


def test_no_users_file_is_no_problem(tmp_path: Path) -> None:
    """Most users have none."""
    assert load_catalogue(tmp_path / "models.toml") == load_catalogue()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("size = 10", "size = 0"), "size"),
        (("size = 10", 'size = "10"'), "size"),
        (('"own.gguf"', '"../own.gguf"'), "file_name"),
        (('"own.gguf"', '"/etc/own.gguf"'), "file_name"),
        (('"own.gguf"', '".own.gguf"'), "file_name"),
        (('"own.gguf"', '"own.bin"'), "file_name"),
        (("a" * 64, "A" * 64), "sha256"),
        (("a" * 64, "a" * 63), "sha256"),
        (("a" * 64, "a" * 64 + "\\n"), "sha256"),
        (('name = "own"', 'name = "Own Model"'), "name"),
        (('licence = "MIT"', 'license = "MIT"'), "licen"),
        (("[[model]]", "[[model"), "valid"),
        (('title = "A model of mine"', 'title = "A"\naliases = ["own"]'), "own"),
    ],
)
def test_a_mistake_names_file_and_place(change: tuple[str, str], said: str) -> None:
    """Nothing half-read is used; the line says where to look."""
    with pytest.raises(UserError) as caught:
        read_catalogue(OWN.replace(*change), "/home/me/models.toml")
    assert "/home/me/models.toml" in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize("distribution", ["-r", "--index-url=x", "../x", "a b", "https://x"])
def test_a_distribution_can_be_no_option_of_pip(distribution: str) -> None:
    """It goes into a command line, so only plain names are let in."""
    source = f"""
[[model.source]]
kind = "package-index"
[[model.source.parts]]
distribution = "{distribution}"
version = "1.0"
member = "data.bin"
size = 10
sha256 = "{"b" * 64}"
"""
    with pytest.raises(UserError, match="distribution"):
        read_catalogue(OWN + source, "x")


def test_pieces_of_another_size_than_the_model_are_refused() -> None:
    """Such a download could never end well."""
    source = f"""
[[model.source]]
kind = "package-index"
[[model.source.parts]]
distribution = "a"
version = "1.0"
member = "data.bin"
size = 9
sha256 = "{"b" * 64}"
"""
    with pytest.raises(UserError, match="9 bytes, not 10"):
        read_catalogue(OWN + source, "x")


def test_find_looks_in_the_catalogue_it_is_given() -> None:
    """A user's model is found when the user's catalogue is passed."""
    own = entry_for(model_bytes(100))
    assert find("t", (own,)) is own
