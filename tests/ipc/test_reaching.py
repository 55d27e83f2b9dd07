"""What is said of a host that cannot be asked."""

from typing import Any, cast

import msgspec
import pytest

from mirador_lsp.core.errors import IndexUnavailable
from mirador_lsp.ipc.reaching import Connection, Kind


class _HungUp:
    """A line whose other end has gone."""

    async def next(self) -> None:
        return None


async def test_a_host_that_hangs_up_is_named_with_what_ends_it() -> None:
    """It may live on and not understand, when Mirador's files were replaced under it."""
    decoder = msgspec.json.Decoder[Any](Any)
    kind = Kind("index", (), decoder, IndexUnavailable, "mirador index stop")
    with pytest.raises(IndexUnavailable, match="stopped before") as caught:
        await Connection(cast("Any", _HungUp()), kind).next()
    assert "If it stays so: mirador index stop." in caught.value.remedy
