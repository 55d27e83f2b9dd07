"""The program of `straight.py`: loads a model, answers questions, times each answer.

It lives as the engine's worker in Mirador does: same parameters (Mirador's own module sets them),
same number of threads, same niceness. What it lacks is everything between that worker and the
caller: the host, two sockets, and the making of tokens, which happens before the clock starts.
"""

import os
import sys
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from mirador_lsp.ipc.confine import NICENESS
from mirador_lsp.models.cores import physical_cores
from mirador_lsp.models.llama import Llama
from mirador_lsp.models.templates import Assembled
from mirador_lsp.models.wire import ModelSpec, Question


class Load(msgspec.Struct, frozen=True):
    """First line: the model to load."""

    model: ModelSpec
    folder: str


class Burst(msgspec.Struct, frozen=True):
    """Questions that are put at the same time."""

    questions: tuple[Question, ...]
    late: float
    """Seconds after which the last one is put."""


class Answer(msgspec.Struct, frozen=True):
    """What came of a question. The answer to `Load` is all zero."""

    first_seconds: float = 0.0
    """From the call of the engine to its first piece of text."""
    tokens_per_second: float = 0.0
    """From the first piece to the last; 0 for fewer than two."""
    seconds: float = 0.0
    """From the call to the end of the reply."""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    text: str = ""


def main() -> None:
    """Answer until standard input ends."""
    os.nice(NICENESS)
    # The engine may print; what it prints must not get between the answers.
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        _serve(sys.stdin.buffer, answers)
    os._exit(0)  # the engine's own way out can hang


def _serve(questions: BinaryIO, answers: BinaryIO) -> None:
    load = msgspec.json.decode(questions.readline(), type=Load)
    spec = msgspec.structs.replace(load.model, cache=load.folder)
    socket = str(Path(load.folder) / "straight.sock")
    llama = Llama(spec, socket, spec.threads or physical_cores())
    _say(answers, [Answer()])
    for line in questions:
        if b'"questions"' in line[:20]:
            _say(answers, _burst(llama, msgspec.json.decode(line, type=Burst)))
        else:
            question = msgspec.json.decode(line, type=Question)
            _say(answers, [_answer(llama, question, llama.assemble(question))])


def _burst(llama: Llama, burst: Burst) -> list[Answer]:
    """A thread for each question; the engine's own queue has them wait for its one slot."""
    prompts = [llama.assemble(question) for question in burst.questions]
    with ThreadPoolExecutor(len(prompts)) as pool:
        waiting: list[Future[Answer]] = []
        for question, prompt in zip(burst.questions, prompts, strict=True):
            if len(waiting) == len(prompts) - 1:
                time.sleep(burst.late)
            waiting.append(pool.submit(_answer, llama, question, prompt))
        return [one.result() for one in waiting]


def _answer(llama: Llama, question: Question, prompt: Assembled) -> Answer:
    moments: list[float] = []
    pieces: list[str] = []
    last: dict[str, Any] = {}

    def listen(event: dict[str, Any]) -> bool:
        if "error" in event:
            raise SystemExit(str(event["error"]))
        choice = event["choices"][0]
        if choice["text"]:
            moments.append(time.perf_counter())
            pieces.append(choice["text"])
        if choice["finish_reason"]:
            last.update(event)
        return False

    begin = time.perf_counter()
    llama.complete(prompt, question, listen)
    end = time.perf_counter()
    return Answer(
        seconds=end - begin,
        first_seconds=moments[0] - begin,
        tokens_per_second=speed(moments),
        prompt_tokens=len(prompt.tokens),
        cached_tokens=int(last["timings"]["cache_n"]),
        text="".join(pieces),
    )


def speed(moments: list[float]) -> float:
    """Pieces per second after the first one; 0 for fewer than two."""
    return (len(moments) - 1) / (moments[-1] - moments[0]) if len(moments) > 1 else 0.0


def _say(answers: BinaryIO, said: list[Answer]) -> None:
    answers.write(msgspec.json.encode(said) + b"\n")
    answers.flush()


if __name__ == "__main__":
    main()
