"""The process that parses the files of a workspace for its index.

Native parsers run on hostile text here, and nothing else does. It may die at any time: the index
starts another, and leaves the file alone that ended it twice.
"""

import argparse
import contextlib
import resource
import socket

from mirador_lsp.index.cutting import TO_CUTTER, Cut, CutThis, TooMuch
from mirador_lsp.ipc import frames
from mirador_lsp.ipc.confine import confine_worker
from mirador_lsp.syntax.chunks import chunking_of
from mirador_lsp.syntax.mentions import mentioned_in
from mirador_lsp.syntax.parser import parse

_MEMORY_BYTES = 2 << 30
"""Address space it may have."""
_PARSE_SECONDS = 1.0


def main() -> None:
    """Cut texts until the index is gone."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    arguments = parser.parse_args()
    confine_worker(arguments.parent)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    with socket.socket(fileno=arguments.fd) as line, line.makefile("rb") as source:
        while (asked := frames.read_frame(source, TO_CUTTER)) is not None:
            line.sendall(_answer(asked))


def _answer(asked: CutThis) -> bytes:
    try:
        return frames.pack(cut(asked))
    except (MemoryError, RecursionError, frames.WireError):
        return frames.pack(TooMuch())


def cut(asked: CutThis) -> Cut:
    """The chunks and names of a text. Never raises for what it holds but for memory."""
    parsed = parse(
        asked.text, asked.language, budget_seconds=_PARSE_SECONDS, max_bytes=asked.max_bytes
    )
    cut, named = chunking_of(parsed, asked.name), mentioned_in(parsed)
    return Cut(cut.chunks, named.mentions, partial=bool(cut.note or named.note))


if __name__ == "__main__":
    main()
