"""The wire form of the settings about what models are shown besides the code."""

from dataclasses import dataclass

from mirador_lsp.settings.option import option


@dataclass(frozen=True, kw_only=True)
class ContextOptions:
    """What models are shown besides the code that they are asked about."""

    tokens: str | None = option(
        "Tokens of it for each question, or `auto`: as many as the model reads in "
        "`context.seconds`, and none for a model below a billion parameters. `0` shows it the code "
        "and its outline alone.",
        form=r"auto|[0-9]{1,5}",
    )
    seconds: float | None = option(
        "Time that a model may take to read it, where the number of tokens is `auto`.",
        unit="seconds",
        low=0,
        high=60,
    )
    preferences: str | None = option(
        "What you want your code to be like, in a few words. Models are shown it with every "
        "question that carries context.",
        restricted=True,
        many_lines=True,
        max_length=1000,
    )
