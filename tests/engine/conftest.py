"""The engine runs on the event loop of an editor's server: it must never block it."""

from collections.abc import Iterator

import pytest
from blockbuster import blockbuster_ctx


@pytest.fixture(autouse=True)
def nothing_blocks() -> Iterator[None]:
    """A blocking call in async code raises."""
    with blockbuster_ctx("mirador_lsp.engine"):
        yield
