"""Forty classic programs with one wrong line each, and what they should answer.

Read from the QuixBugs folder of a development set: `MIRADOR_REVIEW_DEV` names it, or it lies beside
the checkout. Programs run in processes of their own with a time limit: some of the wrong ones never
end.
"""

import ast
import asyncio
import json
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.bench import BenchmarkError

CHECK = Path(__file__).with_name("quixbugs_check.py")
_BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data" / "review-dev"
_PATIENCE = 60.0


@dataclass(frozen=True)
class Program:
    """A program with a wrong line."""

    name: str
    """Of the program and of its function."""
    text: str
    line: int
    """The wrong one, or the last of several; from 0."""
    cases: tuple[object, ...]
    """Arguments and answer, as JSON has them, of those that the right program gets right at once.
    Empty where the set has none."""

    def lay_out(self, folder: Path, text: str | None = None) -> Path:
        """Write the program (or another text of it), its cases and their check into a folder; the
        program's path.
        """
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cases.json").write_text(json.dumps(self.cases), encoding="utf-8")
        (folder / "check.py").write_bytes(CHECK.read_bytes())
        path = folder / f"{self.name}.py"
        path.write_text(self.text if text is None else text, encoding="utf-8")
        return path


def parses(text: str) -> bool:
    """Whether it is Python."""
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


async def passes(program: Program, text: str, folder: Path) -> bool:
    """Whether a text of the program answers every case."""
    program.lay_out(folder, text)
    said = await _run("check.py", program.name, cwd=folder)
    return said.endswith(f"\n{len(program.cases)} passed in 0.0s\n")


async def programs(folder: Path) -> Sequence[Program]:
    """The programs, by name; those without cases too. Raises BenchmarkError where they are not."""
    source = Path(os.environ.get("MIRADOR_REVIEW_DEV", "") or _BESIDE)
    labels, quixbugs = source / "labels.jsonl", source / "quixbugs"
    if not labels.is_file() or not quixbugs.is_dir():
        message = f"there are no programs in {source}; MIRADOR_REVIEW_DEV names their folder"
        raise BenchmarkError(message)
    texts = {p.stem: p.read_text("utf-8") for p in (quixbugs / "python_programs").glob("*.py")}
    found: list[Program] = []
    for record in map(json.loads, labels.read_text("utf-8").splitlines()):
        if record["set"] != "quixbugs" or record["label"] != 1:
            continue
        code = (source / record["file"]).read_text("utf-8")
        name = next(n for n in re.findall(r"def (\w+)", code) if n in texts)
        right = (quixbugs / "correct_python_programs" / f"{name}.py").read_text("utf-8")
        cases = _cases(quixbugs / "json_testcases" / f"{name}.json")
        kept = await _answered(Program(name, right, 0, cases), folder / "right" / name)
        found.append(Program(name, texts[name], record["lines"][-1] - 1, kept))
    return sorted(found, key=lambda program: program.name)


def _cases(path: Path) -> tuple[object, ...]:
    if not path.is_file():
        return ()
    lines = path.read_text("utf-8").splitlines()
    return tuple(json.loads(line) for line in lines if line.strip())


async def _answered(right: Program, folder: Path) -> tuple[object, ...]:
    """The cases that the right program answers as it should, each within a second."""
    if not right.cases:
        return ()
    right.lay_out(folder)
    said = await _run("check.py", right.name, "--each", cwd=folder)
    good = [line.removeprefix("good ") for line in said.splitlines() if line.startswith("good ")]
    return tuple(right.cases[int(number)] for number in good)


async def _run(*words: str, cwd: Path) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-B"),
        *words,
        cwd=cwd,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(_PATIENCE):
            said, _ = await process.communicate()
    except TimeoutError:
        return ""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return said.decode("utf-8", "replace")
