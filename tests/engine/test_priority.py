"""Which files come first, and why."""

from mirador_lsp.core.document import Snapshot
from mirador_lsp.engine.priority import Signals, by_risk

FILES = {name: Snapshot(f"file:///{name}", name, "python", "x") for name in ("a", "b", "c", "d")}


def order(**signals: dict[str, int]) -> list[tuple[str, str]]:
    """The order of the files by what is known, with the reasons."""
    none: dict[str, int] = {}
    known = {name: signals.get(name, none) for name in ("changes", "users", "findings")}
    return [(each.snapshot.name, each.why) for each in by_risk(FILES, Signals(**known))]


def test_without_anything_known_the_order_stays() -> None:
    """And no reason is given."""
    assert order() == [("a", ""), ("b", ""), ("c", ""), ("d", "")]


def test_each_signal_puts_a_file_forward() -> None:
    """With its reason in words."""
    assert order(changes={"c": 7})[0] == ("c", "changed in 7 commits")
    assert order(users={"d": 1})[0] == ("d", "used by 1 file")
    assert order(findings={"b": 2})[0] == ("b", "2 findings before")


def test_several_signals_count_together() -> None:
    """A file that changes and is used goes before one that only changes a little more often."""
    found = order(changes={"a": 12, "b": 10}, users={"b": 9})

    assert found[0] == ("b", "changed in 10 commits, used by 9 files")
    assert found[1][0] == "a"
