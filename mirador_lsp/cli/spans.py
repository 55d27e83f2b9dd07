"""Spans of time as users write them: `7d`, `12h`, `2026-11-01`, `today`, `all`."""

import re
from datetime import UTC, date, datetime, time, timedelta

from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import UserError

_AGO = re.compile(r"([1-9][0-9]{0,4})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def moment_of(text: str, now: float) -> float:
    """The moment from which on things are meant, in seconds since the epoch; 0 for `all`.

    Days begin at midnight of the user's own time zone. Raises `UserError` for what is no span.
    """
    wanted = text.strip().lower()
    if wanted == "all":
        return 0.0
    here = datetime.fromtimestamp(now, UTC).astimezone()
    if wanted == "today":
        return datetime.combine(here.date(), time()).astimezone().timestamp()
    if match := _AGO.fullmatch(wanted):
        count, unit = match.groups()
        try:
            ago = (here - timedelta(**{_UNITS[unit]: int(count)})).timestamp()
        except OverflowError:
            ago = 0.0
        return max(0.0, ago)
    try:
        day = date.fromisoformat(wanted)
        return max(0.0, datetime.combine(day, time()).astimezone().timestamp())
    except (ValueError, OverflowError) as error:
        message = f'"{plain(text, 40)}" is no span of time.'
        remedy = "Write 7d, 12h, 2w, today, all or a day like 2026-11-01."
        raise UserError(message, remedy=remedy) from error
