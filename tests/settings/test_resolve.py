"""Layers, precedence and problems."""

import math
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from mirador_lsp.settings import Form, Layer, Settings, resolve
from mirador_lsp.settings.describe import settings_schema
from mirador_lsp.settings.keys import Kind, keys, table_keys
from mirador_lsp.settings.resolve import environment

ORDER = ("user", "workspace", "editor", "environment", "flags")


def layer(name: str, values: Mapping[str, object]) -> Layer:
    """A layer in the form its source has."""
    form = {"editor": Form.EDITOR, "environment": Form.TEXT, "flags": Form.TEXT}
    return Layer(name, values, form.get(name, Form.TOML), Path("/base"))


def one(values: Mapping[str, object], form: Form = Form.TOML) -> tuple[Settings, list[str]]:
    """The settings of one source, and its problems as lines."""
    settings, problems = resolve([Layer("file", values, form, Path("/base"))])
    return settings, [problem.sentence() for problem in problems]


def test_without_any_layer_the_defaults_hold() -> None:
    """No source at all is a usable configuration without problems."""
    assert resolve([]) == (Settings(), ())


def test_every_default_passes_its_own_check() -> None:
    """Writing the defaults out as a source changes nothing and is not complained about."""
    written: dict[str, dict[str, object]] = {}
    for key in keys().values():
        section: dict[str, object] = written
        for part in key.path[:-1]:
            section = section.setdefault(part, {})
        section[key.path[-1]] = key.default
    assert resolve([Layer("file", written)]) == (Settings(), ())


@pytest.mark.parametrize("strongest", range(len(ORDER)))
def test_each_source_overrules_the_ones_before_it(strongest: int) -> None:
    """The last layer that speaks of a setting decides, the others keep what it leaves alone."""
    layers = [
        layer(name, {"review": {"max_findings_per_file": 10 + index}})
        for index, name in enumerate(ORDER[: strongest + 1])
    ]
    layers[0] = layer("user", {"review": {"max_findings_per_file": 10, "gate": 0.9}})
    settings, problems = resolve(layers)
    assert settings.review.max_findings_per_file == 10 + strongest
    assert settings.review.gate == 0.9
    assert problems == ()


@pytest.mark.parametrize("name", ORDER)
def test_restricted_settings_are_refused_only_where_the_layer_says_so(name: str) -> None:
    """Every restricted key of a refused layer is ignored and told; the others still count."""
    for key in keys().values():
        default = key.default
        other = "other.example=gitlab" if key.option.pairs else "other"
        if key.option.form and not re.fullmatch(key.option.form, other):
            other = "ruff/S101"
        written: object = [*default, other] if isinstance(default, tuple) else default
        if key.option.choices and isinstance(default, tuple):
            written = list(default[:1])
        nested: object = written
        for part in reversed(key.path):
            nested = {part: nested}
        assert isinstance(nested, dict)
        free = layer(name, nested)
        refused = Layer(name, nested, free.form, free.base, refusal="Say mirador trust.")
        _, problems = resolve([refused])
        told = [(problem.key, problem.remedy) for problem in problems]
        assert told == ([(key.name, "Say mirador trust.")] if key.option.restricted else [])
        if key.option.restricted:
            assert resolve([refused])[0] == Settings()
        assert resolve([free])[1] == ()


def test_exactly_what_runs_and_where_files_lie_is_restricted() -> None:
    """The restricted settings are the engine, the models, what they are told and what runs."""
    restricted = {key.name for key in keys().values() if key.option.restricted}
    stages = {
        f"stages.{stage}.{name}"
        for stage in ("quick", "deep", "synthesis")
        for name in ("models", "instructions")
    }
    engine = {key.name for key in keys().values() if key.path[0] == "engine"}
    assert len(engine) == 10
    index = {key.name for key in keys().values() if key.path[0] == "index"}
    others = {"models.folder", "fix.tests", "profile", "context.preferences", "forges.hosts"}
    assert restricted == stages | engine | index | others


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"review": {"gaet": 1}}, "file: review.gaet is not a setting. Did you mean review.gate?"),
        ({"gate": 0.5}, "file: gate is not a setting. Did you mean review.gate?"),
        ({"review": 3}, "file: review must be a section. Write it as a table of settings."),
        ({"review": {"gate": 2}}, "file: review.gate must be a number from 0 to 1, not 2. "),
        ({"review": {"gate": math.nan}}, "review.gate must be a number from 0 to 1, not nan. "),
        ({"review": {"gate": -math.inf}}, "review.gate must be a number from 0 to 1, not -inf"),
        ({"review": {"gate": True}}, "review.gate must be a number from 0 to 1, not true"),
        ({"review": {"gate": 10**5000}}, "from 0 to 1, not a number that large"),
        ({"review": {"gate": {"a": 1}}}, "from 0 to 1, not a table"),
        ({"review": {"max_findings_per_file": 1.5}}, "whole number from 1 to 1000, not 1.5"),
        ({"review": {"lenses": []}}, "review.lenses must name at least one"),
        ({"review": {"stages": ["quik"]}}, 'or "synthesis", not "quik"'),
        ({"review": {"stages": ["quick", 3]}}, "3 is none"),
        ({"review": {"lenses": "bug"}}, 'a list of "bug" or "security"'),
        ({"stages": {"quick": {"models": ["a"] * 40}}}, "may name 32 at most"),
        ({"stages": {"quick": {"models": ["a", " "]}}}, "holds an empty name"),
        ({"stages": {"quick": {"models": ["a\u202eb"]}}}, "control or invisible characters"),
        ({"stages": {"quick": {"models": ["x" * 201]}}}, "is longer than 200 characters"),
        ({"stages": {"quick": {"instructions": "a\u200bb"}}}, "invisible characters"),
        ({"stages": {"fast": {}}}, "stages.fast is not a setting"),
        ({"engine": {"backend": "Embedded"}}, 'must be "embedded" or "scripted"'),
        ({"engine": {"script": "a\0b"}}, "control or invisible"),
        ({"engine": {"script": "~nobody-here/x"}}, "home folder that does not exist"),
        ({"analysis": {"ruff": 1}}, "analysis.ruff must be true or false, not 1"),
        ({"analysis": {"ruff": "yes"}}, 'must be true or false, not "yes"'),
        ({"a\u202e\x1b[31m": 1}, "file: a[31m is not a setting"),
        ({"review": {"gate": None}}, "not nothing"),
    ],
)
def test_a_wrong_setting_is_told_and_skipped(values: dict[str, object], sentence: str) -> None:
    """What is unknown, mistyped or out of range leaves the default and says why."""
    settings, sentences = one(values)
    assert settings == Settings()
    assert len(sentences) == 1
    assert sentence in sentences[0]


def test_what_is_right_counts_beside_what_is_wrong() -> None:
    """One bad value costs only itself."""
    settings, sentences = one({"review": {"gate": "high", "max_line_length": 200}, "x": 1})
    assert settings.review.max_line_length == 200
    assert settings.review.gate == Settings().review.gate
    assert len(sentences) == 2


def test_a_flood_of_wrong_settings_is_counted_not_listed() -> None:
    """Thousands of unknown keys end in a short list and a number."""
    _, sentences = one({f"key{index}" * 50: 1 for index in range(20_000)})
    assert len(sentences) == 26
    assert "19975 more settings" in sentences[-1]


def test_an_editor_may_write_camel_case_null_and_integral_floats() -> None:
    """JSON has one number type and null for unset, and VS Code settings are in camelCase."""
    settings, sentences = one(
        {
            "review": {"maxFindingsPerFile": 7.0, "gate": None, "max_line_length": 300},
            "engine": {"cacheRamMib": 64},
        },
        Form.EDITOR,
    )
    assert sentences == []
    assert settings.review.max_findings_per_file == 7
    assert settings.review.max_line_length == 300
    assert settings.engine.cache_ram_mib == 64


def test_camel_case_is_not_understood_in_a_file() -> None:
    """Files have one spelling; the other is told with the right one."""
    _, sentences = one({"review": {"maxLineLength": 300}})
    assert "Did you mean review.max_line_length?" in sentences[0]


@pytest.mark.parametrize(
    ("variable", "text", "read"),
    [
        ("MIRADOR_REVIEW_GATE", "0.5", lambda s: s.review.gate == 0.5),
        ("MIRADOR_REVIEW_GATE", " 1 ", lambda s: s.review.gate == 1.0),
        ("MIRADOR_ENGINE_THREADS", "3", lambda s: s.engine.threads == 3),
        ("MIRADOR_ANALYSIS_RUFF", "Off", lambda s: s.analysis.ruff is False),
        ("MIRADOR_ANALYSIS_RUFF", "1", lambda s: s.analysis.ruff is True),
        ("MIRADOR_ENGINE_BACKEND", "scripted", lambda s: s.engine.backend == "scripted"),
        ("MIRADOR_ENGINE_SCRIPT", "a/b.toml", lambda s: s.engine.script == "/base/a/b.toml"),
        ("MIRADOR_ENGINE_SCRIPT", "/a b.toml", lambda s: s.engine.script == "/a b.toml"),
        (
            "MIRADOR_STAGES_QUICK_MODELS",
            "one, two,,one",
            lambda s: s.stages.quick.models == ("one", "two"),
        ),
    ],
)
def test_environment_values_are_read_by_type(variable: str, text: str, read: object) -> None:
    """Text of the environment becomes the setting's type."""
    settings, problems = resolve([environment({variable: text}, Path("/base"))])
    assert problems == ()
    assert settings != Settings() or variable == "MIRADOR_ANALYSIS_RUFF"
    assert callable(read)
    assert read(settings)


@pytest.mark.parametrize(
    ("variable", "text", "part"),
    [
        ("MIRADOR_REVIEW_GATE", "high", 'not "high"'),
        ("MIRADOR_REVIEW_GATE", "inf", "not inf"),
        ("MIRADOR_ENGINE_THREADS", "1.5", 'not "1.5"'),
        ("MIRADOR_ENGINE_THREADS", "9" * 6000, "a whole number"),
        ("MIRADOR_ANALYSIS_RUFF", "perhaps", "true or false"),
        ("MIRADOR_REVIEW_LENSES", ",", "at least one"),
        ("MIRADOR_REVIEW_GAET", "1", "Did you mean MIRADOR_REVIEW_GATE?"),
    ],
)
def test_wrong_environment_values_are_told(variable: str, text: str, part: str) -> None:
    """A variable that cannot be used is named, and the default stays."""
    settings, problems = resolve([environment({variable: text}, None)])
    assert settings == Settings()
    assert [part in problem.sentence() for problem in problems] == [True]


def test_folder_variables_and_empty_ones_are_not_settings() -> None:
    """The variables of `paths` are known, and an empty variable counts as unset."""
    env = {"MIRADOR_CACHE_DIR": "/x", "MIRADOR_REVIEW_GATE": " ", "MIRADOR_X": "", "HOME": "/"}
    assert resolve([environment(env, None)]) == (Settings(), ())


def test_every_setting_has_its_own_variable() -> None:
    """Joining section and key by an underscore never makes two settings share a variable."""
    variables = [key.variable for key in keys().values()]
    assert len(set(variables)) == len(variables) > 35


def test_options_and_settings_name_the_same_things() -> None:
    """Each option has a default of its own type, and every kind of setting occurs."""
    types = {
        Kind.SWITCH: bool,
        Kind.WHOLE: int,
        Kind.NUMBER: (int, float),
        Kind.TEXT: str,
        Kind.LIST: tuple,
    }
    for key in keys().values():
        assert isinstance(key.default, types[key.kind])
        assert key.option.doc.endswith(".")
    assert {key.kind for key in keys().values()} == set(Kind)


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.datetimes()
    | st.sampled_from(["quick", "bug", "embedded", "1"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=5)
            | st.sampled_from(
                [part for path in keys() for part in path] + ["maxTokens", *table_keys("actions")]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
SECTIONS = st.dictionaries(
    st.sampled_from(
        ["review", "stages", "engine", "models", "analysis", "server", "fix", "actions", "x"]
    ),
    JUNK,
)


def usable(settings: Settings) -> bool:
    """Whether the settings could have been written down by a careful person."""
    written: dict[str, Any] = {"actions": [asdict(action) for action in settings.actions]}
    for key in keys().values():
        value: object = settings
        section: dict[str, object] = written
        for part in key.path[:-1]:
            value = getattr(value, part)
            section = section.setdefault(part, {})
        section[key.path[-1]] = getattr(value, key.path[-1])
    return resolve([Layer("again", written)]) == (settings, ())


@how(deadline=None)
@given(values=SECTIONS, form=st.sampled_from(Form), refusal=st.sampled_from(["", "no"]))
def test_any_junk_gives_usable_settings(
    values: dict[str, object], form: Form, refusal: str
) -> None:
    """Whatever a source holds, nothing is raised and what comes out passes the checks again."""
    settings, problems = resolve([Layer("junk", values, form, Path("/b"), refusal)])
    assert usable(settings)
    for problem in problems:
        assert problem.sentence().isprintable()


@how(deadline=None)
@given(st.dictionaries(st.sampled_from([key.variable for key in keys().values()]), st.text()))
def test_any_environment_gives_usable_settings(env: dict[str, str]) -> None:
    """Any text in the variables is read or told, never raised."""
    settings, _ = resolve([environment(env, Path("/b"))])
    assert usable(settings)


@how(deadline=None)
@given(SECTIONS)
def test_what_resolve_takes_whole_the_schema_takes(values: dict[str, object]) -> None:
    """A file without a problem is valid in the editor too."""
    if not resolve([Layer("file", values)])[1]:
        jsonschema.validate(values, settings_schema())
