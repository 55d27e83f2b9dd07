"""A parse worker process that misbehaves when the text tells it to. Run as a script.

Texts: `EXIT` ends it, `HANG` stops it, `GARBAGE` answers no frame, `OUTSIDE` names places outside
the text, `OTHER` answers another question, `SIGNAL path` opens the named pipe at `path` and then
stops, unless `path.seen` exists. Anything else is parsed properly.
"""

import os
import signal
import sys
from pathlib import Path

import msgspec

from mirador_lsp.analysis.frames import LENGTHS, Hello, Reply, Request, frame
from mirador_lsp.analysis.inspection import Inspector
from mirador_lsp.core.findings import Finding, Lens, Origin, Severity
from mirador_lsp.core.outline import Outline, Surroundings, Symbol
from mirador_lsp.core.ports import Analysis
from mirador_lsp.core.retrieval import Slice
from mirador_lsp.core.text import Span

COMMAND = (sys.executable, "-P", __file__)


def main() -> None:
    """Serve one client."""
    inspector = Inspector()
    sys.stdout.buffer.write(frame(Hello(("none at all",))))
    sys.stdout.buffer.flush()
    while lengths := sys.stdin.buffer.read(LENGTHS.size):
        head, body = LENGTHS.unpack(lengths)
        request = msgspec.json.decode(sys.stdin.buffer.read(head), type=Request)
        text = sys.stdin.buffer.read(body).decode("utf-8", "surrogatepass")
        sys.stdout.buffer.write(answer(inspector, request, text))
        sys.stdout.buffer.flush()


def answer(inspector: Inspector, request: Request, text: str) -> bytes:  # noqa: PLR0911
    """The bytes to send back, if there are any."""
    word, _, rest = text.partition(" ")
    if word == "EXIT":
        os._exit(3)
    if word == "HANG" or (word == "SIGNAL" and not Path(f"{rest}.seen").exists()):
        if word == "SIGNAL":
            Path(f"{rest}.seen").touch()
            Path(rest).write_text(str(os.getpid()))
        signal.pause()
    if word == "GARBAGE":
        return LENGTHS.pack(9, 0) + b"{garbage}"
    if word == "OUTSIDE":
        return outside(request)
    if word == "OTHER":
        return frame(Reply(request.id + 1, error="x"))
    how = (text, request.language, request.budget_seconds, request.max_bytes)
    if request.do == "outline":
        return frame(Reply(request.id, outline=inspector.outline(*how)))
    if request.do == "surroundings":
        place = request.span or Span(0, 0)
        return frame(Reply(request.id, surroundings=inspector.surroundings(*how, place)))
    if request.do == "slice":
        place = request.span or Span(0, 0)
        return frame(Reply(request.id, slice=inspector.slice_of(*how, place)))
    return frame(Reply(request.id, analysis=Analysis(())))


def outside(request: Request) -> bytes:
    """An answer whose only place is far behind the end of the text."""
    far = Span(10_000, 10_001)
    if request.do == "outline":
        symbol = Symbol("f", "function", far, far)
        return frame(Reply(request.id, outline=Outline((symbol,), ())))
    if request.do == "surroundings":
        return frame(Reply(request.id, surroundings=Surroundings(far, "", None, "")))
    if request.do == "slice":
        return frame(Reply(request.id, slice=Slice((10_000,))))
    finding = Finding(
        id="x",
        rule="rules/x",
        lens=Lens.BUG,
        severity=Severity.ERROR,
        message="x",
        span=far,
        confidence=1.0,
        origin=Origin("instant", "rules"),
    )
    return frame(Reply(request.id, analysis=Analysis((finding,))))


if __name__ == "__main__":
    main()
