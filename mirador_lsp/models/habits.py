"""What the user's habits let expect, from the replies that were measured."""

import logging
import time
from collections.abc import Iterable

from mirador_lsp.core.errors import ServiceError
from mirador_lsp.core.ports import Measurements
from mirador_lsp.core.routing import COMPARED
from mirador_lsp.models.prediction import MOST_REMEMBERED, Request, wanted_next

_log = logging.getLogger(__name__)


async def usual_model(
    book: Measurements, now: float, language: str = "", *, besides: Iterable[str] = ()
) -> str:
    """The model that is likely to be wanted next, and is none of those `besides`; "" where habits
    say nothing or are not known.

    `now` is in seconds since the epoch; `language` that of the file the user is at, if any.
    """
    try:
        past = await book.recent(MOST_REMEMBERED)
    except ServiceError as error:
        _log.info("habits are not known: %s", error)
        return ""
    habits = [
        Request(each.task, each.model, _hour(each.time), each.circumstances.language)
        for each in past
        if each.circumstances.reason != COMPARED  # nobody asked for those
    ]
    return wanted_next(habits, _hour(now), language, besides=besides)


def _hour(seconds: float) -> int:
    return time.localtime(seconds).tm_hour
