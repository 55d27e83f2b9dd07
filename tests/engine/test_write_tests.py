"""Writing a test file: what it holds, what is left out, and what is said of a run."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.changes import Desk, Said, document
from fakes.writing import read_grammars, wanted
from mirador_lsp.core.changes import ChangeStarted, Intent, NewTests, Rung
from mirador_lsp.core.changes import TestRun as Run
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import AnalyzerError
from mirador_lsp.core.events import Notice

SHOP = "def total(prices):\n    return sum(prices)\n\n\ndef other():\n    return 1\n"
ONE = "def test_sums():\n    assert total([1, 2]) == 3"
TWO = "def test_nothing():\n    assert total([]) == 1"
HEAD = "from shop import total\n\n\n"


def place(
    framework: str = "pytest", name: str = "tests/test_shop.py", module: str = "shop"
) -> NewTests:
    """Where the file goes."""
    return NewTests(f"file:///work/{name}", f"/work/{name}", name, framework, module)


def fenced(code: str) -> str:
    """A reply as models give it."""
    return f"```python\n{code}\n```\n"


async def written(
    desk: Desk, text: str = SHOP, name: str = "shop.py", at: str = "total", **options: object
) -> Said:
    """The tests that come of it."""
    more = {"new_tests": place()} | options
    return await desk.change(wanted(desk, Intent.TESTS, document(text, name), at, **more))


def runs(*outputs: str) -> Callable[[Snapshot, str], object]:
    """Runs that end with these outputs, one after the other; an empty one is a success."""
    left = list(outputs)

    async def run(snapshot: Snapshot, text: str) -> Run:
        assert snapshot.path == "/work/tests/test_shop.py"
        assert text.startswith(HEAD)
        output = left.pop(0)
        return Run(ok=not output, passed=7, output=output or "7 passed", seconds=0.1)

    return run


async def test_a_new_file_is_created(tmp_path: Path) -> None:
    """It imports what is tested, which the model need not know how to do."""
    desk = Desk(tmp_path, [fenced(ONE)])
    said = await written(desk)

    assert said.patch.after == f"{HEAD}{ONE}\n"
    assert said.patch.creates
    assert (said.patch.uri, said.patch.version) == ("file:///work/tests/test_shop.py", None)
    assert said.patch.base_hash == ""
    assert [(edit.span.start, edit.span.end) for edit in said.patch.edits] == [(0, 0)]
    assert said.patch.edits[0].text == said.patch.after
    assert (
        said.patch.title
        == "Tests for total in tests/test_shop.py (parses, no lint errors, not run)"
    )
    assert said.patch.rungs == (Rung.APPLIES, Rung.PARSES, Rung.CLEAN)
    assert said.events[0] == ChangeStarted("shop.py: tests for total")
    assert "from shop import total" in desk.prompts[0]
    assert "pytest" in desk.prompts[0]


@pytest.mark.parametrize(
    ("reply", "after"),
    [
        (f"import pytest\nfrom your_module import total\n\n{ONE}", f"{HEAD}{ONE}\n"),
        (f"def total(prices):\n    return 0\n\n\n{ONE}", f"{HEAD}{ONE}\n"),
        (
            f"import math\n{ONE}\n    assert math.pi > 3",
            f"import math\n\n{HEAD}{ONE}\n    assert math.pi > 3\n",
        ),
        (
            "def test_it():\n    with pytest.raises(TypeError):\n        total(1)",
            (
                f"import pytest\n\n{HEAD}def test_it():\n    with pytest.raises(TypeError):\n"
                "        total(1)\n"
            ),
        ),
    ],
)
async def test_what_the_model_imports_and_copies(tmp_path: Path, reply: str, after: str) -> None:
    """A copy of the code would test nothing; made-up imports go, those that serve stay."""
    desk = Desk(tmp_path, [fenced(reply)])
    assert (await written(desk)).patch.after == after


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ("x = total([1])", "no pytest test"),
        ("def test_it():\n    assert 1 == 1", "do not use total"),
        ("def test_it(:\n    assert total([])", "not parse"),
        ("def test_it():\n    assert total([]) == missing", "missing"),
        ("", "no code"),
    ],
)
async def test_what_is_no_test_file_is_not_offered(tmp_path: Path, reply: str, why: str) -> None:
    """Whatever the model insists on."""
    desk = Desk(tmp_path, [{"raw": fenced(reply), "text": ""}])
    said = await written(desk, repairs=1)
    assert why in said.why
    assert len(desk.prompts) == 2
    assert why in desk.prompts[1]


async def test_style_is_no_reason_to_refuse_tests(tmp_path: Path) -> None:
    """A variable that is not used does no harm in a draft."""
    desk = Desk(tmp_path, [fenced(f"{ONE}\n    left = total([2])")])
    assert (await written(desk)).patch.after.endswith("left = total([2])\n")


async def test_passing_tests_are_said_to_pass(tmp_path: Path) -> None:
    """The run is a rung, and its result comes along."""
    desk = Desk(tmp_path, [fenced(f"{ONE}\n\n\n{TWO}")])
    said = await written(desk, run_tests=runs(""))
    assert said.patch.title.endswith("(parses, no lint errors, all 2 pass)")
    assert said.patch.rungs[-1] is Rung.TESTS
    assert said.patch.tests is not None
    assert said.patch.tests.passed == 7


async def test_failing_tests_are_left_out_and_named(tmp_path: Path) -> None:
    """The file without them is checked and run once more."""
    desk = Desk(tmp_path, [fenced(f"{ONE}\n\n\n{TWO}")])
    output = "FAILED tests/test_shop.py::test_nothing - assert 0 == 1"
    said = await written(desk, run_tests=runs(output, ""))

    assert said.patch.after == f"{HEAD}{ONE}\n"
    assert said.patch.title.endswith("in tests/test_shop.py (parses, no lint errors, 1 of 2 pass)")
    notices = [event.message for event in said.events if isinstance(event, Notice)]
    assert len(notices) == 1
    assert "`test_nothing`" in notices[0]


async def test_the_first_of_two_is_left_out(tmp_path: Path) -> None:
    """What stays stays whole, with what is above it."""
    desk = Desk(tmp_path, [fenced(f"@pytest.mark.slow\n{TWO}\n\n\n{ONE}")])
    head = "import pytest\n\n" + HEAD
    output = "FAILED tests/test_shop.py::test_nothing - assert 0 == 1"
    left = [output, ""]

    async def run(_snapshot: Snapshot, _text: str) -> Run:
        said = left.pop(0)
        return Run(ok=not said, passed=1, output=said, seconds=0.1)

    said = await written(desk, run_tests=run)
    assert said.patch.after == f"{head}{ONE}\n"


async def test_tests_that_all_fail_are_not_offered(tmp_path: Path) -> None:
    """They say nothing true, or the code is wrong: the user is told which they were."""
    desk = Desk(tmp_path, [fenced(TWO)])
    said = await written(desk, run_tests=runs("FAILED tests/test_shop.py::test_nothing"))
    assert "`test_nothing`" in said.why


async def test_a_file_that_cannot_be_run_is_not_offered(tmp_path: Path) -> None:
    """An error that names the file and none of its tests is an error of the file."""
    desk = Desk(tmp_path, [fenced(ONE)])
    said = await written(desk, run_tests=runs("ERROR collecting tests/test_shop.py"))
    assert "could not be run" in said.why


async def test_failures_elsewhere_are_told_apart(tmp_path: Path) -> None:
    """A project whose other tests fail still gets the file, and is told."""
    desk = Desk(tmp_path, [fenced(ONE)])
    said = await written(desk, run_tests=runs("FAILED tests/test_box.py::test_it"))
    assert said.patch.title.endswith("the test run fails elsewhere)")
    assert Rung.TESTS not in said.patch.rungs
    assert any(isinstance(event, Notice) for event in said.events)


async def test_tests_that_cannot_be_run_are_told(tmp_path: Path) -> None:
    """The file is offered as not run."""

    async def run(_snapshot: Snapshot, _text: str) -> Run:
        message = "The tests could not be started: no such file."
        raise AnalyzerError(message, remedy="Check fix.tests.")

    desk = Desk(tmp_path, [fenced(ONE)])
    said = await written(desk, run_tests=run)
    assert said.patch.title.endswith("(parses, no lint errors, not run)")
    notices = [event.message for event in said.events if isinstance(event, Notice)]
    assert notices == ["The tests could not be started: no such file. Check fix.tests."]


@pytest.mark.parametrize(
    ("text", "at", "options", "why"),
    [
        ("x = 1\n", "x", {}, "put the cursor into one"),
        (SHOP, "total", {"new_tests": None}, "save this file first"),
    ],
)
async def test_where_no_tests_can_be_written(
    tmp_path: Path, text: str, at: str, options: dict[str, object], why: str
) -> None:
    """It is said why, and no model is asked."""
    desk = Desk(tmp_path, [fenced(ONE)])
    said = await written(desk, text, at=at, **options)
    assert why in said.why
    assert desk.prompts == []


TEST = 'test("sums", () => {\n  assert.equal(total([1, 2]), 3);\n});'


@pytest.mark.parametrize(
    ("name", "text", "where", "reply", "after"),
    [
        (
            "shop.ts",
            "export function total(prices: number[]): number {\n  return 1;\n}\n",
            ("node:test", "shop.test.ts", "./shop.ts"),
            TEST,
            (
                'import assert from "node:assert/strict";\nimport test from "node:test";\n'
                f'import {{ total }} from "./shop.ts";\n\n{TEST}\n'
            ),
        ),
        (
            "shop.js",
            "function total(prices) {\n  return 1;\n}\nmodule.exports = { total };\n",
            ("jest", "shop.test.js", "./shop"),
            'test("a", () => {\n  expect(total([1])).toBe(1);\n});',
            (
                'const { total } = require("./shop");\n\n'
                'test("a", () => {\n  expect(total([1])).toBe(1);\n});\n'
            ),
        ),
        (
            "shop.go",
            "package shop\n\nfunc Total(prices []int) int {\n\treturn 1\n}\n",
            ("go test", "shop_test.go", ""),
            (
                'package main\n\nimport (\n\t"reflect"\n\t"strings"\n\t"testing"\n)\n\n'
                "func TestTotal(t *testing.T) {\n\tif !reflect.DeepEqual(Total(nil), 0) {\n"
                '\t\tt.Errorf("no")\n\t}\n}'
            ),
            (
                'package shop\n\nimport (\n\t"reflect"\n\t"testing"\n)\n\n'
                "func TestTotal(t *testing.T) {\n\tif !reflect.DeepEqual(Total(nil), 0) {\n"
                '\t\tt.Errorf("no")\n\t}\n}\n'
            ),
        ),
    ],
)
async def test_each_language_begins_its_files_its_own_way(
    tmp_path: Path, name: str, text: str, where: tuple[str, str, str], reply: str, after: str
) -> None:
    """Package, imports and framework are those of the project."""
    read_grammars("typescript", "javascript", "go")
    desk = Desk(tmp_path, [f"```\n{reply}\n```\n"], analyzers=[])
    said = await written(
        desk, text, name, text[text.lower().index("total") :][:5], new_tests=place(*where)
    )
    assert said.patch.after == after


async def test_code_that_cannot_be_imported_is_told(tmp_path: Path) -> None:
    """A function that is not exported has no tests in another file."""
    read_grammars("typescript")
    desk = Desk(tmp_path, [fenced(ONE)])
    text = "function total(prices: number[]) {\n  return 1;\n}\n"
    where = place("vitest", "shop.test.ts", "./shop")
    said = await written(desk, text, "shop.ts", new_tests=where)
    assert "export it first" in said.why
    assert desk.prompts == []
