"""Profiles: defaults that suit a machine, which anything that is said overrules."""

from pathlib import Path

import pytest

from mirador_lsp.core.policy import STAGES
from mirador_lsp.settings import Layer, Settings, load_settings, resolve
from mirador_lsp.settings.profiles import PROFILES, Machine, this_machine

GIB = 1 << 30
SERVERS = {"servers": [{"name": "lan", "kind": "openai", "url": "http://lan:1"}]}


def with_profile(name: str, **said: object) -> Settings:
    """The settings under a profile, and what else is said."""
    settings, problems = resolve([Layer("a file", {"profile": name, **said})])
    assert problems == ()
    return settings


def test_none_asks_no_model() -> None:
    """Only analyzers run in reviews."""
    assert with_profile("none").review.stages == ("instant",)


def test_graphics_cards_give_room() -> None:
    """Longer contexts and answers; with a large card every stage runs always."""
    small, large = with_profile("small-gpu"), with_profile("large-gpu")

    assert Settings().engine.context_tokens < small.engine.context_tokens
    assert small.engine.context_tokens < large.engine.context_tokens
    assert small.review.stages == ()
    assert large.review.stages == STAGES


@pytest.mark.parametrize("profile", PROFILES)
def test_what_is_said_overrules_the_profile(profile: str) -> None:
    """Wherever it is said, before the profile or after it."""
    said = {"engine": {"context_tokens": 3333}, "review": {"stages": ["quick"]}}

    before, _ = resolve([Layer("weak", said), Layer("strong", {"profile": profile})])
    after, _ = resolve([Layer("weak", {"profile": profile}), Layer("strong", said)])

    assert before == after
    assert before.engine.context_tokens == 3333
    assert before.review.stages == ("quick",)


@pytest.mark.parametrize(
    ("machine", "said", "stages", "context"),
    [
        (Machine(16 * GIB), {}, (), 4096),
        (Machine(16 * GIB, 24 * GIB), {}, (), 4096),
        (Machine(16 * GIB, 24 * GIB), SERVERS, STAGES, 16_384),
        (Machine(16 * GIB, 8 * GIB), SERVERS, (), 8192),
        (Machine(3 * GIB), {}, (), 2048),
        (Machine(GIB), {}, ("instant",), 4096),
        (Machine(GIB), SERVERS, (), 2048),
        (Machine(), {}, (), 4096),
    ],
    ids=[
        "a usual machine",
        "a card that nothing here uses",
        "a large card and a server",
        "a small card and a server",
        "little memory",
        "no memory for any model",
        "no memory, but a server",
        "a machine of which nothing is known",
    ],
)
def test_auto_looks_at_the_machine(
    machine: Machine, said: dict[str, object], stages: tuple[str, ...], context: int
) -> None:
    """Memory, the card, and whether anything uses it."""
    settings, _ = resolve([Layer("a file", said)], machine)

    assert (settings.review.stages, settings.engine.context_tokens) == (stages, context)
    assert settings.profile == "auto"


def test_a_profile_that_is_none_is_one_problem(tmp_path: Path) -> None:
    """The usual defaults hold, and Mirador starts."""
    env = {"MIRADOR_CONFIG_DIR": str(tmp_path), "MIRADOR_PROFILE": "huge"}

    loaded = load_settings(env=env)

    assert [problem.key for problem in loaded.problems] == ["profile"]
    assert loaded.settings.profile == "auto"


def test_the_environment_names_a_profile(tmp_path: Path) -> None:
    """As `MIRADOR_PROFILE`."""
    env = {"MIRADOR_CONFIG_DIR": str(tmp_path), "MIRADOR_PROFILE": "none"}

    assert load_settings(env=env).settings.review.stages == ("instant",)


def test_a_workspace_does_not_choose_the_profile(tmp_path: Path) -> None:
    """It could switch models off, or on."""
    (tmp_path / ".mirador.toml").write_text('profile = "none"\n')

    loaded = load_settings(workspace=tmp_path, env={"MIRADOR_CONFIG_DIR": str(tmp_path / "c")})

    assert loaded.settings.review.stages == ()
    assert [problem.key for problem in loaded.problems] == ["profile"]


def test_looking_at_this_machine_never_fails() -> None:
    """On Linux the memory is known."""
    assert this_machine().memory > 0
