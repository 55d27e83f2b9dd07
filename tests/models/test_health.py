"""What doctor hears about the embedded engine."""

from pathlib import Path

import pytest

from fakes.engine import engine_home
from mirador_lsp.core.health import Health
from mirador_lsp.models.engine_health import check_processor, describe_build


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


@pytest.mark.parametrize(
    ("said", "wide", "told"),
    [("1.2 False", True, True), ("1.2 True", True, False), ("1.2 False", False, False)],
)
def test_a_faster_build_is_named_only_where_it_would_be_one(
    said: str, wide: bool, told: bool
) -> None:
    """The published build is made for AVX2; that matters only to a processor that has more."""
    detail = describe_build(said, wide=wide)
    assert detail.startswith("xllamacpp 1.2")
    assert ("reads prompts 1.3-1.5x faster" in detail) is told


def test_the_processor_is_described(tmp_path: Path) -> None:
    """With what it has; without flags, as on other systems, by its cores alone."""
    facts = tmp_path / "cpuinfo"
    needed = "avx2 fma f16c bmi2"
    facts.write_text(f"flags : {needed} avx512f\n")
    assert "AVX-512" in check_processor(facts).detail
    facts.write_text(f"flags : {needed}\n")
    assert "AVX2" in check_processor(facts).detail
    facts.write_text("Features : neon\n")
    assert check_processor(facts).detail.endswith("cores")
