"""What a store wants now and then: a backup every day, a thorough look every week.

Whichever process notices first does it, on a connection and in a thread of its own, so that nobody
waits. Everything here blocks.
"""

import logging
from contextlib import closing

from mirador_lsp.store import backups, place
from mirador_lsp.store.keys import Key
from mirador_lsp.store.linking import BUSY_SECONDS, link, rows
from mirador_lsp.store.opening import Opened, Plan, check
from mirador_lsp.store.place import if_nobody_else
from mirador_lsp.store.troubles import Trouble, faults, trouble_of

HOUR = 3600.0
_WEEK = 7 * backups.DAY
_WRITER_DAYS = 30
CHECKED, BEGAN = "checked", "began"
"""Names of facts: when it was looked over as a whole, and when that was for the first time."""
FACTS = "SELECT name, value FROM store_facts"
_KEEP = "INSERT OR REPLACE INTO store_facts VALUES (?, ?)"
_FORGET = "DELETE FROM store_writers WHERE abs(time - ?) > ?"
_log = logging.getLogger(__name__)


def look_after(plan: Plan, opened: Opened, now: float) -> bool:
    """Do what is due. False where the file turned out to be damaged."""
    with if_nobody_else(plan.place, ".upkeep") as alone:
        if not alone:
            return True
        try:
            _look_after(plan, opened, now)
        except faults() as error:
            if trouble_of(error) is Trouble.DAMAGED:
                return False
            # It is tried again in an hour, and `mirador doctor` tells how old the backup is.
            _log.info("the store could not be looked after: %s", error)
        return True


def _look_after(plan: Plan, opened: Opened, now: float) -> None:
    if opened.has_log:
        _do(plan, opened.key, now)
        return
    turn = place.take_turn(plan.place, BUSY_SECONDS)
    try:
        _do(plan, opened.key, now)
    finally:
        place.end_turn(turn)


def _do(plan: Plan, key: Key | None, now: float) -> None:
    with closing(link(plan.place.file, key)) as connection:
        facts = {name: float(value) for name, value in rows(connection, FACTS)}
        if backups.is_due(plan.place, now, facts.get(BEGAN, now)):
            backups.make(plan.place, key)
        if abs(now - facts.get(CHECKED, 0.0)) <= _WEEK:
            return
        check(connection, whole=True)
        connection.execute("BEGIN IMMEDIATE").close()
        connection.execute(_KEEP, (CHECKED, now)).close()
        connection.execute(_KEEP, (BEGAN, facts.get(BEGAN, now))).close()
        connection.execute(_FORGET, (now, _WRITER_DAYS * backups.DAY)).close()
        connection.execute("COMMIT").close()
