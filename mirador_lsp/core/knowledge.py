"""What users tell of their own libraries, for data flow."""

from dataclasses import dataclass


@dataclass(frozen=True)
class KnowledgeFile:
    """A file of the user's that tells what a library does with data; not yet understood."""

    source: str
    """Its path, as it is shown."""
    text: str
    """TOML. `docs/flow.md` says what may be in it."""
