"""The programs of the fix benchmark and their check."""

import json
from pathlib import Path

import pytest

from benchmarks.bench import BenchmarkError
from benchmarks.quixbugs import Program, parses, passes, programs

RIGHT = "def double(n):\n    return n * 2\n"
WRONG = "def double(n):\n    return n * 3\n"
ENDLESS = "def double(n):\n    while True:\n        pass\n"
CASES = ([[2], 4], [3, 6])


@pytest.mark.parametrize(
    ("text", "good"),
    [
        (RIGHT, True),
        (WRONG, False),
        (ENDLESS, False),
        ("def double(n:\n", False),
        ("", False),
        ("def double(n):\n    yield n\n", False),
        ("import sys\nsys.exit(0)\n", False),
    ],
)
async def test_only_a_program_that_answers_every_case_passes(
    tmp_path: Path, text: str, good: bool
) -> None:
    """Wrong, endless and broken programs fail, and so does one that ends before it is asked."""
    program = Program("double", WRONG, 1, CASES)

    assert await passes(program, text, tmp_path / "run") == good


async def test_programs_are_read_with_the_cases_that_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A case that even the right program does not answer is no case."""
    source = tmp_path / "set"
    for folder in (
        "cases",
        "quixbugs/python_programs",
        "quixbugs/correct_python_programs",
        "quixbugs/json_testcases",
    ):
        (source / folder).mkdir(parents=True)
    (source / "cases" / "1.py").write_text(WRONG)
    (source / "quixbugs/python_programs/double.py").write_text(WRONG)
    (source / "quixbugs/correct_python_programs/double.py").write_text(RIGHT)
    lines = [json.dumps(case) for case in (*CASES, [[1], 3])]
    (source / "quixbugs/json_testcases/double.json").write_text("\n".join(lines))
    record = {"set": "quixbugs", "label": 1, "file": "cases/1.py", "lines": [1, 2]}
    (source / "labels.jsonl").write_text(json.dumps(record))
    monkeypatch.setenv("MIRADOR_REVIEW_DEV", str(source))

    (program,) = await programs(tmp_path / "work")

    assert program == Program("double", WRONG, 1, tuple([list(case) for case in CASES]))


async def test_a_missing_set_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the programs are not, the benchmark says where to put them."""
    monkeypatch.setenv("MIRADOR_REVIEW_DEV", str(tmp_path / "nowhere"))

    with pytest.raises(BenchmarkError, match="MIRADOR_REVIEW_DEV"):
        await programs(tmp_path)


def test_python_is_told_from_what_is_none() -> None:
    """By parsing it, NUL characters included."""
    assert parses(RIGHT)
    assert not parses("Here is the code:")
    assert not parses("x = 1\0")
