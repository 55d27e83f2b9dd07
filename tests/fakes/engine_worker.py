"""A worker program without a model, run by the real engine host in the tests.

The model file's first word says how loading goes: "load", "refuse" or "die". What a request does is
in its question: words separated by blanks, each a step.

    say:WORD    send a piece
    await:FILE  wait until the file exists, or the request is aborted
    stick:FILE  wait until the file exists, deaf to aborts
    die         end by SIGABRT
    garbage     send bytes that are no frame
    batch       send the batch size the model was loaded with
    full        say that the context is too small (alone)

Each start and end, and getting stuck, goes into the file `journal` in the model's cache folder.
"""

import argparse
import os
import socket
import sys
import time
from pathlib import Path

from mirador_lsp.ipc.confine import confine_worker
from mirador_lsp.models import wire
from mirador_lsp.models.worker_main import Channel


def main() -> None:
    """Play a worker."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    arguments = parser.parse_args()
    confine_worker(arguments.parent)
    connection = socket.socket(fileno=arguments.fd)
    channel = Channel(connection)
    load = channel.receive()
    assert isinstance(load, wire.Load)
    how = Path(load.model.path).read_text(encoding="utf-8").split()[0]
    if how == "die":
        os.abort()
    if how == "refuse":
        channel.send(wire.Failed("unavailable", "The model file is damaged."))
        os._exit(0)
    channel.listen()
    channel.count_with(lambda texts: [len(text.split()) for text in texts])
    channel.send(wire.Loaded(load.model.context_tokens, 0.0))
    Player(channel, connection, load.model).play()


class Player:
    def __init__(self, channel: Channel, connection: socket.socket, spec: wire.ModelSpec) -> None:
        self._channel = channel
        self._connection = connection
        self._spec = spec
        self._folder = Path(spec.cache)
        self._folder.mkdir(exist_ok=True, parents=True)

    def play(self) -> None:
        """Serve requests until the host is gone."""
        while True:
            request = self._channel.next_request()
            question = request.question.question
            self._note(f"start {question}")
            end = self._answer(request)
            aborted = isinstance(end, wire.Done) and end.aborted
            self._note(f"{'abort' if aborted else 'end'} {question}")
            self._channel.send(end)

    def _answer(self, request: wire.Generate) -> wire.Done | wire.Failed:
        pieces = 0
        words = len(request.question.material.split())
        if request.question.question == "full":
            return wire.Failed("overflow", "The prompt does not fit.")
        self._channel.send(wire.Started(words))
        self._channel.send(wire.Reading(words, words))
        for step in request.question.question.split():
            if self._channel.aborted(request.number):
                return wire.Done(words, 0, pieces, aborted=True)
            pieces += self._step(step, request.number)
        aborted = self._channel.aborted(request.number)
        return wire.Done(words, 0, pieces, aborted=aborted)

    def _step(self, step: str, number: int) -> int:
        action, _, argument = step.partition(":")
        match action:
            case "say":
                self._channel.send(wire.Piece(argument))
                return 1
            case "batch":
                self._channel.send(wire.Piece(str(self._spec.batch)))
                return 1
            case "await":
                self._until(argument, number)
            case "stick":
                self._note(f"stuck {argument}")
                self._until(argument, None)
            case "die":
                os.abort()
            case "garbage":
                self._connection.sendall(b"\x00\x00\x00\x04oops")
        return 0

    def _until(self, name: str, number: int | None) -> None:
        while not (self._folder / name).exists():
            if number is not None and self._channel.aborted(number):
                return
            time.sleep(0.002)

    def _note(self, line: str) -> None:
        with (self._folder / "journal").open("a", encoding="utf-8") as journal:
            journal.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
