"""The engine runs on the event loop of an editor's server: it must never block it."""

from collections.abc import Iterator

import pytest
from blockbuster import blockbuster_ctx

from mirador_lsp.engine.capabilities import shipped_matrix
from mirador_lsp.engine.prompts.render import preload


@pytest.fixture(autouse=True)
def nothing_blocks() -> Iterator[None]:
    """A blocking call in async code raises. Prompt files are read as the application does."""
    preload()
    shipped_matrix()
    with blockbuster_ctx("mirador_lsp.engine"):
        yield
