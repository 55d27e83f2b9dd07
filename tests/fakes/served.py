"""A real server process around a fake application, for tests of the wire and of the end.

Arguments: the transport and where (a port or a path). Each review prints, as careless code does.
"""

import asyncio
import os
import sys
import time
from dataclasses import replace

from fakes.app import FakeApp, endless, finding, staged
from mirador_lsp.core.events import Emit
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.server.run import ServeOptions, serve


async def careless(request: ReviewRequest, emit: Emit) -> None:
    """Print in every way there is, then report one finding, or run for ever, or fill every thread
    of the loop's own pool with work that cannot be stopped.
    """
    print("print")
    os.write(1, b"native code\n")
    if "endless" in request.snapshot.text:
        await endless(request, emit)
    if "stuck" in request.snapshot.text:
        for _ in range(200):
            asyncio.get_running_loop().run_in_executor(None, time.sleep, 600)
    await staged(("instant", (finding(end=0),)))(request, emit)


if __name__ == "__main__":
    transport, where = sys.argv[1], sys.argv[2]
    options = ServeOptions(transport=transport)
    options = (
        replace(options, pipe=where) if transport == "pipe" else replace(options, port=int(where))
    )
    sys.exit(serve(options, FakeApp(careless).open))
