"""What was deleted, made to be gone: from the file, its log, its backups and damaged files."""

import asyncio
import sqlite3

from mirador_lsp.core.errors import ServiceError
from mirador_lsp.store import backups
from mirador_lsp.store.connection import Link
from mirador_lsp.store.opening import Plan
from mirador_lsp.store.place import BESIDE, wipe
from mirador_lsp.store.salvage import WORD_TABLES

_SECONDS = 10.0
_POLL_SECONDS = 0.1


async def purge(plan: Plan, link: Link) -> None:
    """Write the file anew without what was deleted, empty its log, and make the backups anew.

    Raises `ServiceError` while another program reads in the file for too long, and what SQLite and
    the disk raise.
    """
    for (name,) in await link.rows(WORD_TABLES):
        # What finds words keeps those of deleted rows until it is built anew.
        await link.rows(f'INSERT INTO "{name}" ("{name}") VALUES (\'rebuild\')')  # noqa: S608
    await link.rows("VACUUM")
    await _empty_log(plan, link)
    if plan.precious:
        await asyncio.to_thread(_make_backups_anew, plan, link)


async def _empty_log(plan: Plan, link: Link) -> None:
    if not link.opened.has_log:
        return
    loop = asyncio.get_running_loop()
    until = loop.time() + _SECONDS
    while True:
        ((busy, *_),) = await link.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        if not busy:
            return
        if loop.time() > until:
            message = (
                f"Another program reads in {plan.place.file}, so words may still be in its log."
            )
            raise ServiceError(message, remedy="Close it and try again.")
        await asyncio.sleep(_POLL_SECONDS)


def _make_backups_anew(plan: Plan, link: Link) -> None:
    old = backups.listed(plan.place)
    made = backups.make(plan.place, link.opened.key, keep=backups.KEPT + len(old))
    if made is None:
        message = "another process makes a backup"
        raise sqlite3.OperationalError(message)
    backups.drop(plan.place, old)
    for damaged in plan.place.damaged():
        for ending in ("", *BESIDE):
            wipe(damaged.with_name(f"{damaged.name}{ending}"))
