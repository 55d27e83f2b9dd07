"""How models that fail are put off."""

from pathlib import Path

import pytest

from fakes.clock import FakeClock
from mirador_lsp.core.errors import ModelUnavailable
from mirador_lsp.models.strikes import MOST_LOADS, Strikes
from mirador_lsp.models.wire import ModelSpec


def _spec(path: Path) -> ModelSpec:
    path.write_text("weights")
    return ModelSpec("small", str(path), "d", 7, 4096, 0, 64, 0, 0, "")


def test_first_failure_is_forgiven_then_pauses_grow(tmp_path: Path) -> None:
    """One crash costs nothing; each further one makes the next attempt wait longer."""
    clock = FakeClock()
    strikes, spec = Strikes(clock.monotonic), _spec(tmp_path / "m")
    strikes.crashed(spec, "It crashed.")
    strikes.check(spec)
    for pause in (1.0, 2.0, 4.0):
        strikes.crashed(spec, "It crashed.")
        clock.advance(pause * 0.9)
        with pytest.raises(ModelUnavailable, match="tried again"):
            strikes.check(spec)
        clock.advance(pause * 0.2)
        strikes.check(spec)


def test_success_wipes_the_slate(tmp_path: Path) -> None:
    """A reply that was completed ends the putting-off."""
    strikes, spec = Strikes(FakeClock().monotonic), _spec(tmp_path / "m")
    for _ in range(5):
        strikes.crashed(spec, "It crashed.")
    strikes.worked(spec)
    strikes.check(spec)


def test_file_that_does_not_load_is_left_alone_until_it_changes(tmp_path: Path) -> None:
    """No waiting helps a damaged file; another file in its place is another chance."""
    clock = FakeClock()
    strikes, spec = Strikes(clock.monotonic), _spec(tmp_path / "m")
    for _ in range(MOST_LOADS):
        strikes.load_failed(spec, "It is damaged.")
    clock.advance(1e6)
    with pytest.raises(ModelUnavailable, match="cannot be used") as caught:
        strikes.check(spec)
    assert "mirador models" in caught.value.remedy
    (tmp_path / "m").write_text("other weights")
    strikes.check(spec)
