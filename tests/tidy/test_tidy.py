"""The house rules that no linter knows; each failure says which rule and where."""

import ast
import importlib
import inspect
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mirador_lsp import core

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "mirador_lsp"
CORE = PACKAGE / "core"
SOURCES = sorted(PACKAGE.rglob("*.py"))

_ROOT_ENTRIES = {
    ".ci",
    ".gitattributes",
    ".gitignore",
    ".pre-commit-hooks.yaml",
    "LICENSE",
    "Makefile",
    "README.md",
    "action.yml",
    "benchmarks",
    "changes",
    "ci",
    "constraints.txt",
    "docs",
    "editors",
    "examples",
    "mirador_lsp",
    "pyproject.toml",
    "tests",
}
_FORBIDDEN_NAME = re.compile(
    r"(^|_)(utils?|helpers?|misc|common|legacy|enhanced|improved)(_|$)|(^|_)v\d+(_|$)|manager",
    re.IGNORECASE,
)
_LONGEST_FUNCTION = 50
_LONGEST_FILE = 400
_LONGEST_FEATURE_FILE = 150
_BORDERS = {"core/events.py", "engine/border.py", "server/server.py"}


def tracked() -> list[str]:
    """The files under version control."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607 — whichever git the developer has
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function of a source file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_the_top_level_holds_only_what_belongs_there() -> None:
    """Summaries, plans and outputs do not pile up at the root."""
    assert {name.split("/")[0] for name in tracked()} <= _ROOT_ENTRIES


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_and_functions_stay_small_and_well_named(path: Path) -> None:
    """Budgets of lines, and no drawer for leftovers."""
    room = path.relative_to(PACKAGE)
    budget = _LONGEST_FEATURE_FILE if room.parts[:2] == ("server", "features") else _LONGEST_FILE

    assert not _FORBIDDEN_NAME.search(path.stem)
    assert len(path.read_text().splitlines()) <= budget
    for function in functions(path):
        length = (function.end_lineno or 0) - function.lineno + 1
        assert length <= _LONGEST_FUNCTION, f"{function.name} has {length} lines"
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ClassDef):
            assert not _FORBIDDEN_NAME.search(node.name), node.name


def test_every_room_says_what_it_is_for_and_what_it_must_never_know() -> None:
    """The docstring of each package has two sentences at least, one of them an absence."""
    for path in PACKAGE.rglob("__init__.py"):
        if path.parent == PACKAGE:
            continue
        docstring = ast.get_docstring(ast.parse(path.read_text())) or ""

        assert docstring.count(".") >= 2, path
        assert re.search(r"\b(never|no|not|nor|nothing|without)\b", docstring), path


def test_broad_excepts_stand_at_the_named_borders_only() -> None:
    """Three places may catch everything and go on; each says why. Others clean up and re-raise."""
    found = set()
    for path in SOURCES:
        source = path.read_text()
        for node in ast.walk(ast.parse(source)):
            if not isinstance(node, ast.ExceptHandler) or not _is_broad(node):
                continue
            if isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None:
                continue
            line = source.splitlines()[node.lineno - 1]
            assert "border" in line, f"{path}:{node.lineno} catches everything without a border"
            found.add(str(path.relative_to(PACKAGE)))

    assert found == _BORDERS


def _is_broad(handler: ast.ExceptHandler) -> bool:
    caught = handler.type
    names = {n.id for n in ast.walk(caught) if isinstance(n, ast.Name)} if caught else {"Exception"}
    return bool(names & {"Exception", "BaseException"})


def test_prompts_are_files() -> None:
    """Only prompt files speak to models: no long prose in Python outside docstrings."""
    for path in [*(PACKAGE / "engine").rglob("*.py"), *(PACKAGE / "models").rglob("*.py")]:
        tree = ast.parse(path.read_text())
        documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
        statements = {
            id(node.value)
            for parent in ast.walk(tree)
            if isinstance(parent, documented)
            for node in parent.body
            if isinstance(node, ast.Expr)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                prose = len(node.value.split()) > 40
                assert id(node) in statements or not prose, f"{path}:{node.lineno}"


def test_prompt_files_have_a_version() -> None:
    """A changed prompt is a changed version, and versions are part of cache keys."""
    files = sorted((PACKAGE / "engine" / "prompts").glob("*.md"))

    assert files
    for path in files:
        assert re.match(r"version: \d+\n\n\S", path.read_text()), path


def test_only_two_files_convert_positions() -> None:
    """LSP positions and ranges are made and read in `from_lsp.py` and `to_lsp.py`."""
    allowed = {"from_lsp.py", "to_lsp.py"}
    for path in SOURCES:
        if path.name not in allowed:
            assert not re.search(r"types\.(Position|Range)\(", path.read_text()), path


def test_every_port_has_a_contract_test_and_two_implementations() -> None:
    """A seam without a contract drifts; one with a single implementation is no seam."""
    modules = [importlib.import_module(f"{core.__name__}.{p.stem}") for p in CORE.glob("[!_]*.py")]
    seams = {
        name
        for module in modules
        for name, value in inspect.getmembers(module, inspect.isclass)
        if getattr(value, "_is_protocol", False) and value.__module__ == module.__name__
    }
    contracts = {path.stem: path.read_text() for path in (ROOT / "tests/contracts").glob("*.py")}
    wanted = {
        "ModelBackend": "test_model_backend",
        "Reply": "test_model_backend",
        "Analyzer": "test_analyzer",
        "Outliner": "test_outliner",
        "Clock": "test_clock",
        "FeedbackBook": "test_feedback_book",
        "Measurements": "test_measurements",
        "ReplyBook": "test_reply_book",
        "ProjectFiles": "test_project_files",
        "Slicer": "test_slicer",
        "CodeIndex": "test_code_index",
        "TokenCounter": "test_token_counter",
        "Absences": "test_absences",
        "Syntax": "test_syntax",
        "Embedder": "test_embedder",
        "Reranker": "test_reranker",
        "BehaviourBook": "test_behaviour_book",
        "ComparisonBook": "test_comparison_book",
        "EnergyMeter": "test_energy_meter",
        "Forge": "test_forge",
        "HistoryBook": "test_history_book",
        "MetricsBook": "test_metrics_book",
        "PreferenceBook": "test_preference_book",
        "ReferenceReader": "test_reference_reader",
        "RoundBook": "test_round_book",
    }

    assert seams == set(wanted), "name the contract test of a new port here"
    for seam, module in wanted.items():
        assert module in contracts, seam
        assert "parametrize" in contracts[module] or "params=" in contracts[module], seam


_ADDRESSES = re.compile(
    r"https?://[^\s\"']*(pypi\.org|pythonhosted|npmjs|debian\.org)|"
    r'--(extra-)?index-url[= ]+https?:|"resolved":\s*"https?:'
)
_PATHS = re.compile(rf"{re.escape(str(ROOT))}/|{re.escape(str(Path.home()))}/\.|/root/\.")


def test_no_registry_and_no_machine_is_written_down() -> None:
    """Nobody's machine and no download address becomes part of the project."""
    for name in tracked():
        path = ROOT / name
        if path.suffix in {".png", ".svg"} or path == Path(__file__):
            continue
        text = path.read_text(errors="replace")
        assert not _ADDRESSES.search(text), name
        assert not _PATHS.search(text), f"{name}: {_PATHS.search(text)}"


def test_constraints_pin_every_version() -> None:
    """`make` installs what was tested, to the patch version, from wherever the user's pip looks."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()

    for line in lines:
        assert not line or line.startswith("#") or re.fullmatch(r"[\w.-]+==[\w.]+", line), line
