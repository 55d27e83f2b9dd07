"""The wire form of the settings about figures of requests."""

from dataclasses import dataclass

from mirador_lsp.settings.option import option


@dataclass(frozen=True, kw_only=True)
class MetricsOptions:
    """Figures of requests: counted and kept on this machine, and sent nowhere."""

    enabled: bool | None = option(
        "Count requests: their times, tokens and what became of findings, without code, words or "
        "names of files. `mirador metrics` and `mirador dashboard` show it.",
        own=True,
    )
