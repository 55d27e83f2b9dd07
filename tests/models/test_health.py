"""What doctor hears about the embedded engine."""

from pathlib import Path

from fakes.engine import engine_home
from mirador_lsp.core.health import Health
from mirador_lsp.models.engine_health import check_processor


async def test_all_is_well_here() -> None:
    """On a machine that runs the tests the engine imports, and its host starts."""
    with engine_home() as home:
        checks = await home.backend().health()
        assert [check.name for check in checks] == [
            "processor",
            "engine",
            "engine folder",
            "engine host",
        ]
        assert all(check.health is Health.OK for check in checks), checks


async def test_open_folder_is_a_failure() -> None:
    """A runtime folder that others can read fails, with the command that closes it."""
    with engine_home() as home:
        home.runtime.mkdir()
        home.runtime.chmod(0o777)
        checks = await home.backend().health()
        assert checks[-1].name == "engine folder"
        assert checks[-1].health is Health.FAILURE
        assert "chmod 700" in checks[-1].remedy


def test_old_processor_is_told(tmp_path: Path) -> None:
    """A processor without the instructions the engine uses is named as the cause."""
    facts = tmp_path / "cpuinfo"
    facts.write_text("processor : 0\nflags : fpu sse4_2 avx f16c\n")
    check = check_processor(facts)
    assert check.health is Health.FAILURE
    assert "avx2" in check.detail
