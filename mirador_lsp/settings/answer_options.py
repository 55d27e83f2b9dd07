"""The wire form of the settings about answers and changes."""

from dataclasses import dataclass

from mirador_lsp.settings.option import option


@dataclass(frozen=True, kw_only=True)
class AnswersOptions:
    """Explanations and answers to questions."""

    max_tokens: int | None = option(
        "Length of one stage's answer at most.", unit="tokens", low=32, high=4096
    )
    seconds: float | None = option(
        "Time for one stage's answer. What has been said by then is kept.",
        unit="seconds",
        low=1,
        high=3600,
    )


@dataclass(frozen=True, kw_only=True)
class FixOptions:
    """How far a fix is checked before it is offered."""

    tests: tuple[str, ...] | None = option(
        "The command that runs the project's tests, word by word: "
        '`["python", "-m", "pytest", "-q"]`. It runs without a shell, and only in a workspace '
        "whose settings file you trust: tests are code of the workspace's. Empty means that no "
        "tests run.",
        restricted=True,
        may_be_empty=True,
        repeats=True,
        max_length=1000,
    )
    test_seconds: float | None = option(
        "Time for one run of the tests. A run that takes longer has failed.",
        unit="seconds",
        low=1,
        high=3600,
    )
    repairs: int | None = option(
        "Further attempts at a fix that failed a check, each told what failed.", low=0, high=5
    )
