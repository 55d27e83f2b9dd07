"""What a change causes: facts from two texts and those who use them."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from mirador_lsp.analysis.worker import InlineParser
from mirador_lsp.core.change_sets import ChangeKind, ChangeSet, FileChange, RiskLevel
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.findings import Severity
from mirador_lsp.core.policy import INSTANT
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.core.text import Span
from mirador_lsp.engine.changed.overview import Heard, is_test, overview
from mirador_lsp.engine.changed.study import Study, study
from mirador_lsp.engine.changed.symbols import Touch
from mirador_lsp.settings import Settings, review_policy

LANGUAGES = {"py": "python", "go": "go", "ts": "typescript", "js": "javascript", "java": "java"}
CART = """\
def total(items, tax):
    return sum(items) * tax


def share(items):
    return len(items)


class Cart:
    def __init__(self, items):
        self.items = items

    def discounted(self, percent):
        return total(self.items, 1 - percent)
"""


def shot(name: str, text: str) -> Snapshot:
    """A file of the project."""
    return Snapshot(f"file:///work/{name}", name, LANGUAGES[name.rpartition(".")[2]], text)


def changed(name: str, before: str | None, after: str | None, old_name: str = "") -> FileChange:
    """A file of the change; all lines that are not in the text before are its places."""
    if after is None:
        language = LANGUAGES[name.rpartition(".")[2]]
        return FileChange(
            *(name, ChangeKind.DELETED, None, before),
            why_not="it was deleted",
            language=language,
            removed=3,
        )
    lines = (before or "").split("\n")
    spans, at = [], 0
    for line in after.split("\n"):
        if line not in lines:
            spans.append(Span(at, at + len(line)))
        at += len(line) + 1
    kind = ChangeKind.ADDED if before is None else ChangeKind.MODIFIED
    kind = ChangeKind.RENAMED if old_name else kind
    return FileChange(name, kind, shot(name, after), before, tuple(spans), old_name, len(spans))


async def warm_parser(names: Sequence[str]) -> InlineParser:
    """A parser that has read its queries from disk, which nothing but a thread may wait for."""
    parser = InlineParser(budget_seconds=5)
    for name in names:
        await asyncio.to_thread(asyncio.run, parser.references(shot(name, "a = 1\n")))
    return parser


async def studied(files: Sequence[FileChange], others: Mapping[str, str] | None = None) -> Study:
    """A study, in which `others` are the files of the project that did not change."""
    snapshots = [shot(name, text) for name, text in (others or {}).items()]
    snapshots += [file.snapshot for file in files if file.snapshot is not None]

    async def naming(words: Sequence[str], most: int) -> tuple[Sequence[Snapshot], int]:
        found = [each for each in snapshots if any(word in each.text for word in words)]
        return found[:most], len(found)

    parser = await warm_parser([each.name for each in snapshots])
    return await study(ChangeSet("a change", tuple(files)), parser, naming)


def told(study: Study) -> list[tuple[str, str, str]]:
    """File, code and message of what does not fit any more."""
    texts = {s.name: s.text for s in study.elsewhere}
    texts |= {f.name: f.snapshot.text for f in study.change.files if f.snapshot is not None}
    return [
        (name, texts[name][f.span.start : f.span.end], f.message)
        for name, findings in sorted(study.uses.findings.items())
        for f in findings
    ]


def touches(study: Study) -> dict[str, Touch]:
    """Path → what happened to it."""
    return {each.path: each.touch for each in study.symbols}


async def test_touched_symbols_are_told_by_what_happened_to_them() -> None:
    """Added, removed, renamed, with another signature, edited; what is equal is left alone."""
    after = (
        CART.replace("def total(items, tax):", "def total(items, tax, rate):")
        .replace("def share(", "def portion(")
        .replace("1 - percent", "100 - percent")
        .replace("class Cart:", "def late():\n    return 1\n\n\nclass Cart:")
    )

    known = await studied([changed("cart.py", CART, after)])

    assert touches(known) == {
        "total": Touch.RESIGNED,
        "portion": Touch.RENAMED,
        "late": Touch.ADDED,
        "Cart.discounted": Touch.EDITED,
    }


async def test_callers_of_what_is_gone_are_found_where_they_import_it() -> None:
    """By an import of its file; who imports a namesake, or defines it, is left alone."""
    after = CART[CART.index("def share") :].replace("return total(", "return max(")
    others = {
        "till.py": "from cart import total\n\nprint(total([1], 2))\n",
        "report.py": "import cart\n\nprint(cart.total([1], 2))\n",
        "other.py": "from ledger import total\n\nprint(total([1], 2))\n",
        "own.py": "def total(a):\n    return a\n\n\nprint(total(1))\n",
        "deep/cart.py": "def total(a):\n    return a\n",
        "deep/user.py": "from deep.cart import total\n\nprint(total(1))\n",
    }

    known = await studied([changed("cart.py", CART, after)], others)

    gone = "`total` is still {} here, and this change removes it from cart.py."
    assert told(known) == [
        ("report.py", "total", gone.format("used")),
        ("till.py", "total", gone.format("imported")),
    ]
    assert known.uses.callers == {("cart.py", "total"): 2}


async def test_calls_that_no_longer_fit_are_found_and_those_that_never_did_are_not() -> None:
    """By places and names of arguments, as the texts have them; stars say nothing."""
    after = CART.replace("def total(items, tax):", "def total(items, *, tax, rate=1):").replace(
        "total(self.items, 1 - percent)", "total(self.items, tax=1 - percent)"
    )
    others = {
        "till.py": (
            "from cart import total\n\n"
            "total([1], 2)\ntotal([1], tax=2)\ntotal(*[1, 2])\ntotal([1], 2, 3, 4)\ntotal([1])\n"
        )
    }

    known = await studied([changed("cart.py", CART, after)], others)

    assert told(known) == [
        (
            "till.py",
            "total",
            (
                "This call of `total` does not fit any more: since this change of cart.py "
                "it takes 1 argument by place, and 2 are given."
            ),
        )
    ]
    (finding,) = known.uses.findings["till.py"]
    assert (finding.rule, finding.severity) == ("change/call-misfit", Severity.ERROR)
    assert finding.quote == "total([1], 2)"


async def test_constructors_and_methods_are_found_through_their_class() -> None:
    """A call of the class means its constructor; a method, where no other class has it."""
    after = CART.replace("def __init__(self, items):", "def __init__(self, items, owner):").replace(
        "def discounted(self, percent):", "def discounted(self):"
    )
    others = {
        "till.py": "from cart import Cart\n\ncart = Cart([1])\nprint(cart.discounted(5))\n",
        "far.py": "def f(thing):\n    return thing.discounted(5)\n",
    }

    known = await studied([changed("cart.py", CART, after)], others)

    assert [(name, code) for name, code, _ in told(known)] == [
        ("till.py", "Cart"),
        ("till.py", "discounted"),
    ]
    constructor, method = known.uses.findings["till.py"]
    assert (constructor.severity, method.severity) == (Severity.ERROR, Severity.WARNING)


async def test_a_file_that_moved_breaks_those_who_import_it_by_its_old_name() -> None:
    """Not those who know the new one already, and nobody where the old name is taken again."""
    others = {
        "till.py": "from shop.cart import total\n",
        "new.py": "from store.cart import total\n",
    }
    moved = changed("store/cart.py", CART, CART, "shop/cart.py")

    known = await studied([moved], others)
    assert told(known) == [
        ("till.py", "total", "This change moves `total` from shop/cart.py to store/cart.py.")
    ]
    again = changed("shop/cart.py", None, CART)
    assert told(await studied([moved, again], others)) == []


@pytest.mark.parametrize(
    ("name", "before", "after", "other", "text"),
    [
        (
            "lib/cart.ts",
            "export function total(a: number, b?: number) { return a }\n",
            "export function total(a: number) { return a }\n",
            "web/till.ts",
            "import { total } from '../lib/cart'\ntotal(1, 2)\n",
        ),
        (
            "shop/cart.go",
            "package shop\n\nfunc Total(a int) int {\n\treturn a\n}\n",
            "package shop\n\nfunc Total(a, b int) int {\n\treturn a\n}\n",
            "shop/till.go",
            "package shop\n\nfunc Sum() int {\n\treturn Total(1)\n}\n",
        ),
        (
            "lib/cart.js",
            "export function total(a) {\n  return a * 2\n}\nexport const x = 1\n",
            "export const x = 1\n",
            "lib/till.js",
            "import { total } from './cart.js'\ntotal(1)\n",
        ),
    ],
)
async def test_other_languages_have_callers_too(
    name: str, before: str, after: str, other: str, text: str
) -> None:
    """By import, or by the folder where a folder is a package."""
    known = await studied([changed(name, before, after)], {other: text})

    assert [(file, code.lower()) for file, code, _ in told(known)] == [(other, "total")]


async def test_what_is_reviewed_is_what_changed_and_what_it_breaks() -> None:
    """Changed places alone; elsewhere nothing but what is caused, and no model is asked there."""
    after = CART.replace("def total(items, tax):", "def total(items):")
    others = {"till.py": "from cart import total\n\ntotal([1], 2)\n"}
    known = await studied([changed("cart.py", CART, after)], others)
    policy = review_policy(Settings())

    first, second = (
        known.shaped(ReviewRequest(each, policy, Trigger.CLI)) for each in known.documents()
    )

    assert (first.snapshot.name, first.before, first.policy) == ("cart.py", CART, policy)
    assert first.only == known.change.files[0].spans
    assert [f.rule for f in first.caused] == ["change/call-misfit"]
    assert (second.snapshot.name, second.only, second.policy.stages) == ("till.py", (), (INSTANT,))
    assert [f.rule for f in second.caused] == ["change/call-misfit"]


async def test_nobody_to_ask_is_told() -> None:
    """Without a repository, and where git fails: never in silence."""
    parser = await warm_parser(["cart.py"])
    change = ChangeSet("a change", (changed("cart.py", CART, CART.replace("tax", "vat")),))

    async def broken(_words: Sequence[str], _most: int) -> tuple[Sequence[Snapshot], int]:
        message = "git cannot be run."
        raise UserError(message)

    for naming in (None, broken):
        known = await study(change, parser, naming)
        assert next(notice.message for notice in known.notices).startswith("Who ")


async def test_the_overview_tells_facts_first_and_why_it_is_risky() -> None:
    """The same each time; low for a small thing with its test, high for a deleted test and more."""
    small = await studied(
        [
            changed("cart.py", CART, CART.replace("len(items)", "len(items) or 1")),
            changed("tests/test_cart.py", "a = 1\n", "a = 2\n"),
        ]
    )
    large = await studied(
        [
            changed("login.py", CART, CART.replace("def total(items, tax)", "def total(items)")),
            changed("tests/test_login.py", "a = 1\n", None),
        ],
        {f"m{i}.py": "from login import total\n\ntotal([1], 2)\n" for i in range(6)},
    )

    calm = overview(small)
    assert calm.risk is RiskLevel.LOW
    assert calm.sentences == (
        "2 files: 2 changed; 2 lines added, 0 removed.",
        "Edited: share.",
        "1 test file touched.",
    )
    wild = overview(large, Heard(said="Look at \x1b[31mtotal.", by="qwen"))
    assert wild == overview(large, Heard(said="Look at \x1b[31mtotal.", by="qwen"))
    assert wild.risk is RiskLevel.HIGH
    assert wild.reasons == (
        "7 places still use what changed as it was",
        "tests are deleted: tests/test_login.py",
        "it touches places that matter for security: login.py",
        "what others may call is gone or takes something else: total",
        "total is used in 6 other files",
    )
    assert wild.sentences[-1].startswith("qwen says: Look at")
    assert "\x1b" not in wild.sentences[-1]


def test_tests_are_known_by_their_names() -> None:
    """In folders of tests, and beside the code."""
    tests = ["tests/a.py", "a/test_b.py", "b_test.go", "c.spec.ts", "__tests__/d.js"]
    assert [name for name in tests if is_test(name)] == tests
    assert not any(map(is_test, ["latest.py", "src/attest.py", "contest/a.py", "testing.py"]))
