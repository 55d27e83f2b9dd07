"""The table of ruff's meanings against the ruff that is installed."""

import json
import subprocess
from pathlib import Path

import pytest

from mirador_lsp.analysis.ruff import find_ruff
from mirador_lsp.analysis.ruff_map import RuffMap, load_ruff_map
from mirador_lsp.core.findings import Lens, Severity


@pytest.fixture(scope="module")
def table() -> RuffMap:
    """Give the packaged table."""
    return load_ruff_map()


@pytest.fixture(scope="module")
def rules() -> list[dict[str, object]]:
    """Give every rule of the installed ruff that it still carries out."""
    listed = subprocess.run(
        [find_ruff(), "rule", "--all", "--output-format", "json"], capture_output=True, check=True
    )
    return [r for r in json.loads(listed.stdout) if r["code"] and "Removed" not in str(r["status"])]


def test_somebody_decided_about_every_rule(table: RuffMap, rules: list[dict[str, object]]) -> None:
    """Every rule of the pinned ruff is mapped or left out on purpose, and most are left out."""
    undecided = [r["code"] for r in rules if not table.knows(str(r["code"]))]
    shown = [r["code"] for r in rules if table.meaning(str(r["code"])) is not None]
    assert undecided == []
    assert 200 < len(shown) < len(rules) / 2


def test_ruff_selects_what_the_table_shows(
    table: RuffMap, rules: list[dict[str, object]], tmp_path: Path
) -> None:
    """The prefixes given to ruff switch on exactly the stable rules that have a meaning."""
    command = [find_ruff(), "check", "--isolated", "--show-settings", "--select"]
    command += [",".join(table.selected()), "--ignore", ",".join(table.ignored())]
    command += ["--target-version", table.target_version, str(tmp_path / "any.py")]
    (tmp_path / "any.py").touch()
    shown = subprocess.run(command, capture_output=True, check=True, text=True)
    enabled = shown.stdout.split("linter.rules.enabled = [", 1)[1].split("]", 1)[0]
    names = {line.split("(")[0].strip() for line in enabled.splitlines() if line.strip()}
    expected = {
        str(r["name"])
        for r in rules
        if table.meaning(str(r["code"])) is not None and "Preview" not in str(r["status"])
    }
    assert names == expected
    assert shown.stderr == ""


def test_every_prefix_names_a_rule(table: RuffMap, rules: list[dict[str, object]]) -> None:
    """No entry of the table is a leftover that matches nothing."""
    codes = [str(r["code"]) for r in rules] + ["invalid-syntax"]
    named = {c for m in table.meanings for c in (*m.codes, *m.covers)} | set(table.off)
    assert [c for c in named if not any(code.startswith(c) for code in codes)] == []


def test_no_code_is_listed_twice(table: RuffMap) -> None:
    """Two entries for one code differ in `when`; otherwise the order in the file would decide."""
    listed = [(c, m.when) for m in table.meanings for c in m.codes] + [(c, "") for c in table.off]
    assert sorted(listed) == sorted(set(listed))


def test_confidence_and_weakness_are_plausible(table: RuffMap) -> None:
    """Confidence lies in 0…1, a CWE looks like one, and every entry says why."""
    for meaning in table.meanings:
        assert 0 < meaning.confidence < 1
        assert meaning.cwe is None or meaning.cwe.removeprefix("CWE-").isdigit()
        assert meaning.why


def test_the_longest_prefix_and_the_message_decide(table: RuffMap) -> None:
    """An exact code beats its family, and a shell with a constant command is only a hint."""
    injected, constant = (
        table.meaning("S602", "security issue"),
        table.meaning("S602", "seems safe"),
    )
    assert injected is not None
    assert constant is not None
    assert (injected.lens, injected.severity) == (Lens.SECURITY, Severity.ERROR)
    assert constant.severity is Severity.HINT
    assert table.meaning("PLE2502") is None
    assert table.meaning("PLE0101") is not None


@pytest.mark.parametrize("code", ["S101", "E501", "F401", "ANN001", "D100", "S105", "SIM108"])
def test_noise_stays_off(table: RuffMap, code: str) -> None:
    """Asserts, layout, imports, annotations and doc comments are no findings of a review."""
    assert table.meaning(code) is None


def test_a_family_is_no_prefix_of_another(table: RuffMap) -> None:
    """The prefix S means bandit's rules, not those of SIM, which begin with the same letter."""
    plain = RuffMap("py315", (table.meanings[0],), ("S",))
    assert plain.knows("S999")
    assert not plain.knows("SIM999")


def test_style_is_never_loud(table: RuffMap) -> None:
    """No style rule is worse than information."""
    loud = [m for m in table.meanings if m.lens is Lens.STYLE and m.severity.rank < 2]
    assert loud == []
