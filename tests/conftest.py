"""What every test shares."""

from collections.abc import Iterator

import hypothesis
import pytest


# What a test has Mirador remember must not end up with what its user has Mirador remember.
@pytest.fixture(autouse=True, scope="session")
def state_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Also where a test names no folder for it; processes that it starts inherit that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


# Machines that run tests are busy; a slow example is not a failed one.
hypothesis.settings.register_profile("mirador", deadline=None)
hypothesis.settings.load_profile("mirador")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update` rewrites scenario files with what happened."""
    parser.addoption("--update", action="store_true", help="rewrite expected blocks of scenarios")
