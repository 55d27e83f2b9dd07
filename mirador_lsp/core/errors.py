"""The error tree: one sentence for the user, a remedy, and a level for the log.

MiradorError
├─ UserError            a bad option, path or setting
├─ ModelError
│  ├─ ModelUnavailable  not installed, not running, would not load
│  ├─ ModelTimeout      the stage's time ran out
│  ├─ ContextOverflow   the prompt does not fit the model
│  └─ BadReply          the reply broke its contract
├─ AnalyzerError        an analyzer could not look at the file
├─ IndexUnavailable     the index of the workspace cannot be asked
├─ DownloadError        a model could not be fetched or its checksum is wrong
└─ ServiceError         a port, socket or folder Mirador needs cannot be had
"""

import logging
from typing import ClassVar


class MiradorError(Exception):
    """Something went wrong that a user may have to know.

    `str(error)` is one sentence without a final remedy; `remedy` says what to do, or is empty.
    """

    level: ClassVar[int] = logging.ERROR

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy

    def sentence(self) -> str:
        """The message and the remedy in one line."""
        message = str(self)
        return f"{message} {self.remedy}".strip()


class UserError(MiradorError):
    """The user asked for something that cannot be: a bad option, path or setting."""

    level = logging.WARNING


class ModelError(MiradorError):
    """A model did not do what it was asked."""

    level = logging.WARNING


class ModelUnavailable(ModelError):
    """The model is not installed, its engine does not run, or it would not load."""


class ModelTimeout(ModelError):
    """The time given to the model ran out before it finished."""


class ContextOverflow(ModelError):
    """The prompt is longer than the model's context."""


class BadReply(ModelError):
    """The reply broke its contract: it ended early, or cannot be read."""


class AnalyzerError(MiradorError):
    """An analyzer could not look at the file; the file is not clean, it is not looked at."""

    level = logging.WARNING


class IndexUnavailable(MiradorError):
    """The index of the workspace is off, lost or does not answer; work goes on without."""

    level = logging.WARNING


class DownloadError(MiradorError):
    """A model file could not be fetched, or what arrived is not what the catalogue names."""


class ServiceError(MiradorError):
    """A port, socket or folder that Mirador needs cannot be had."""
