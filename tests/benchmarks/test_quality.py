"""The figures of the quality benchmark, worked out by hand, and a run over a few cases."""

import asyncio
import json
import math
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import pytest

from benchmarks.bench import BenchmarkError
from benchmarks.quality.__main__ import main
from benchmarks.quality.bootstrap import Resamples, difference, estimate
from benchmarks.quality.cases import Case, load_cases, sample
from benchmarks.quality.chart import reliability
from benchmarks.quality.keeping import Kept, review_all
from benchmarks.quality.mirador_side import Wish
from benchmarks.quality.outcomes import Claim, Outcome
from benchmarks.quality.plainly import read_answer
from benchmarks.quality.sides import Side
from benchmarks.quality.tables import Reviewed, gates_of
from benchmarks.quality.tally import FIGURES, group_counts, total
from benchmarks.quality.weaknesses import FAMILIES, number_in, of_ruff, same

SMOKE = Path(__file__).parents[1] / "fixtures" / "quality"
FIRST_LINE = frozenset({0})


def case(name: str, *, defect: bool, pair: str = "", cwe: tuple[int, ...] = (78,)) -> Case:
    """A case; those of pairs have their defect on the first line."""
    lines = FIRST_LINE if defect and pair else frozenset[int]()
    return Case(
        set="pairs" if pair else "taint",
        id=name,
        group=f"pairs/{pair}" if pair else f"taint/{name}",
        paired=bool(pair),
        defect=defect,
        path=Path(f"{name}.py"),
        text=name,
        weaknesses=cwe,
        lines=lines,
        located=bool(pair),
    )


def claim(cwe: int = 78, line: int = 0, sure: float = 0.9, *, shown: bool = True) -> Claim:
    """A finding of security."""
    return Claim("ruff/S1", "security", line, line, cwe, sure, sure, shown)


CASES = [
    case("a1", defect=True, pair="a"),
    case("a0", defect=False, pair="a"),
    case("b1", defect=True, pair="b"),
    case("b0", defect=False, pair="b"),
    case("c", defect=True),
    case("d", defect=False),
    case("e", defect=False),
]
OUTCOMES = {
    "a1": Outcome("a1", (claim(), claim(line=9))),
    "a0": Outcome("a0"),
    "b1": Outcome("b1", (claim(77),)),
    "b0": Outcome("b0", (claim(78, 4),)),
    "c": Outcome("c", (claim(89), claim(sure=0.2, shown=False))),
    "d": Outcome("d", (claim(sure=0.6),)),
    "e": Outcome("e"),
}


def figure(name: str) -> float:
    """A figure of the cases above."""
    return FIGURES[name](total(group_counts(CASES, OUTCOMES).values()))


def test_figures_by_hand() -> None:
    """Two found and one missed, two wrongly flagged and two not; one pair of two is told apart."""
    assert figure("precision") == pytest.approx(2 / 4)
    assert figure("recall") == pytest.approx(2 / 3)
    assert figure("F1") == pytest.approx(4 / 7)
    assert figure("J") == pytest.approx(2 / 3 - 2 / 4)
    assert figure("pair accuracy") == pytest.approx(1 / 2)
    # The finding about another weakness flags c where its number does not matter.
    assert figure("J, any CWE") == pytest.approx(3 / 3 - 2 / 4)
    assert figure("findings per clean file") == pytest.approx(2 / 4)
    assert figure("withheld per file") == pytest.approx(1 / 7)


def test_figures_by_line_by_hand() -> None:
    """Of four findings in pairs two are on a line of a defect; both defects are found there."""
    assert figure("line precision") == pytest.approx(2 / 4)
    assert figure("line recall") == pytest.approx(1)
    assert figure("line F1") == pytest.approx(2 * 0.5 / 1.5)


def test_what_has_no_meaning_is_no_number() -> None:
    """No pairs, no lines, no models: no figures of them, rather than zeros."""
    single = [each for each in CASES if not each.paired]
    counts = total(group_counts(single, OUTCOMES).values())
    for name in ("pair accuracy", "line F1", "quotes found", "tokens per file"):
        assert math.isnan(FIGURES[name](counts))


def test_calibration_error_by_hand() -> None:
    """Right and wrong findings against how sure they were, the withheld among them; one about
    another weakness than the case has is not judged.
    """
    # At 0.9: a1 right and wrong (the wrong line), b1 right, b0 wrong. At 0.6: wrong. At 0.2: right.
    expected = (4 * abs(0.9 - 2 / 4) + abs(0.6 - 0) + abs(0.2 - 1)) / 6
    assert figure("calibration error") == pytest.approx(expected)
    counts = total(group_counts(CASES, OUTCOMES).values())
    assert (counts["told"], counts["untold"]) == (6, 1)
    assert reliability([("mirador", counts)]).count("<circle") == 2 + 6


def test_shown_confidence_is_compared_with_what_was_reported_first() -> None:
    """A judge that takes a wrong finding down from 0.9 to 0.1 mends the error."""
    wrong = Claim("model/security", "security", 0, 0, 78, 0.1, 0.9, shown=False)
    counts = total(group_counts([CASES[5]], {"d": Outcome("d", (wrong,))}).values())
    assert FIGURES["calibration error before"](counts) == pytest.approx(0.9)
    assert FIGURES["calibration error"](counts) == pytest.approx(0.1)


def test_a_group_counts_only_as_a_whole() -> None:
    """One side of a pair that was not reviewed takes the other with it."""
    some = {name: each for name, each in OUTCOMES.items() if name != "a0"}
    assert set(group_counts(CASES, some)) == {"pairs/b", "taint/c", "taint/d", "taint/e"}


def test_intervals_hold_the_figure_and_are_the_same_each_time() -> None:
    """What is equal in all groups has no width; differences are paired draw by draw."""
    cases = [case(f"t{number}", defect=number % 2 == 0) for number in range(60)]
    all_flagged = {each.id: Outcome(each.id, (claim(),)) for each in cases}
    third = {
        each.id: Outcome(each.id, (claim(),) if number % 3 == 0 else ())
        for number, each in enumerate(cases)
    }
    one, other = group_counts(cases, all_flagged), group_counts(cases, third)
    draws = Resamples(list(one), rounds=400)
    drawn = draws.counts(one), draws.counts(other)
    recall = FIGURES["recall"]
    certain, unsure = estimate(recall, one, drawn[0]), estimate(recall, other, drawn[1])

    assert (certain.value, certain.low, certain.high) == (1, 1, 1)
    assert unsure.value == pytest.approx(1 / 3)
    assert 0.1 < unsure.low < unsure.value < unsure.high < 0.6
    assert unsure == estimate(recall, other, Resamples(list(one), rounds=400).counts(other))
    apart = difference(recall, (one, other), drawn)
    assert apart.low > 0.3
    none = difference(recall, (one, one), (drawn[0], drawn[0]))
    assert (none.value, none.low, none.high) == (0, 0, 0)


def test_draws_keep_the_size_of_each_set() -> None:
    """Groups of one set never stand in for those of another."""
    draws = Resamples(["a/1", "a/2", "a/3", "b/1"], rounds=50)
    counted = {"a/1": {"a": 1}, "a/2": {"a": 1}, "a/3": {"a": 1}, "b/1": {"b": 1}}
    assert {(c["a"], c["b"]) for c in draws.counts(counted)} == {(3, 1)}


def test_weaknesses_of_a_family_are_the_same() -> None:
    """Numbers stand in one family at most; those in none stand for themselves."""
    assert same(77, 78)
    assert same(4711, 4711)
    assert not same(78, 89)
    assert not same(0, 78)
    numbers = [number for family in FAMILIES for number in family]
    assert len(numbers) == len(set(numbers))
    assert number_in("CWE-89: SQL injection") == number_in("see cwe 89") == 89
    assert number_in(None) == number_in("89") == 0
    assert (of_ruff("S608"), of_ruff("S999")) == (89, 0)


@pytest.mark.parametrize(
    ("said", "found", "parsed"),
    [
        ("Yes. On line 2 there is an SQL injection (CWE-89).", (1, 89), True),
        ("**yes**, a bug", (-1, 0), True),
        ("yes, line 700", (-1, 0), True),
        ("No.", None, True),
        ("The code is fine.", None, False),
        ("", None, False),
    ],
)
def test_plain_answers_are_read(said: str, found: tuple[int, int] | None, parsed: bool) -> None:
    """A yes with its line and number, a no, and what is neither; lines that are not there are not
    believed.
    """
    claims, well = read_answer(said, 10)
    assert well == parsed
    assert [(each.first, each.cwe) for each in claims] == ([found] if found else [])


def test_samples_keep_pairs_and_hold_smaller_ones() -> None:
    """What was asked for a small sample counts for a larger one."""
    small = {each.id for each in sample(CASES, 1, 3)}
    large = {each.id for each in sample(CASES, 2, 3)}
    assert small < large
    assert len(small) == 3
    assert ("a1" in small) == ("a0" in small)


def counting_side(asked: list[str], *, fails: str = "") -> Side:
    """A side that notes what it is asked."""

    async def review(cases: Sequence[Case]) -> AsyncGenerator[Outcome]:
        for each in cases:
            asked.append(each.id)
            yield Outcome(each.id, failed="it broke" if each.id == fails else "")

    return Side("counting", "1", "counts", review)


async def test_a_run_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """What is known is not asked again; failures and a line that broke off are."""
    file = tmp_path / "known.jsonl"
    asked: list[str] = []
    done: list[int] = []
    first = await review_all(
        counting_side(asked, fails="a0"), CASES[:3], Kept(file), done.append, None
    )
    assert (list(first), done) == (["a1", "a0", "b1"], [0, 1, 2, 3])
    with file.open("ab") as out:
        out.write(b'{"side": "brok')
    kept = Kept(file)
    asked.clear()
    second = await review_all(counting_side(asked), CASES[:4], kept, done.append, None)
    assert (asked, set(second), kept.unreadable) == (["a0", "b0"], {"a1", "a0", "b1", "b0"}, 1)


async def test_another_version_is_asked_unless_told_otherwise(tmp_path: Path) -> None:
    """Another version may say something else of the same case."""
    file = tmp_path / "known.jsonl"
    asked: list[str] = []
    side = counting_side(asked)
    await review_all(side, CASES[:2], Kept(file), lambda _: None, None)
    newer = Side(side.name, "2", side.manner, side.review)
    await review_all(newer, CASES[:1], Kept(file), lambda _: None, None)
    assert asked == ["a1", "a0", "a1"]
    await review_all(newer, CASES[:2], Kept(file, any_version=True), lambda _: None, None)
    assert len(asked) == 3


async def test_time_ends_a_run_between_cases(tmp_path: Path) -> None:
    """What is there by then is given; where no time is left nothing is asked."""
    asked: list[str] = []
    side, now = counting_side(asked), asyncio.get_running_loop().time()

    def over(done: int) -> None:
        # The loop's clock cannot be put forward, so the first case takes a while.
        while done and asyncio.get_running_loop().time() < now + 0.05:
            pass

    found = await review_all(side, CASES, Kept(tmp_path / "some"), over, now + 0.05)
    assert list(found) == ["a1"]
    assert await review_all(side, CASES, Kept(tmp_path / "none"), over, now) == {}
    assert asked == ["a1"]


def test_gates_are_told_with_what_they_withhold() -> None:
    """The lowest gate that is precise enough is named."""
    good = {
        **OUTCOMES,
        "b0": Outcome("b0", (claim(sure=0.3),)),
        "d": Outcome("d", (claim(sure=0.45),)),
    }
    sheet = gates_of(Reviewed("mirador", good), CASES)
    assert sheet.note.startswith("0.50 is the lowest gate")
    assert dict(zip(sheet.heads, sheet.rows[0], strict=True))["withheld"] == "0.000"


def test_sets_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    """Without labels, with broken ones, with a file elsewhere, with a set that is not there."""
    with pytest.raises(BenchmarkError, match=r"no labels\.jsonl"):
        load_cases(tmp_path)
    labels = tmp_path / "labels.jsonl"
    for broken in ("{", '{"set": "x"}', json.dumps({"set": "x", "id": "1", "file": "../../x"})):
        labels.write_text(broken)
        with pytest.raises(BenchmarkError, match="cannot be read"):
            load_cases(tmp_path)
    with pytest.raises(BenchmarkError, match="there are pairs, taint"):
        load_cases(SMOKE, ["antx"])


def test_settings_that_are_not_there_are_told() -> None:
    """A plan with a word that this version does not know must not run as if it did."""
    with pytest.raises(BenchmarkError, match="nonsense"):
        Wish(options={"analysis.nonsense": "true"}).settings()
    assert Wish(options={"review.gate": "0.5"}).settings().review.gate == 0.5


def test_the_smoke_set_end_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The instant stage and a model that a script plays over the cases of our own, twice: the
    tables say what it found, and the second run asks for nothing.
    """
    script = tmp_path / "script.toml"
    script.write_text(
        '[[model]]\nname = "qwen2.5-coder-0.5b"\n[[reply]]\nmaterial = "sorted"\n'
        'text = "- bug: This list is sorted though it never changes. Code: `return sorted([]`"\n'
    )
    page, known = tmp_path / "page.md", tmp_path / "known.jsonl"
    words = [
        *("--folder", str(SMOKE), "--cache", str(known), "--page", str(page), "--gates"),
        *("--stages", "instant,quick", "--set", "engine.backend=scripted"),
        # Whoever works on the sources meanwhile makes another version of them.
        *("--set", f"engine.script={script}", "--any-version"),
    ]

    assert main(words) == 0
    table = page.read_text()
    lines = known.read_bytes()
    assert main(words) == 0
    capsys.readouterr()

    assert known.read_bytes() == lines
    assert "pairs: 2 groups, 4 files" in table
    pairs = table.partition("### taint")[0]
    assert "| pair accuracy | 1.000 (1.000…1.000) | 0.500 (0.000…1.000) |" in pairs
    taint = table.partition("### taint")[2]
    assert "| J | 1.000 (1.000…1.000) | 1.000 (1.000…1.000) |" in taint
    assert "| replies that parse | 1.000 (1.000…1.000) |  |" in table
    assert "| quotes found | 0.000 (0.000…0.000) |  |" in table
    assert page.with_suffix(".svg").read_text().startswith("<svg")


def test_what_cannot_be_asked_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A tool that is not installed is named, and the others are measured."""
    words = ["--folder", str(SMOKE), "--cache", str(tmp_path / "known.jsonl"), "--sets", "taint"]
    assert main([*words, "--against", "ruff,bandit", "--bandit", "/nowhere/bandit"]) == 0
    assert "not measured: bandit: bandit is not installed" in capsys.readouterr().out
