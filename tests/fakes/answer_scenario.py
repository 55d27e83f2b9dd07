"""Runs scenario files about answers: prose, then fenced blocks.

```python file app.py       the text asked about
```toml script              a script for the scripted backend
```toml settings            settings, as in a settings file (optional)
```toml ask                 what is asked: `at` (a `|` in it is the cursor; none: the whole file),
                            and optionally `topic`, `question`, `stages`, `max_tokens`, `times`
```text expect events       what a listener is told, a line each
```text expect streamed     the text that came as tokens
"""

import asyncio
import tomllib
from pathlib import Path

from fakes.asking import Asker
from fakes.scenario import Scenario
from mirador_lsp.core.answers import Topic
from mirador_lsp.core.document import Snapshot
from mirador_lsp.syntax.languages import language_of


def play(scenario: Scenario, folder: Path) -> tuple[str, str]:
    """Ask what the scenario asks; what listeners are told and the streamed text."""
    blocks = scenario.blocks
    name = next(t.removeprefix("file ") for t in blocks if t.startswith("file "))
    snapshot = Snapshot(f"file:///{name}", name, language_of(name), blocks[f"file {name}"])
    ask = tomllib.loads(blocks["ask"])
    asker = Asker(folder, blocks["script"], blocks.get("settings", ""))
    request = asker.request(
        snapshot,
        ask.get("at"),
        topic=Topic(ask.get("topic", "explain")),
        question=ask.get("question", ""),
        stages=tuple(ask.get("stages", ("instant", "quick", "deep"))),
        max_tokens=ask.get("max_tokens", 320),
    )

    async def run() -> tuple[list[str], str]:
        told: list[str] = []
        streamed = ""
        for _ in range(ask.get("times", 1)):
            await asker.ask(request)
            told += asker.told
            streamed += asker.streamed
        await asker.backend.close()
        return told, streamed

    told, streamed = asyncio.run(run())
    return "".join(f"{line}\n" for line in told), f"{streamed.rstrip()}\n"
