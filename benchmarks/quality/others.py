"""The pattern tools as sides. Each is run as its users run it, over many files at once."""

import asyncio
import json
import os
import shutil
import subprocess
import sysconfig
import tempfile
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.bench import BenchmarkError
from benchmarks.quality.cases import Case
from benchmarks.quality.outcomes import Claim, Outcome
from benchmarks.quality.sides import Side
from benchmarks.quality.weaknesses import number_in, of_ruff

_AT_ONCE = 80
_PATIENCE = 300.0
Read = Callable[[str], dict[str, list[Claim]]]
"""From a report, the claims by the name of their file."""


def ruff_security() -> Side:
    """Ruff's rules about security, all of them, the code's own `noqa` comments ignored."""
    program = str(Path(sysconfig.get_path("scripts")) / "ruff")
    words = ("check", "--isolated", "--no-cache", "--ignore-noqa", "--exit-zero")
    return _side("ruff S", program, (*words, "--select", "S", "--output-format", "json"), _of_ruff)


def bandit(program: str) -> Side:
    """Bandit with all its tests."""
    words = ("-q", "--exit-zero", "--ignore-nosec", "-f", "json")
    return _side("bandit", program, words, _of_bandit)


def semgrep(program: str, rules: str) -> Side:
    """Semgrep with the rules of a file, a folder or a pack of its registry."""
    words = ("scan", "--metrics", "off", "--disable-version-check", "--disable-nosem", "--quiet")
    return _side("semgrep", program, (*words, "--json", "--config", rules), _of_semgrep)


def _side(name: str, program: str, words: Sequence[str], read: Read) -> Side:
    found = shutil.which(program)
    if found is None:
        message = f"{name} is not installed: there is no {program}"
        raise BenchmarkError(message)
    try:
        said = subprocess.run(
            [found, "--version"],
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
            # Semgrep asks its maker whether there is a newer one, and waits for the answer.
            env={**os.environ, "SEMGREP_ENABLE_VERSION_CHECK": "0"},
        )
    except subprocess.TimeoutExpired as error:
        message = f"{program} does not say its version"
        raise BenchmarkError(message) from error
    version = (said.stdout.splitlines() or ["unknown"])[0].strip()

    async def review(cases: Sequence[Case]) -> AsyncGenerator[Outcome]:
        for start in range(0, len(cases), _AT_ONCE):
            part = cases[start : start + _AT_ONCE]
            begin = time.perf_counter()
            claims = await _run(name, [found, *words], part, read)
            seconds = (time.perf_counter() - begin) / len(part)
            for number, case in enumerate(part):
                yield Outcome(case.id, tuple(claims.get(_name(number, case), ())), seconds)

    return Side(name, version, f"{name} {[w for w in words if os.sep not in w]}", review)


def _name(number: int, case: Case) -> str:
    """A name that tells nothing of the case."""
    return f"case{number}{case.path.suffix}"


async def _run(
    name: str, command: Sequence[str], cases: Sequence[Case], read: Read
) -> Mapping[str, Sequence[Claim]]:
    with tempfile.TemporaryDirectory(prefix="mirador-quality-") as folder:
        files = []
        for number, case in enumerate(cases):
            file = Path(folder) / _name(number, case)
            file.write_text(case.text, encoding="utf-8")
            files.append(str(file))
        process = await asyncio.create_subprocess_exec(
            *command, *files, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, cwd=folder
        )
        try:
            async with asyncio.timeout(_PATIENCE):
                said, wrong = await process.communicate()
        except TimeoutError as error:
            message = f"{name} gave no report within {_PATIENCE:.0f} seconds"
            raise BenchmarkError(message) from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    try:
        return read(said.decode("utf-8", "replace"))
    except (ValueError, KeyError, TypeError) as error:
        last = (wrong.decode("utf-8", "replace").strip().splitlines() or [repr(error)])[-1]
        message = f"{name} gave no report: {last}"
        raise BenchmarkError(message) from error


def _of_ruff(said: str) -> dict[str, list[Claim]]:
    claims: dict[str, list[Claim]] = {}
    for each in json.loads(said):
        code = each["code"] or ""
        claim = Claim(
            rule=f"ruff/{code}",
            lens="security" if code.startswith("S") else "bug",
            first=each["location"]["row"] - 1,
            last=each["end_location"]["row"] - 1,
            cwe=of_ruff(code),
        )
        claims.setdefault(Path(each["filename"]).name, []).append(claim)
    return claims


def _of_bandit(said: str) -> dict[str, list[Claim]]:
    claims: dict[str, list[Claim]] = {}
    for each in json.loads(said)["results"]:
        lines = each["line_range"] or [each["line_number"]]
        claim = Claim(
            rule=f"bandit/{each['test_id']}",
            lens="security",
            first=min(lines) - 1,
            last=max(lines) - 1,
            cwe=each.get("issue_cwe", {}).get("id", 0),
        )
        claims.setdefault(Path(each["filename"]).name, []).append(claim)
    return claims


def _of_semgrep(said: str) -> dict[str, list[Claim]]:
    claims: dict[str, list[Claim]] = {}
    report = json.loads(said)
    if not report["paths"]["scanned"]:
        message = "nothing was scanned"
        raise ValueError(message)
    for each in report["results"]:
        about: dict[str, Any] = each["extra"].get("metadata", {})
        named = about.get("cwe", "")
        claim = Claim(
            rule=f"semgrep/{each['check_id'].rpartition('.')[2]}",
            lens="security" if about.get("category", "security") == "security" else "bug",
            first=each["start"]["line"] - 1,
            last=each["end"]["line"] - 1,
            cwe=number_in(named if isinstance(named, str) else " ".join(named)),
        )
        claims.setdefault(Path(each["path"]).name, []).append(claim)
    return claims
