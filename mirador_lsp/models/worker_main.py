"""The program of a worker: one child process of the engine host with one loaded model.

It reads frames from a socket that it inherited and works on one request at a time. A second thread
reads on while the engine works, so that an abort is seen between two pieces, and ends the process
when the host is gone. The process always leaves by `os._exit`: the engine's own way out can hang.
"""

import argparse
import logging
import os
import queue
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from mirador_lsp import __version__
from mirador_lsp.core.errors import ModelUnavailable, ServiceError
from mirador_lsp.ipc import frames
from mirador_lsp.ipc.confine import confine_worker
from mirador_lsp.ipc.private import ensure_private
from mirador_lsp.models import wire
from mirador_lsp.models.cores import physical_cores
from mirador_lsp.models.llama import Llama
from mirador_lsp.models.slots import SlotFiles
from mirador_lsp.models.templates import Assembled

_BRIEF = 0.05
"""Seconds; a step of reading that takes no longer need not be one."""
_DEFECT = 70
"""Exit status of a worker that ended by a defect; the number that sysexits.h has for it."""
_log = logging.getLogger("mirador_lsp.models.worker_main")  # not "__main__"
CountTokens = Callable[[Sequence[str]], Sequence[int]]
"""The number of tokens of each text. Raises OSError."""


class Channel:
    """The line to the host."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._source: BinaryIO = connection.makefile("rb")
        self._requests: queue.SimpleQueue[wire.Generate] = queue.SimpleQueue()
        self._aborted = -1
        self._sending = threading.Lock()
        self._to_count: queue.SimpleQueue[wire.Tokenize] = queue.SimpleQueue()

    def send(self, message: wire.FromWorker) -> None:
        """Send a message; the host always reads."""
        with self._sending:
            self._connection.sendall(frames.pack(message))

    def receive(self) -> wire.ToWorker | None:
        """The next message; None when the host is gone."""
        return frames.read_frame(self._source, wire.TO_WORKER)

    def listen(self) -> None:
        """From now on a thread reads what the host says."""
        threading.Thread(target=self._listen, name="host", daemon=True).start()

    def count_with(self, count: CountTokens) -> None:
        """From now on texts are counted by `count`, in a thread of their own: neither the answer
        that is being given nor an abort has to wait for them.
        """
        work = threading.Thread(target=self._count, args=(count,), name="tokens", daemon=True)
        work.start()

    def next_request(self) -> wire.Generate:
        """Wait for work."""
        return self._requests.get()

    def aborted(self, number: int) -> bool:
        """Whether the host no longer wants request `number`; numbers only grow."""
        return number <= self._aborted

    def _listen(self) -> None:
        with _last_words():
            while (message := self.receive()) is not None:
                match message:
                    case wire.Generate():
                        self._requests.put(message)
                    case wire.Abort(number):
                        self._aborted = max(self._aborted, number)
                    case wire.Tokenize():
                        self._to_count.put(message)
                    case wire.Load():
                        break

    def _count(self, count: CountTokens) -> None:
        with _last_words():
            while True:
                asked = self._to_count.get()
                try:
                    tokens = tuple(count(asked.texts))
                except OSError as error:
                    _log.warning("tokens were not counted: %s", error)
                    self.send(wire.Tokenized(asked.number, None))
                else:
                    self.send(wire.Tokenized(asked.number, tokens))


class Answer:
    """What the engine streams for one request, turned into messages."""

    def __init__(self, channel: Channel, number: int, prompt: Assembled, step: int) -> None:
        self._channel = channel
        self._number = number
        self._prompt_tokens = len(prompt.tokens)
        self._step = step
        self._cached: int | None = None
        self._speaking = False
        self.more_to_read = False
        """Stopped after one step of the prompt, to be asked again for the next."""
        self.read_tokens = 0
        """Prompt tokens that the engine holds now."""
        self.end: wire.Done | wire.Failed | None = None

    def on_event(self, event: dict[str, Any]) -> bool:
        """Take an event; True stops the engine.

        An exception here would stop the engine without a word, so none gets out.
        """
        try:
            self._take(event)
        except (LookupError, TypeError, ValueError) as error:
            self.end = wire.Failed("bad", f"The engine said something unexpected: {error!r}.")
        except OSError:
            return True
        ended = self.end is not None or self._channel.aborted(self._number)
        return ended or self.more_to_read

    def read_on(self, *, in_steps: bool) -> None:
        """The engine will be asked the same again; `in_steps` for no more than the next step."""
        self.more_to_read = False
        self._step = self._step if in_steps else self._prompt_tokens

    def _take(self, event: dict[str, Any]) -> None:
        if "error" in event:
            self.end = _refusal(event["error"])
            return
        if progress := event.get("prompt_progress"):
            self._reading(int(progress["processed"]), int(progress["cache"]))
        choice = event["choices"][0]
        if choice["text"]:
            self._speak(choice)
        if choice["finish_reason"]:
            self._finish(event, truncated=choice["finish_reason"] == "length")

    def _reading(self, done: int, cached: int) -> None:
        if self._cached is None:
            self._cached = cached
        # The first word comes when nothing but what was known is read; the engine reads one batch
        # from there even when it is stopped now.
        self.more_to_read = done == cached and self._prompt_tokens - done > self._step
        self.read_tokens = min(done, self._prompt_tokens)
        if not self._speaking:
            self._channel.send(wire.Reading(self.read_tokens, self._prompt_tokens))

    def _speak(self, choice: dict[str, Any]) -> None:
        self._speaking = True
        self.read_tokens = self._prompt_tokens
        logprob, alternatives = _probabilities(choice.get("logprobs"))
        self._channel.send(wire.Piece(choice["text"], logprob, alternatives))

    def _finish(self, event: dict[str, Any], *, truncated: bool) -> None:
        self.read_tokens = self._prompt_tokens
        self.end = wire.Done(
            prompt_tokens=int(event["usage"]["prompt_tokens"]),
            cached_tokens=self._cached or 0,
            completion_tokens=int(event["usage"]["completion_tokens"]),
            truncated=truncated,
        )


class Worker:
    """A loaded model at work."""

    def __init__(
        self,
        channel: Channel,
        llama: Llama,
        slots: SlotFiles,
        step: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`step` is the number of prompt tokens that the engine reads at once."""
        self._clock = clock
        self._channel = channel
        self._step = step
        self._llama = llama
        self._slots = slots
        self._held: tuple[int, ...] = ()
        """Tokens whose state is in the engine's slot now."""

    def run(self) -> None:
        """Work until the host is gone."""
        while True:
            request = self._channel.next_request()
            try:
                self._serve(request)
            except OSError as error:
                _log.warning("a request failed: %s", error)
                self._channel.send(wire.Failed("unavailable", f"The engine failed: {error}."))

    def _serve(self, request: wire.Generate) -> None:
        question = request.question
        try:
            prompt = self._llama.assemble(question)
        except ModelUnavailable as error:
            self._channel.send(wire.Failed("bad", str(error), error.remedy))
            return
        room = self._llama.context_tokens - question.max_tokens
        if len(prompt.tokens) > room:
            self._channel.send(_too_long(len(prompt.tokens), question.max_tokens, room))
            return
        self._channel.send(wire.Started(len(prompt.tokens)))
        if not self._channel.aborted(request.number):
            self._recall(prompt, question.version)
        answer = Answer(self._channel, request.number, prompt, self._step)
        if not self._channel.aborted(request.number):
            self._ask(prompt, request, answer)
            self._held = prompt.tokens[: answer.read_tokens]
        self._channel.send(answer.end or self._unfinished(request.number, prompt))
        if isinstance(answer.end, wire.Done):
            self._remember(prompt, question.version, answer.end)

    def _ask(self, prompt: Assembled, request: wire.Generate, answer: Answer) -> None:
        """Have the engine answer; a long prompt is read step by step.

        The engine tells of a batch when it has begun the next one, so a stop would wait for up to
        two. Asked for one batch at a time, it is at rest after each.
        """
        self._llama.complete(prompt, request.question, answer.on_event)
        while answer.more_to_read and answer.end is None:
            begin = self._clock()
            self._llama.settle()
            if self._channel.aborted(request.number):
                return
            # Where a batch takes no time, stopping between two of them would cost more than it.
            answer.read_on(in_steps=self._clock() - begin > _BRIEF)
            self._llama.complete(prompt, request.question, answer.on_event)

    def _unfinished(self, number: int, prompt: Assembled) -> wire.Done | wire.Failed:
        if self._channel.aborted(number):
            return wire.Done(len(prompt.tokens), 0, 0, aborted=True)
        return wire.Failed("bad", "The engine stopped before the reply was complete.")

    def _recall(self, prompt: Assembled, version: str) -> None:
        """Load a prefix from disk where that saves more than the slot already holds."""
        shared = _shared(self._held, prompt.tokens)
        kept = self._slots.find(prompt, version, shared)
        if kept is None:
            return
        try:
            self._llama.restore(kept.name)
            self._held = prompt.tokens[: kept.tokens]
        except OSError as error:
            _log.warning("a stored prefix was refused and is removed: %s", error)
            self._held = ()
            self._slots.discard(kept.name)

    def _remember(self, prompt: Assembled, version: str, done: wire.Done) -> None:
        if not self._slots.wants(prompt, version, done.prompt_tokens - done.cached_tokens):
            return
        try:
            self._slots.keep(prompt, version, self._llama.save)
        except OSError as error:
            _log.warning("a prefix could not be stored: %s", error)


def main() -> None:
    """Serve the host at the other end of an inherited socket."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--fd", type=int, required=True)
    parser.add_argument("--parent", type=int, required=True)
    arguments = parser.parse_args()
    confine_worker(arguments.parent)
    channel = Channel(socket.socket(fileno=arguments.fd))
    with _last_words():
        worker = _load(channel)
        if worker is not None:
            worker.run()


@contextmanager
def _last_words() -> Iterator[None]:
    """End the process with the block; with `_DEFECT` when an exception nobody foresaw ended it.

    What is logged of it is its kind and its way through our code, never its message: that may
    hold text of a document.
    """
    code = _DEFECT
    try:
        yield
        code = 0
    except ConnectionError:
        code = 0  # the host is gone, and nobody is left to be told
    finally:
        kind, _, trace = sys.exc_info()
        if code and kind is not None:
            way = "".join(traceback.format_tb(trace))
            _log.critical("the worker ends because of %s:\n%s", kind.__name__, way)
        sys.stderr.flush()
        os._exit(code)


def _load(channel: Channel) -> Worker | None:
    load = channel.receive()
    if not isinstance(load, wire.Load):
        return None
    if load.version != __version__:
        message = f"Mirador was replaced by version {__version__} while version {load.version} ran."
        channel.send(wire.Failed("unavailable", message, "Restart the editor."))
        return None
    start = time.monotonic()
    spec = load.model
    try:
        llama = Llama(spec, load.socket, spec.threads or physical_cores())
    except ImportError as error:
        message = f"The embedded engine cannot be imported: {error}."
        channel.send(wire.Failed("unavailable", message, "Install Mirador again."))
        return None
    except ModelUnavailable as error:
        channel.send(wire.Failed("unavailable", str(error), error.remedy))
        return None
    channel.listen()
    channel.count_with(llama.count)
    channel.send(wire.Loaded(llama.context_tokens, time.monotonic() - start))
    identity = f"{spec.digest}\0{llama.context_tokens}\0{llama.version}"
    slots = SlotFiles(Path(spec.cache), _disk_limit(spec), identity)
    return Worker(channel, llama, slots, spec.batch)


def _disk_limit(spec: wire.ModelSpec) -> int:
    """MiB that prefixes may take on disk; none where the folder cannot be trusted."""
    if not spec.cache_disk_mib:
        return 0
    try:
        ensure_private(Path(spec.cache))
    except ServiceError as error:
        _log.warning("no prefixes are kept on disk: %s", error.sentence())
        return 0
    return spec.cache_disk_mib


def _refusal(error: dict[str, Any]) -> wire.Failed:
    """What the engine's own refusal means."""
    kinds: dict[str, wire.FailureKind] = {
        "exceed_context_size_error": "overflow",
        "invalid_request_error": "bad",
    }
    kind = kinds.get(str(error.get("type")), "unavailable")
    return wire.Failed(kind, f"The engine refused the prompt: {error.get('message')}.")


def _too_long(tokens: int, reply: int, room: int) -> wire.Failed:
    message = f"The prompt has {tokens} tokens; with {reply} for the reply only {room} fit."
    return wire.Failed("overflow", message, "Raise engine.context_tokens.")


def _probabilities(
    logprobs: dict[str, Any] | None,
) -> tuple[float | None, tuple[tuple[str, float], ...]]:
    """The probability of a piece, and what else the model considered in its place."""
    if not logprobs or not logprobs.get("content"):
        return None, ()
    tokens = logprobs["content"]
    alternatives = tuple(
        (str(other["token"]), _finite(other["logprob"])) for other in tokens[0]["top_logprobs"]
    )
    return sum(_finite(token["logprob"]) for token in tokens), alternatives


def _finite(logprob: Any) -> float:
    """A log-probability that JSON can carry; the impossible has minus infinity."""
    return max(float(logprob), -1e6)


def _shared(held: tuple[int, ...], wanted: tuple[int, ...]) -> int:
    """How many leading tokens two prompts share."""
    for index, (one, other) in enumerate(zip(held, wanted, strict=False)):
        if one != other:
            return index
    return min(len(held), len(wanted))


if __name__ == "__main__":
    main()
