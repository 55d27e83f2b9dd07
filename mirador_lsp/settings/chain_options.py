"""The wire form of the chains that a user defines."""

from dataclasses import dataclass

from mirador_lsp.core.chains import STEPS
from mirador_lsp.core.findings import Lens
from mirador_lsp.core.policy import STAGES
from mirador_lsp.settings.option import option


@dataclass(frozen=True, kw_only=True)
class ChainOptions:
    """A chain of your own, run by `mirador chain run NAME PATH`."""

    name: str | None = option(
        "What commands call it. One of a stronger source replaces that of a weaker one, and a "
        "chain of yours replaces a built-in one.",
        form=r"[a-z0-9-]{1,40}",
    )
    title: str | None = option("What it is for.", max_length=120, may_be_empty=True)
    steps: tuple[str, ...] | None = option(
        "What is done, in that order. `analyse` reviews, `fix` mends what was found as far as the "
        "checks of a fix let it, `validate` reviews what came of it and takes back what made it "
        "worse. `fix` and `validate` come after an `analyse`.",
        choices=STEPS,
        repeats=True,
    )
    quick: tuple[str, ...] | None = option(
        "Models of the quick stage, the first that is there runs. Empty leaves it to `stages`.",
        may_be_empty=True,
    )
    deep: tuple[str, ...] | None = option(
        "Models of the deep stage, which also writes fixes.", may_be_empty=True
    )
    synthesis: tuple[str, ...] | None = option("Models of the synthesis stage.", may_be_empty=True)
    stages: tuple[str, ...] | None = option(
        "The stages of its reviews. Empty leaves it to `review.stages`, or all where that is "
        "empty.",
        choices=STAGES,
        may_be_empty=True,
    )
    lenses: tuple[str, ...] | None = option(
        "The angles it looks from. Empty leaves it to `review.lenses`.",
        choices=tuple(Lens),
        may_be_empty=True,
    )
    severity: str | None = option(
        "The least severity of a finding that `fix` mends.",
        choices=("error", "warning", "information", "hint"),
    )
    most_fixes: int | None = option(
        "Fixes that models may write for one file; the findings beyond are counted.",
        low=0,
        high=100,
    )
