"""The settings about what is remembered: the user's own, and nobody else's."""

from mirador_lsp.settings import Form, Layer, Settings, resolve


def test_a_workspace_says_nothing_about_what_is_kept() -> None:
    """Neither that less is kept nor that more is, whether or not the user trusts it."""
    said = {"history": {"enabled": False, "days": 1, "max_mib": 1, "session_hours": 0}}
    for trusted in (False, True):
        layer = Layer("the workspace", said, trusted=trusted, foreign=not trusted)
        settings, problems = resolve([layer])

        assert settings == Settings()
        assert len(problems) == 4


def test_the_environment_says_it() -> None:
    """It is the user's."""
    said = {"history": {"enabled": "no", "days": "30"}}
    settings, problems = resolve([Layer("the environment", said, Form.TEXT)])

    assert not problems
    assert (settings.history.enabled, settings.history.days) == (False, 30)
