"""The wire form of the settings about what is learned from the user's decisions."""

from dataclasses import dataclass

from mirador_lsp.settings.option import option


@dataclass(frozen=True, kw_only=True)
class LearningOptions:
    """What your decisions about findings do to later reviews. Nothing of them leaves this machine,
    and no file of a workspace can change it.
    """

    enabled: bool | None = option(
        "Rank findings up that are like those you accepted, and withhold those that are like what "
        "you dismissed again and again. `mirador feedback` shows what is learned from what.",
        own=True,
    )
    security_rules: tuple[str, ...] | None = option(
        "Rules whose security warnings and errors may be withheld as well, like `ruff/S101`. "
        "`mirador feedback allow-security` adds one.",
        form=r"[A-Za-z0-9._-]{1,40}/[A-Za-z0-9._-]{1,80}",
        may_be_empty=True,
        own=True,
    )
    fix_examples: int | None = option(
        "Accepted changes that a model is shown at most as examples when it fixes something "
        "similar.",
        low=0,
        high=3,
        own=True,
    )
    review_examples: int | None = option(
        "Accepted findings that a model is shown at most as examples when it reviews code. They "
        "were measured to be no gain for small models: see docs/adr/0023.",
        low=0,
        high=3,
        own=True,
    )
