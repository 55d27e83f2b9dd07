"""What the user's habits let expect, from the replies that were measured."""

import logging
import time

from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.ports import Measurements
from mirador_lsp.models.prediction import MOST_REMEMBERED, Request, wanted_next

_log = logging.getLogger(__name__)


async def usual_model(book: Measurements, now: float) -> str:
    """The model that is likely to be wanted next; "" where habits say nothing or are not known.

    `now` is in seconds since the epoch.
    """
    try:
        past = await book.recent(MOST_REMEMBERED)
    except ServiceError as error:
        _log.info("habits are not known: %s", error)
        return ""
    # Documents are not remembered, and so neither are their languages.
    habits = [Request(each.task, each.model, _hour(each.time), "") for each in past]
    return wanted_next(habits, _hour(now), "")


def _hour(seconds: float) -> int:
    return time.localtime(seconds).tm_hour
