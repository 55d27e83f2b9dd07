"""The parse worker's process: reads frames from standard input, answers on standard output.

Native parsers run on hostile text here, and nothing else does. It may die at any time; the client
starts another. Anything it has to say outside of frames goes to standard error.
"""

import os
import signal
import sys
from pathlib import Path
from typing import BinaryIO

import msgspec

from mirador_lsp.analysis.frames import LENGTHS, MAX_FRAME, Hello, Reply, Request, frame
from mirador_lsp.analysis.inspection import Around, Inspector
from mirador_lsp.analysis.isolation import isolate
from mirador_lsp.core.errors import AnalyzerError
from mirador_lsp.core.knowledge import KnowledgeFile
from mirador_lsp.core.text import Span


def main() -> int:
    """Serve one client until it closes the pipe. Returns the exit status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the client, which ends this one
    measures = isolate()
    with _claimed(0, os.O_RDONLY) as requests, _claimed(1, os.O_WRONLY) as replies:
        # A stray print must not get between the frames.
        os.dup2(2, 1)
        try:
            _serve(requests, replies, measures)
        except BrokenPipeError:
            os._exit(0)  # nobody listens any more, and the buffer cannot be flushed to anyone
    return 0


def _claimed(descriptor: int, mode: int) -> BinaryIO:
    return os.fdopen(os.dup(descriptor), "rb" if mode == os.O_RDONLY else "wb")


def _serve(requests: BinaryIO, replies: BinaryIO, measures: tuple[str, ...]) -> None:
    _send(replies, frame(Hello(measures)))
    inspector = Inspector()
    decoder = msgspec.json.Decoder(Request)
    while lengths := requests.read(LENGTHS.size):
        head_size, body_size = LENGTHS.unpack(lengths)
        if max(head_size, body_size) > MAX_FRAME:
            return
        request = decoder.decode(requests.read(head_size))
        text = requests.read(body_size).decode("utf-8", "surrogatepass")
        _send(replies, frame(_answer(inspector, request, text)))


def _answer(inspector: Inspector, request: Request, text: str) -> Reply:
    try:
        return _done(inspector, request, text)
    except AnalyzerError as error:
        return Reply(request.id, error=error.sentence())


def _done(inspector: Inspector, request: Request, text: str) -> Reply:
    how = (text, request.language, request.budget_seconds, request.max_bytes)
    place = request.span or Span(0, 0)
    made = Reply(request.id)
    match request.do:
        case "outline":
            made = Reply(request.id, outline=inspector.outline(*how))
        case "surroundings":
            made = Reply(request.id, surroundings=inspector.surroundings(*how, place))
        case "slice":
            made = Reply(request.id, slice=inspector.slice_of(*how, place))
        case "references":
            made = Reply(request.id, references=inspector.references(*how))
        case "rules":
            made = Reply(request.id, analysis=inspector.rules(*how))
        case "flows":
            around = Around(Path(request.root), request.name) if request.root else None
            made = Reply(request.id, analysis=inspector.flows(*how, around))
        case "learn":
            inspector.learn(msgspec.json.decode(text, type=tuple[KnowledgeFile, ...]))
        case "warm":
            inspector.warm()
    return made


def _send(replies: BinaryIO, data: bytes) -> None:
    replies.write(data)
    replies.flush()


if __name__ == "__main__":
    sys.exit(main())
