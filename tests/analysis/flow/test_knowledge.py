"""Files of knowledge: read strictly, and every entry works in a program that uses its library."""

from importlib import resources
from pathlib import Path

import pytest

from fakes import snippets
from fakes.snippets import Writer
from mirador_lsp.analysis.flow.contract import Source, Strength
from mirador_lsp.analysis.flow.findings import look
from mirador_lsp.analysis.flow.knowledge import BadKnowledgeError, load_knowledge, load_topics
from mirador_lsp.analysis.flow.knowledge.files import LibraryFile, read_library
from mirador_lsp.analysis.flow.knowledge.lookup import knowledge_of
from mirador_lsp.syntax.parser import parse

_FOLDER = Path(str(resources.files("mirador_lsp.analysis.flow.knowledge")))
_PLACES = sorted(path for path in _FOLDER.glob("*/*.toml"))
_SHELL = "command-injection"
_HEAD = 'library = "L"\ndocs = "D"\n'


def library(path: Path) -> LibraryFile:
    """A packaged file."""
    return read_library(path.name, path.read_text("utf-8"), load_topics())


def rules(code: str, language: str) -> set[str]:
    """The rules of what is found in a program."""
    return {finding.rule for finding in look(parse(code, language)).findings}


def cleared(code: str, language: str) -> bool:
    """Whether the last call of a program is known to do no harm."""
    found = look(parse(code, language)).cleared
    return any(span.end == len(code.rstrip(";\n")) for span, _ in found)


def made(text: str) -> LibraryFile:
    """A file with these entries."""
    return read_library("own.toml", _HEAD + text, load_topics())


each_file = pytest.mark.parametrize("path", _PLACES, ids=lambda p: f"{p.parent.name}-{p.stem}")


@each_file
def test_every_sink_is_reached_by_data_and_not_by_fixed_text(path: Path) -> None:
    """A program that gives data from outside to it is found, one that gives a constant is not."""
    language, wrong = path.parent.name, []
    for entry in library(path).sink:
        rule = f"flow/{entry.topic}"
        uses = [(name, False) for name in entry.names]
        for name, method in [*uses, *((name, True) for name in entry.methods)]:
            if name.startswith("<"):
                continue
            bad = snippets.harmed(entry, name, Writer(language), method=method)
            good = snippets.unharmed(entry, name, Writer(language), method=method)
            wrong += [bad] if rule not in rules(bad, language) else []
            wrong += [good] if rule in rules(good, language) else []
    assert wrong == []


@each_file
def test_every_source_brings_data(path: Path) -> None:
    """What it gives, or what a call of it gives, is found where it is run as code."""
    language, wrong = path.parent.name, []
    for entry in library(path).source:
        for name in entry.names:
            code = snippets.brought(entry, name, Writer(language))
            wrong += [code] if "flow/code-injection" not in rules(code, language) else []
    assert wrong == []


@each_file
def test_every_sanitizer_and_guard_makes_data_harmless(path: Path) -> None:
    """Data that went through it, or was tested by it, is not found where it did harm before."""
    language, wrong = path.parent.name, []
    file = library(path)
    for entry in file.clean:
        for name in entry.names:
            for topic in snippets.topics_of(entry):
                code = snippets.cleaned(entry, name, Writer(language), topic)
                wrong += [code] if f"flow/{topic}" in rules(code, language) else []
    for guard in file.guard:
        for name in guard.names:
            for topic in snippets.topics_of(guard):
                code = snippets.guarded(name, Writer(language), topic)
                wrong += [code] if f"flow/{topic}" in rules(code, language) else []
    assert wrong == []


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_the_harm_that_sanitizers_are_tested_with_is_found_without_them(language: str) -> None:
    """Each topic's sink of these tests is reported when nothing is in the way."""
    for topic in load_topics():
        writer = Writer(language)
        harm = writer.call(snippets.sink_of(topic, language), snippets.outside(language), (0,))
        assert f"flow/{topic}" in rules(writer.program(harm), language)


@each_file
def test_what_depends_on_its_arguments_alone_is_as_harmless_as_they_are(path: Path) -> None:
    """What it makes of constants can do no harm; what it makes of anything else may."""
    language, wrong = path.parent.name, []
    clean = {n for f in _PLACES for e in library(f).clean if _SHELL in e.topics for n in e.names}
    for entry in library(path).pure:
        for name in entry.names:
            known = snippets.shown(name.replace("*", "some"), '"1"', Writer(language))
            wrong += [known] if not cleared(known, language) else []
            other = snippets.shown(name.replace("*", "some"), "other(1)", Writer(language))
            wrong += [other] if cleared(other, language) and name not in clean else []
    assert wrong == []


@each_file
def test_every_file_names_its_library_and_its_documentation(path: Path) -> None:
    """A reader can look up where an entry comes from."""
    file = library(path)
    assert file.library
    assert len(file.docs) > 20


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("[[sink]]\ntopic = 'no-such-topic'\nnames = ['a.b']\n", "no-such-topic"),
        ("[[sink]]\ntopic = 'xss'\n", "neither names nor methods"),
        ("[[sink]]\ntopic = 'xss'\nnames = ['a b']\n", "no dotted name"),
        ("[[source]]\nnames = ['a.b']\nwhat = 'x'\nstrength = 'huge'\n", "huge"),
        ("[[source]]\nnames = ['a.b']\nwhat = 'x'\nwhen = 1\n", "when"),
        ("[[guard]]\nmethods = ['a.b']\ntopics = ['xss']\n", "name of a method"),
        ("[[clean]]\nnames = ['a']\ntopics = ['nothing']\n", "nothing"),
        ("[[entry]]\nwhat = 'x'\n", "neither decorators nor bases"),
        ("[[sink]\n", "own.toml"),
    ],
)
def test_a_wrong_file_is_an_error_that_says_what_is_wrong(text: str, wrong: str) -> None:
    """Unknown keys and topics, names that are none, and broken TOML are never passed over."""
    with pytest.raises(BadKnowledgeError, match=r"own\.toml") as raised:
        made(text)
    assert wrong in str(raised.value)


def test_names_below_a_name_are_meant_by_a_star_as_far_as_a_call() -> None:
    """`a.b.*` is every attribute of `a.b`, and theirs; what such a call gives is something else."""
    known = knowledge_of([made("[[source]]\nnames = ['a.b.*']\nwhat = 'x'\n")], load_topics())
    assert known.of("a.b.c") is not None
    assert known.of("a.b.c.d") is not None
    assert known.of("a.b") is None
    assert known.of("a.b.c().d") is None


def test_what_several_entries_say_of_one_name_holds_together() -> None:
    """A function may be a sink, and bring data as well."""
    text = (
        "[[sink]]\ntopic = 'ssrf'\nnames = ['get']\n"
        "[[source]]\nnames = ['get']\nwhat = 'an answer'\nstrength = 'weak'\n"
    )
    effect = knowledge_of([made(text)], load_topics()).of("get")
    assert effect is not None
    assert [sink.kind for sink in effect.sinks] == ["ssrf"]
    assert effect.sources == (Source("an answer", Strength.WEAK),)


def test_functions_that_a_framework_calls_are_known_by_decorators_and_bases() -> None:
    """By a full name, by the last name of any object, or by what a class is made from."""
    text = (
        "[[entry]]\nwhat = 'a request'\ndecorators = ['web.App().get', '*.route']\n"
        "bases = ['web.View']\n"
    )
    known = knowledge_of([made(text)], load_topics())
    assert known.entry(["web.App().get"], []) == Source("a request")
    assert known.entry(["anything.route"], []) == Source("a request")
    assert known.entry([], ["web.View"]) == Source("a request")
    assert known.entry(["other.get"], ["object"]) is None


def test_names_that_a_language_writes_in_two_ways_are_one() -> None:
    """Node's own modules may have a prefix, default exports a last name."""
    known = load_knowledge("typescript")
    assert known.of("node:fs.readFileSync") == known.of("fs.readFileSync")
    assert known.of("axios.default.get") == known.of("axios.get")
    assert load_knowledge("python").of("builtins.eval") == load_knowledge("python").of("eval")


def test_names_of_a_module_that_is_imported_as_a_whole_are_known_bare() -> None:
    """`from flask import *` leaves no word of where a name comes from."""
    text = "[[source]]\nnames = ['a.b', 'a.c.*', 'd.e']\nwhat = 'x'\n"
    file = read_library("own.toml", f"{_HEAD}starred = ['a']\n{text}", load_topics())
    known = knowledge_of([file], load_topics())
    assert known.of("b") is not None
    assert known.of("c.some") is not None
    assert known.of("e") is None


def test_a_method_of_a_project_s_own_is_known_with_underscores_before_its_name() -> None:
    """What is private is named like what it does."""
    known = load_knowledge("python")
    assert known.of_method("_run_command") == known.of_method("run_command")
    assert known.of_method("run_command") is not None


def test_a_language_without_files_knows_nothing() -> None:
    """There is an answer for every language."""
    assert load_knowledge("cobol").of("eval") is None
