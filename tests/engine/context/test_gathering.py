"""What a unit is shown with: gathered from the file, the index, the project and the user."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.counting import FakeCounter
from fakes.gathering import CARD, Library, account, policy, python
from fakes.index import FakeIndex, hit
from fakes.project import FakeProject
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.retrieval import Collection, Hit, Memory, RulesFile
from mirador_lsp.core.text import Span
from mirador_lsp.engine.context.gathering import PATIENCE, Gathering
from mirador_lsp.engine.stages.material import material
from mirador_lsp.engine.units import show

CART = """\
from shop.prices import net_price

RATE = 1.19


class Cart:
    def __init__(self, items):
        self.items = items

    def total(self):
        \"\"\"What is to be paid.\"\"\"
        prices = [net_price(item) for item in self.items]
        self._log(prices)
        return round_up(sum(prices))

    def _log(self, prices):
        for price in prices:
            if price < 0:
                print("a price below zero:", price)


def round_up(value):
    \"\"\"Up to whole cents.\"\"\"
    cents = value * 100
    return -(-cents // 1) / 100


def report(cart):
    lines = []
    for item in cart.items:
        lines.append(str(item))
    lines.append(str(cart.total()))
    return "\\n".join(lines)
"""
PRICES = "def net_price(item):\n    return item.gross / 1.19\n"
CHECKOUT = "def pay(cart, card):\n    return card.charge(cart.total())\n"
ALIKE = "def sum_up(rows):\n    return sum(row.price for row in rows)\n"
RULES = [RulesFile("AGENTS.md", "# Code style\n\nMoney is never a float.\n\n# Build\n\nmake all\n")]
GOLDEN = Path(__file__).with_name("golden")


def digest(text: str) -> str:
    """The digest of a file's text."""
    return hashlib.sha256(text.encode()).hexdigest()


def known(name: str, symbol: str, text: str, **more: object) -> Hit:
    """What an index says of a file that holds nothing but `text`."""
    last = text.count("\n") - 1
    return hit(
        name, symbol, text, first=0, last=last, content=digest(text), kind="function", **more
    )


def library(**more: object) -> Library:
    """A workspace with an index that knows three other files."""
    index = FakeIndex([known("rows.py", "sum_up", ALIKE)])
    index.definitions = {"net_price": (known("shop/prices.py", "net_price", PRICES),)}
    index.users = {("cart.py", "Cart.total"): (known("shop/checkout.py", "pay", CHECKOUT),)}
    files = {"shop/prices.py": PRICES, "shop/checkout.py": CHECKOUT, "rows.py": ALIKE}
    project = FakeProject({name: digest(text) for name, text in files.items()}, RULES)
    return Library(index, project, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "unit", "tokens", "alone"),
    [
        ("method_with_everything", "Cart.total", 600, False),
        ("method_in_little_room", "Cart.total", 110, False),
        ("method_without_an_index", "Cart.total", 600, True),
        ("function_and_its_users", "round_up", 400, True),
        ("class_of_the_file", "Cart", 400, True),
    ],
)
async def test_compiled_contexts_are_as_they_were(
    name: str, unit: str, tokens: int, alone: bool, request: pytest.FixtureRequest
) -> None:
    """Golden files: what went in, what was left out, and the text to the letter. `pytest --update`
    writes what is compiled now.
    """
    place = Library() if alone else library(preferences="Plain loops, no cleverness.")
    shown, notices = await place.shown(python(CART), unit, policy(tokens))
    assert notices == ()
    assert shown.background is not None

    said = account(shown.background)

    path = GOLDEN / f"{name}.md"
    if request.config.getoption("--update"):
        path.write_text(said)
    assert said == path.read_text()


async def test_without_a_budget_nothing_is_asked() -> None:
    """The quick stage pays for nothing, not even for a question to the index."""
    place = library()
    shown, _ = await place.shown(python(CART), "Cart.total", policy(0))
    assert place.index is not None
    assert place.index.queries == []
    assert material("python", shown) == material("python", replace(shown, background=None))


async def test_what_the_index_has_of_an_older_file_is_dropped_as_stale() -> None:
    """The file was edited since: its lines are not what the index says."""
    place = library()
    place.project.contents["shop/prices.py"] = digest("something else")
    shown, _ = await place.shown(python(CART), "Cart.total", policy(600))
    assert shown.background is not None
    assert "item.gross" not in shown.background.text
    assert ("shop/prices.py, net_price, lines 1 to 2", "stale") in [
        (piece.title, why) for piece, why in shown.background.dropped
    ]


async def test_an_index_that_does_not_run_is_a_note() -> None:
    """A review goes on with what the file itself says."""
    place = library()
    assert place.index is not None
    place.index.broken = True
    shown, notices = await place.shown(python(CART), "Cart.total", policy(600))
    assert shown.background is not None
    assert "round_up" in shown.background.text
    assert [n.message for n in notices] == [
        "Context is from the file alone: The index does not run. Start it: mirador index build"
    ]


async def test_a_slow_index_costs_a_review_no_more_than_its_patience() -> None:
    """However many units there are, all of them together wait only that long."""
    place = library()
    assert place.index is not None
    place.index.gate.clear()
    snapshot = python(CART)
    outline = await place.outline(snapshot)
    units = [show(snapshot, unit) for unit in outline.units]
    async with Gathering(place.stock, snapshot, outline) as gathering:
        gathering.ahead(units, CARD, policy(600))
        for unit in units:
            shown = await gathering.shown(unit, CARD, policy(600))
            assert shown.background is not None
        assert gathering.waited <= 2 * PATIENCE
        (notice,) = gathering.notices()
        assert "was not there in time" in notice.message
        assert gathering.notices() == ()


async def test_what_comes_late_is_there_for_the_next_unit() -> None:
    """While the model reads the first unit, the second one's context comes in."""
    place = library()
    assert place.index is not None
    place.index.gate.clear()
    snapshot = python(CART)
    outline = await place.outline(snapshot)
    first, second = (
        show(snapshot, unit) for unit in outline.units if unit.path in ("Cart.total", "report")
    )
    async with Gathering(place.stock, snapshot, outline) as gathering:
        gathering.ahead([second, first], CARD, policy(600))
        late = await gathering.shown(second, CARD, policy(600))
        place.index.gate.set()
        await gathering.settled()
        there = await gathering.shown(first, CARD, policy(600))
    assert late.background is not None
    assert there.background is not None
    assert "item.gross" in there.background.text


async def test_an_edit_at_the_end_of_a_file_leaves_what_was_read_above() -> None:
    """What a unit is shown with has no line numbers, and nothing of what it does not use."""
    place = library()
    before, _ = await place.shown(python(CART), "Cart.total", policy(600))
    edited = CART.replace('    return "\\n".join(lines)\n', '    return ", ".join(lines)\n')
    after, _ = await place.shown(python(edited), "Cart.total", policy(600))
    above, _ = await place.shown(python(f"# A comment.\n\n{CART}"), "Cart.total", policy(600))

    assert material("python", after) == material("python", before) == material("python", above)


async def test_an_edit_of_what_a_unit_uses_changes_what_is_shown_with_it() -> None:
    """Old definitions are worse than none."""
    place = library()
    await place.shown(python(CART), "Cart.total", policy(600))
    edited = CART.replace("-(-cents // 1) / 100", "round(value, 2)")
    shown, _ = await place.shown(python(edited), "Cart.total", policy(600))
    assert shown.background is not None
    assert "round(value, 2)" in shown.background.text


async def test_what_was_compiled_is_shown_again_while_all_it_is_from_stands() -> None:
    """Also when the index ranks otherwise by then; not when a file changed that it shows."""
    place = library()
    first, _ = await place.shown(python(CART), "Cart.total", policy(600))
    assert place.index is not None
    place.index.definitions = {}
    second, _ = await place.shown(python(CART), "Cart.total", policy(600))
    assert second.background == first.background

    place.project.contents["shop/prices.py"] = digest("edited")
    third, _ = await place.shown(python(CART), "Cart.total", policy(600))
    assert third.background is not None
    assert "item.gross" not in third.background.text

    place.project.house_rules = ()
    fourth, _ = await place.shown(python(CART), "Cart.total", policy(600))
    assert fourth.background is not None
    assert "never a float" not in fourth.background.text


async def test_rules_stand_first_and_are_the_same_for_every_unit() -> None:
    """So a model reads them once for all of them."""
    place = library()
    texts = []
    for unit in ("Cart.total", "round_up", "report"):
        shown, _ = await place.shown(python(CART), unit, policy(600))
        texts.append(material("python", shown).text)
    shared = texts[0][: texts[0].index("Definition of")]
    assert "Money is never a float." in shared
    assert "make all" not in shared
    assert all(text.startswith(shared) for text in texts)


async def test_tokens_are_estimated_where_the_model_is_not_in_memory() -> None:
    """And it is said that they are."""
    place = library(counter=FakeCounter())
    shown, _ = await place.shown(python(CART), "Cart.total", policy(300))
    assert shown.background is not None
    assert not shown.background.counted
    assert shown.background.tokens <= 300


async def test_a_later_part_of_a_long_function_is_shown_what_reaches_it() -> None:
    """Nobody can judge lines whose variables come from nowhere."""
    body = "".join(f"    step_{n} = helper(step_{n - 1})\n" for n in range(1, 120))
    text = f"def long(step_0):\n    secret = load(step_0)\n{body}    return use(secret, step_119)\n"
    place = Library()
    snapshot = python(text)
    outline = await place.outline(snapshot)
    last = outline.units[-1].path
    assert last.startswith("long [")
    shown, _ = await place.shown(snapshot, last, policy(600))
    assert shown.background is not None
    assert [piece.source for piece in shown.background.kept] == ["slice"]


async def test_lines_that_decide_a_place_are_told_only_where_they_are_not_shown() -> None:
    """A function that is shown as a whole needs no slice of itself."""
    place = Library()
    snapshot = python(CART)
    outline = await place.outline(snapshot)
    unit = next(unit for unit in outline.units if unit.path == "report")
    at = CART.index('return "')
    async with Gathering(place.stock, snapshot, outline) as gathering:
        shown = await gathering.shown(show(snapshot, unit), CARD, policy(300))
        assert await gathering.reaching(shown, Span(at, at + 6), CARD, policy(300)) == ""
        line = snapshot.lines.line_of(at)
        part = replace(unit, pieces=(snapshot.lines.full_line_span(line),))
        reach = await gathering.reaching(show(snapshot, part), Span(at, at + 6), CARD, policy(300))
    assert "lines = []" in reach
    assert "def total" not in reach


async def test_a_document_outside_of_every_workspace_is_its_own_context() -> None:
    """Text from standard input, for one."""
    place = library()
    place.stock.workplace_of = lambda _: None
    loose = Snapshot("stdin:cart.py", "cart.py", "python", CART)
    shown, notices = await place.shown(loose, "Cart.total", policy(600))
    assert notices == ()
    assert shown.background is not None
    assert {piece.source for piece in shown.background.kept} <= {"definition", "user", "outline"}


async def test_what_was_answered_before_goes_with_the_question() -> None:
    """From earlier sessions, in a fence; what was said in this conversation is not said twice."""
    place = library()
    assert place.index is not None
    memory = Memory(Collection.TALK, "t1", "Why divide by 1.19?", "That is the tax rate.", 1.0)
    await place.index.remember([memory])
    snapshot = python(CART)
    outline = await place.outline(snapshot)
    async with Gathering(place.stock, snapshot, outline) as gathering:
        said = await gathering.said_before("What is the tax rate?", "", CARD, policy(400))
        known = await gathering.said_before("tax rate?", memory.text, CARD, policy(400))
        nothing = await gathering.said_before("tax rate?", "", CARD, policy(0))
        place.index.broken = True
        broken = await gathering.said_before("tax rate?", "", CARD, policy(400))
        notes = [notice.message for notice in gathering.notices()]
    assert said == (
        "Answered before, to the question Why divide by 1.19?:\n```\nThat is the tax rate.\n```\n"
    )
    assert (known, nothing, broken) == ("", "", "")
    assert notes == [
        "Earlier answers were not looked up: The index does not run. Start it: mirador index build"
    ]
