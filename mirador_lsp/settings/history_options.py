"""The wire form of the settings about what is remembered of the past."""

from dataclasses import dataclass

from mirador_lsp.settings.option import option


@dataclass(frozen=True, kw_only=True)
class HistoryOptions:
    """What is kept of questions, answers and findings: on this machine, and nowhere else."""

    enabled: bool | None = option(
        "Keep questions, answers and the lives of findings, so that conversations go on after a "
        "restart and `mirador history` finds them. What you decided about findings is kept either "
        "way.",
        own=True,
    )
    days: int | None = option(
        "What is older goes, once a day.", unit="days", low=1, high=3650, own=True
    )
    max_mib: int | None = option(
        "Where the words of it are more, the oldest go, once a day.",
        unit="MiB",
        low=1,
        high=10_240,
        own=True,
    )
    session_hours: float | None = option(
        "A session goes on when the same editor opens the same workspace again within this time: "
        "its conversations can be gone on with.",
        unit="hours",
        low=0,
        high=720,
        own=True,
    )
