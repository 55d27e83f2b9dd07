"""What every test shares."""

import hypothesis
import pytest

# Machines that run tests are busy; a slow example is not a failed one.
hypothesis.settings.register_profile("mirador", deadline=None)
hypothesis.settings.load_profile("mirador")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update` rewrites scenario files with what happened."""
    parser.addoption("--update", action="store_true", help="rewrite expected blocks of scenarios")
