"""The wire form of what settings say of findings in files of certain paths."""

from dataclasses import dataclass

from mirador_lsp.core.findings import Lens, Severity
from mirador_lsp.settings.option import option

_RULE = r"[A-Za-z0-9_./:@+-]{0,119}(\*|[A-Za-z0-9_./:@+-])"
"""A rule as a comment in code may name it, or the beginning of one with a star."""


@dataclass(frozen=True, kw_only=True)
class RuleOptions:
    """What is shown of the findings in files of certain paths."""

    path: str | None = option(
        "The files, as `.gitignore` would write them, from the workspace's folder: `tests/**`, "
        "`*.gen.py`, `/setup.py`. Every table that means a file counts for it, the later one more.",
        max_length=300,
    )
    ignore: tuple[str, ...] | None = option(
        "Rules whose findings are not shown there: `ruff/S101`, `S101`, `ruff/S*`, `model/style`, "
        "`*`. They are counted.",
        form=_RULE,
        may_be_empty=True,
    )
    severity: tuple[str, ...] | None = option(
        'How bad findings of a rule are there: `{"ruff/T201" = "hint"}`. It is `error`, `warning`, '
        "`information` or `hint`.",
        form=f"{_RULE}=({'|'.join(Severity)})",
        pairs=True,
        may_be_empty=True,
    )
    lenses: tuple[str, ...] | None = option(
        "The only angles from which these files are looked at. Empty means all.",
        choices=tuple(Lens),
        may_be_empty=True,
    )
