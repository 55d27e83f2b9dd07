"""What was wrong with a setting, said once and in words."""

from dataclasses import dataclass

from mirador_lsp.core.clean import plain


@dataclass(frozen=True)
class Problem:
    """A setting that was not used, or that the user should know of. All text is plain: one line,
    nothing invisible.
    """

    source: str
    """Where it was said: a file's path, "the editor", "the environment", "the command line"."""
    key: str
    """The setting as the user wrote it ("review.gate", "MIRADOR_REVIEW_GATE"); "" for a whole
    source."""
    message: str
    """What is wrong: a phrase that follows the key ("must be a number")."""
    remedy: str
    """What to do about it, one sentence."""
    used: bool = False
    """The setting holds all the same: it was only worth a word."""

    def sentence(self) -> str:
        """The whole problem in one line."""
        key = f"{self.key} " if self.key else ""
        return f"{self.source}: {key}{self.message}. {self.remedy}".strip()


def problem(source: str, key: str, message: str, remedy: str, *, used: bool = False) -> Problem:
    """A `Problem` from text that may be hostile: every part is made safe to show."""
    said = plain(source, 300), plain(key, 100), plain(message, 300), plain(remedy, 400)
    return Problem(*said, used)
