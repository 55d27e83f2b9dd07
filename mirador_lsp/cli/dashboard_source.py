"""What the dashboard shows: figures, read again when they have changed, and what runs now."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from mirador_lsp.core.metrics import Price
from mirador_lsp.core.routing import Workings
from mirador_lsp.engine.figures.facts import Facts, summary_facts

if TYPE_CHECKING:
    from mirador_lsp.measuring import Measured, Reader, Wanted

LATEST = 25
"""Requests that are shown one by one."""


@dataclass(frozen=True)
class View:
    """One look."""

    measured: "Measured"
    workings: Workings


class Source:
    """Looks as often as it is asked to; what did not change is not read again."""

    def __init__(
        self,
        reader: "Reader",
        wanted: "Callable[[], Wanted]",
        prices: Sequence[Price],
        workings: Callable[[], Awaitable[Workings]],
    ) -> None:
        """`wanted` says what is asked of the figures now: a span of days moves on at midnight."""
        self._reader = reader
        self._wanted = wanted
        self._prices = prices
        self._workings = workings
        self._known: tuple[str, Measured] | None = None

    async def look(self) -> View:
        """What there is now. Raises `ServiceError` for a store that cannot be read."""
        wanted = self._wanted()
        # A span that begins some minutes ago moves on every minute.
        state = f"{await self._reader.stamp()} {wanted.now // 60:.0f}"
        if self._known is None or self._known[0] != state:
            measured = await self._reader.read(wanted, self._prices, latest=LATEST)
            self._known = (state, measured)
        return View(self._known[1], await self._workings())

    async def everything(self) -> "Measured":
        """The figures of all time."""
        from mirador_lsp.measuring import Wanted  # noqa: PLC0415 — the help must not wait for it

        return await self._reader.read(Wanted(now=self._wanted().now), self._prices)


def view_facts(view: View) -> Facts:
    """A look as plain data, for the page."""
    workings = view.workings
    now = {
        "queues": [asdict(queue) for queue in workings.queues],
        "chosen": [asdict(each) for each in workings.chosen],
    }
    return {**summary_facts(view.measured.summary), "now": now, "live": True}
