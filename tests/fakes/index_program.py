"""The index host with an embedder of hashes, as a program: real processes, no model.

`MIRADOR_TEST_DIES` ends the host by a signal that it cannot notice once it has used so many seconds
of processor time for building: at another moment each time, however busy the machine is.
`MIRADOR_TEST_BATTERY` names a file; while it is there, the machine runs on battery.
`MIRADOR_TEST_EMBEDDED` names a file that gets a line for each text that the final embedder is given
for the index.
"""

import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fakes.embedder import HashEmbedder
from mirador_lsp.core.errors import ModelUnavailable
from mirador_lsp.core.ports import Embedder
from mirador_lsp.index.wire import Wishes
from mirador_lsp.index_main import main


def _write_down(texts: Sequence[str]) -> None:
    if journal := os.environ.get("MIRADOR_TEST_EMBEDDED"):
        with Path(journal).open("a", encoding="utf-8") as file:
            file.writelines(f"{len(text)}\n" for text in texts)


class Journal(HashEmbedder):
    """Writes down how much it is asked."""

    async def documents(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        _write_down(texts)
        return await super().documents(texts)

    async def query(self, text: str) -> Sequence[float]:
        return (await super().documents([text]))[0]


async def embedders(wishes: Wishes) -> Sequence[Embedder]:
    """Two tiers, as with a real model; none for "none", and one that is not there for "missing"."""
    if dies := os.environ.get("MIRADOR_TEST_DIES"):
        signal.setitimer(signal.ITIMER_PROF, float(dies))
    if wishes.embedder == "none":
        return ()
    if wishes.embedder == "missing":
        message = "The embedder missing is not installed."
        raise ModelUnavailable(message, remedy="Fetch it: mirador models pull missing")
    return (HashEmbedder(name="static", dimensions=32), Journal(name=wishes.embedder))


if __name__ == "__main__":
    battery = os.environ.get("MIRADOR_TEST_BATTERY", "")
    main(embedders, lambda: bool(battery) and Path(battery).exists())
