"""What doctor is told about models and machine."""

import os
from pathlib import Path

import pytest

from fakes.model_files import entry_for, model_bytes
from mirador_lsp.core.health import Check, Health
from mirador_lsp.models.health import machine_checks, model_checks
from mirador_lsp.models.memory import available_memory
from mirador_lsp.models.storage import ModelStore

SMALL, LARGE = model_bytes(1000, 1), model_bytes(2000, 2)
SMALL_ENTRY = entry_for(SMALL, name="small", alias="s")
LARGE_ENTRY = entry_for(LARGE, name="large", alias="l")
STAGES = {"quick": ("small",), "deep": ("large", "small")}


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    """An empty store that looks for two models."""
    return ModelStore(tmp_path, (SMALL_ENTRY, LARGE_ENTRY))


def named(checks: tuple[Check, ...], name: str) -> Check:
    """The only check of that name."""
    (found,) = [check for check in checks if check.name == name]
    return found


async def test_no_model_is_a_failure_with_a_command(store: ModelStore) -> None:
    """The main job needs one; the remedy can be pasted."""
    check = named(await model_checks(store, stages=STAGES), "models")
    assert check.health is Health.FAILURE
    assert check.remedy == "mirador models pull small"


async def test_where_servers_have_models_none_need_be_here(store: ModelStore) -> None:
    """Reviews work, so nothing is failed and nothing is to be fetched."""
    (check,) = await model_checks(store, served=True)
    assert (check.name, check.health, check.remedy) == ("models", Health.OK, "")


async def test_one_model_is_enough_but_the_stage_without_its_own_is_named(
    store: ModelStore,
) -> None:
    """The deep stage runs on the small model then, and it is said."""
    store.path_of(SMALL_ENTRY).write_bytes(SMALL)
    checks = await model_checks(store, stages=STAGES)
    assert named(checks, "models").health is Health.OK
    deep = named(checks, "stage deep")
    assert (deep.health, deep.remedy) == (Health.WARNING, "mirador models pull large")
    assert "small" in deep.detail
    assert all(check.name != "stage quick" for check in checks)


async def test_with_all_models_there_is_one_check(store: ModelStore) -> None:
    """Nothing to mend, nothing more to read."""
    store.path_of(SMALL_ENTRY).write_bytes(SMALL)
    store.path_of(LARGE_ENTRY).write_bytes(LARGE)
    checks = await model_checks(store, stages=STAGES)
    assert [check.name for check in checks] == ["models"]


async def test_a_broken_and_an_unfinished_model_are_named(store: ModelStore) -> None:
    """Both say what to run."""
    store.path_of(SMALL_ENTRY).write_bytes(SMALL[:-1] + b"?")
    store.partial_path(LARGE_ENTRY).write_bytes(LARGE[:500])
    checks = await model_checks(store)
    assert named(checks, "models").health is Health.FAILURE
    assert "checksum" in named(checks, "model small").detail
    assert "25 %" in named(checks, "model large").detail
    assert "mirador models pull large" in named(checks, "model large").remedy


async def test_models_of_no_catalogue_are_named(store: ModelStore) -> None:
    """They are not used, so it is said why."""
    (store.folder / "mine.gguf").write_bytes(SMALL)
    check = named(await model_checks(store), "unknown models")
    assert check.health is Health.WARNING
    assert "mine.gguf" in check.detail


async def test_a_stage_whose_models_nobody_knows_points_at_the_settings(store: ModelStore) -> None:
    """Pulling a name that does not exist would not help."""
    store.path_of(SMALL_ENTRY).write_bytes(SMALL)
    checks = await model_checks(store, stages={"quick": ("nonsense\x1b[2J",)})
    check = named(checks, "stage quick")
    assert check.health is Health.WARNING
    assert "stages.quick.models" in check.remedy
    assert "\x1b" not in check.detail


async def test_the_machine_is_looked_at_whatever_is_missing(tmp_path: Path) -> None:
    """Folders that are not there are no error."""
    store = ModelStore(tmp_path / "none" / "models", (SMALL_ENTRY,))
    checks = await machine_checks(store, tmp_path / "runtime")
    assert {"python", "memory", "disk", "runtime folder"} == {c.name for c in checks}
    assert named(checks, "python").health is Health.OK
    assert named(checks, "runtime folder").health is Health.OK
    assert not (tmp_path / "none").exists()


async def test_a_model_larger_than_the_memory_is_a_failure(tmp_path: Path) -> None:
    """A hole in a file stands for a huge model; nothing is written."""
    size = (available_memory() or 1 << 40) * 2
    path = tmp_path / "huge.gguf"
    path.write_bytes(b"GGUF")
    os.truncate(path, min(size, 1 << 43))
    huge = entry_for(SMALL, name="huge", alias="h")
    huge = type(huge)(
        name="huge",
        title="huge",
        file_name="huge.gguf",
        size=path.stat().st_size,
        sha256=huge.sha256,
        licence="MIT",
        parameters=1,
        context_tokens=1,
    )
    checks = await machine_checks(ModelStore(tmp_path, (huge,)))
    if available_memory() is not None:
        assert named(checks, "memory").health is Health.FAILURE


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
async def test_a_runtime_folder_others_can_write_to_is_a_failure(
    store: ModelStore, tmp_path: Path, mode: int
) -> None:
    """Somebody else could stand in for the engine."""
    runtime = tmp_path / "run"
    runtime.mkdir()
    runtime.chmod(mode)
    check = named(await machine_checks(store, runtime), "runtime folder")
    assert check.health is Health.FAILURE
    assert "chmod 700" in check.remedy


async def test_a_runtime_folder_that_is_a_link_or_a_file_is_a_failure(
    store: ModelStore, tmp_path: Path
) -> None:
    """Neither is followed."""
    file = tmp_path / "file"
    file.write_text("")
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    for path in (file, link):
        check = named(await machine_checks(store, path), "runtime folder")
        assert check.health is Health.FAILURE


async def test_a_good_runtime_folder_is_good(store: ModelStore, tmp_path: Path) -> None:
    """One that only the user can write to."""
    runtime = tmp_path / "run"
    runtime.mkdir(mode=0o700)
    check = named(await machine_checks(store, runtime), "runtime folder")
    assert check.health is Health.OK
