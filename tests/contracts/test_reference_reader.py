"""What every `ReferenceReader` does."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from fakes.samples import HOSTILE, SAMPLES
from mirador_lsp.analysis.worker import InlineParser, ParseWorker
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.references import Named, Parameters, ReferenceReader, References
from mirador_lsp.core.retrieval import MentionKind

PYTHON = """\
import os.path
from shop.cart import total as sum_up, Cart


class Till:
    def __init__(self, name, *, open=False):
        self.name = name

    @staticmethod
    def made(a, /, b=1, *rest, key, more=2, **others):
        return Till(a, open=key)

    @property
    def size(self):
        return sum_up(1, *[2], tax=3)


@decorated
def plain(a, b: int, c: int = 1):
    return os.path.join(a)


def typed(a, b: int, c: int = 1):
    self.till.made(1, 2, key=3)
"""


def snapshot(text: str, language: str) -> Snapshot:
    """A document with this text."""
    return Snapshot("stdin:sample", "sample", language, text)


@pytest.fixture(params=["worker", "inline"])
async def reader(request: pytest.FixtureRequest) -> AsyncIterator[ReferenceReader]:
    """Each implementation in turn."""
    async with AsyncExitStack() as stack:
        if request.param == "inline":
            yield InlineParser(budget_seconds=5)
        else:
            worker = ParseWorker(budget_seconds=5)
            stack.push_async_callback(worker.close)
            yield worker


def check(references: References, text: str) -> None:
    """Invariants of the port's values."""
    for defined in references.defined:
        assert defined.span.contains(defined.header)
        assert defined.span.end <= len(text)
    starts = [named.span.start for named in references.named]
    assert starts == sorted(starts)
    assert all(named.span.end <= len(text) for named in references.named)


async def test_every_language_has_references(reader: ReferenceReader) -> None:
    """A sound file of each language that has names defines or names something."""
    for language, text in SAMPLES.items():
        references = await reader.references(snapshot(text, language))
        check(references, text)
        if language in {"python", "go", "java", "typescript", "c", "ruby", "php", "rust"}:
            assert references.defined, language
            assert references.named, language


async def test_python_is_read_to_the_argument(reader: ReferenceReader) -> None:
    """Places, names, defaults, stars; what a decorator may have changed is not told."""
    references = await reader.references(snapshot(PYTHON, "python"))
    known = {defined.path: defined.parameters for defined in references.defined}
    calls = {
        (named.qualifier, named.name): (named.positional, named.by_name)
        for named in references.named
        if named.kind is MentionKind.CALLS
    }

    assert known == {
        "Till": None,
        "Till.__init__": Parameters(("name",), 1, by_name=("open",)),
        "Till.made": Parameters(
            ("a", "b"),
            1,
            more=True,
            by_name=("key", "more"),
            wanted=("key",),
            any_name=True,
            places_only=1,
        ),
        "Till.size": None,
        "plain": None,
        "typed": Parameters(("a", "b", "c"), 2),
    }
    assert calls[("", "Till")] == (1, ("open",))
    assert calls[("", "sum_up")] == (None, ())
    assert calls[("self.till", "made")] == (2, ("key",))
    assert calls[("os.path", "join")] == (1, ())
    imports = [each for each in references.named if each.kind is MentionKind.IMPORTS]
    assert [(i.name, i.qualifier, i.alias) for i in imports] == [
        ("path", "os.path", ""),
        ("total", "shop.cart", "sum_up"),
        ("Cart", "shop.cart", ""),
    ]


@pytest.mark.parametrize(
    ("language", "text", "parameters", "given"),
    [
        ("go", "package p\nfunc f(a, b int, c ...string) { f(1, 2) }\n", (2, 2, True), 2),
        ("java", "class A { void f(int a, String... b) { f(1, 2, 3); } }", (1, 1, True), 3),
        ("typescript", "function f(a: number, b?: string, c = 1) { f(1) }", (3, 1, False), 1),
        ("php", "<?php function f($a, $b = 1, ...$c) { f(1, 2); }", (2, 1, True), 2),
    ],
)
async def test_arguments_of_other_languages_are_counted(
    reader: ReferenceReader, language: str, text: str, parameters: tuple[object, ...], given: int
) -> None:
    """By place alone."""
    references = await reader.references(snapshot(text, language))

    (known,) = (d.parameters for d in references.defined if d.name == "f")
    assert known is not None
    assert (len(known.names), known.least, known.more) == parameters
    (call,) = (n for n in references.named if n.kind is MentionKind.CALLS and n.name == "f")
    assert isinstance(call, Named)
    assert call.positional == given


async def test_what_cannot_be_parsed_has_none_and_says_so(reader: ReferenceReader) -> None:
    """Never "nothing is called here"."""
    references = await reader.references(snapshot("MOVE A TO B.\n", "cobol"))
    assert (references.defined, references.named) == ((), ())
    assert references.note


async def test_hostile_text_is_read_or_refused(reader: ReferenceReader) -> None:
    """Nesting, nonsense, lone surrogates: an answer each time."""
    for body in HOSTILE.values():
        check(await reader.references(snapshot(body, "python")), body)
