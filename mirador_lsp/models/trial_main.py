"""The program of `trial.py`: loads a model with guesses and without, and lets the two take turns.

Reads the model from standard input and writes one `Trial` to standard output. The engine is never
loaded into any process that does something else.
"""

import argparse
import os
import statistics
import sys
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from mirador_lsp.ipc.confine import confine_worker
from mirador_lsp.models.cores import physical_cores
from mirador_lsp.models.llama import Llama
from mirador_lsp.models.speculation import Trial
from mirador_lsp.models.templates import Assembled
from mirador_lsp.models.wire import ModelSpec, Question

_BATCH = 8
_COSTS, _ROUNDS = 5, 3
_BASE = 48
"""Tokens of the prompt that are known when the cost of a batch is taken."""
_COPY = Question(
    system="You edit code. Answer with the code only.",
    material=(
        "def total(prices, rate):\n"
        "    amount = 0\n"
        "    for price in prices:\n"
        "        if price > 0:\n"
        "            amount = amount + price * rate\n"
        "        else:\n"
        "            amount = amount - price * rate\n"
        "    return amount\n"
    ),
    question="Repeat the function exactly as it is, but rename amount to result.",
    version="",
    gbnf="",
    max_tokens=96,
    temperature=0.0,
    top_logprobs=20,
)


@dataclass(frozen=True)
class _Reply:
    text: str
    odds: bool
    """Every piece came with its probabilities."""
    speed: float
    """Tokens per second."""
    read_seconds: float


def main() -> None:
    """Try the model that standard input names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, required=True)
    confine_worker(parser.parse_args().parent)
    spec = msgspec.json.decode(sys.stdin.buffer.read(), type=ModelSpec)
    # The engine may print; what it prints must not get into the answer.
    with os.fdopen(os.dup(1), "wb") as answer:
        os.dup2(2, 1)
        answer.write(msgspec.json.encode(_try(spec)))
    os._exit(0)  # the engine's own way out can hang


def _try(spec: ModelSpec) -> Trial:
    threads = spec.threads or physical_cores()
    plain, guessing = (
        Llama(
            msgspec.structs.replace(spec, speculation=on, cache_ram_mib=0),
            f"{spec.cache}/{int(on)}.sock",
            threads,
        )
        for on in (False, True)
    )
    prompt = plain.assemble(_COPY)
    replies: dict[bool, list[_Reply]] = {False: [], True: []}
    for number in range(-1, _ROUNDS):
        for on, engine in ((False, plain), (True, guessing)):
            reply = _ask(engine, prompt, _COPY)
            if number >= 0:  # the first round reads the prompt
                replies[on].append(reply)
    return Trial(
        alone=_cost(plain, prompt, 1),
        eighth=_cost(plain, prompt, _BATCH),
        plain=statistics.median(reply.speed for reply in replies[False]),
        guessing=statistics.median(reply.speed for reply in replies[True]),
        same_text=len({reply.text for both in replies.values() for reply in both}) == 1,
        same_odds=all(reply.odds for reply in replies[True]),
    )


def _cost(engine: Llama, prompt: Assembled, count: int) -> float:
    """Seconds of each of `count` tokens that are read together."""
    short = msgspec.structs.replace(_COPY, max_tokens=1, top_logprobs=0)
    base = prompt.tokens[:_BASE]
    taken = []
    for _ in range(_COSTS):
        _ask(engine, replace(prompt, tokens=base), short)
        # Other tokens than those that follow, which the engine may still know.
        tail = prompt.tokens[_BASE + 1 : _BASE + 1 + count]
        taken.append(_ask(engine, replace(prompt, tokens=base + tail), short).read_seconds)
    return statistics.median(taken) / count


def _ask(engine: Llama, prompt: Assembled, question: Question) -> _Reply:
    pieces: list[str] = []
    odds: list[bool] = []
    last: dict[str, Any] = {}

    def listen(event: dict[str, Any]) -> bool:
        if "error" in event:
            raise SystemExit(1)
        choice = event["choices"][0]
        if choice["text"]:
            pieces.append(choice["text"])
            odds.append(bool((choice.get("logprobs") or {}).get("content")))
        if choice["finish_reason"]:
            last.update(event["timings"])
        return False

    engine.complete(prompt, question, listen)
    return _Reply(
        text="".join(pieces),
        odds=all(odds),
        speed=float(last["predicted_per_second"]),
        read_seconds=float(last["prompt_ms"]) / 1000,
    )


if __name__ == "__main__":
    main()
