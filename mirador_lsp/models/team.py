"""The way to the team's Chroma server, and what users are told of it.

What goes there is built in the index; here it gets its address, its key and our own transport,
which obeys no proxy variable and follows no redirect.
"""

import os
from collections.abc import Mapping
from typing import Any

from mirador_lsp.core.errors import IndexUnavailable, ModelError, UserError
from mirador_lsp.core.health import Check, Health
from mirador_lsp.core.servers import ModelServer, TeamServer
from mirador_lsp.egress.hiding import without_key
from mirador_lsp.models.keys import find_key
from mirador_lsp.models.transport import Refusal, Transport

_NAME = "the team's server"
_CHECK = "team's index"
_HEARTBEAT = "/api/v2/heartbeat"
_SECONDS = 5.0
_KEY = "Correct index.team.key_env or index.team.key_file."
_LATER = "It is tried again by itself; `mirador doctor` says what it answers."
_ELSEWHERE = "Correct index.team.url."


class TeamConnection:
    """See `index.team.Asker`. Open one with `connect`."""

    def __init__(self, transport: Transport, sends: str) -> None:
        self._transport = transport
        self.sends = sends

    async def ask(self, path: str, body: object = None, *, seconds: float = _SECONDS) -> Any:
        """The JSON at a path, or that answers `body`; None where the server has nothing there.

        Raises `IndexUnavailable`.
        """
        try:
            if body is None:
                return await self._transport.get(path)
            return await self._transport.post(path, body, seconds=seconds)
        except Refusal as refusal:
            if refusal.status == 404:
                return None
            raise self._refused(refusal) from refusal
        except ModelError as error:
            message = str(error).replace(_NAME, _NAME.capitalize(), 1)
            raise IndexUnavailable(message, remedy=_LATER) from error

    async def close(self) -> None:
        """Hang up. May be repeated."""
        await self._transport.close()

    def _refused(self, refusal: Refusal) -> IndexUnavailable:
        name = _NAME.capitalize()
        match refusal.status:
            case 401 | 403:
                return IndexUnavailable(f"{name} does not take the key.", remedy=_KEY)
            case 429 | 503:
                return IndexUnavailable(f"{name} is busy.", remedy=_LATER)
            case status if status < 400:
                message = f"{name} is none: {refusal.message}."
                return IndexUnavailable(message, remedy=_ELSEWHERE)
            case _:
                said = without_key(refusal.message, self._transport.key)
                message = f"{name} refuses ({refusal.status}){f': {said}' if said else ''}."
                return IndexUnavailable(message, remedy=_LATER)


def connect(team: TeamServer, env: Mapping[str, str] = os.environ) -> TeamConnection:
    """A connection, which is made with the first question. Reads the key.

    Raises `UserError` for an address or a key that cannot be used.
    """
    return TeamConnection(_transport(team, find_key(_named(team), env)), sent_to(team))


def sent_to(team: TeamServer) -> str:
    """What goes to the server, in one sentence. Raises `UserError` for an address that is none."""
    host = Transport(_NAME, team.url).host
    what = "their vectors and the vectors of searches" if team.share else "the vectors of searches"
    return (
        f"Of the index, hashes of pieces of code, {what} go to {_NAME} ({host}); no code, no "
        "questions and no names of files."
    )


async def team_checks(team: TeamServer, env: Mapping[str, str] = os.environ) -> tuple[Check, ...]:
    """What `mirador doctor` says of the server. Never raises."""
    try:
        connection = connect(team, env)
    except UserError as error:
        return (Check(_CHECK, Health.WARNING, str(error), error.remedy),)
    says = Check("what the team's index is sent", Health.OK, connection.sends)
    try:
        alive = await connection.ask(_HEARTBEAT)
    except IndexUnavailable as error:
        return (Check(_CHECK, Health.WARNING, str(error), error.remedy), says)
    finally:
        await connection.close()
    if not isinstance(alive, dict) or "nanosecond heartbeat" not in alive:
        text = f"{_NAME.capitalize()} is no Chroma server."
        return (Check(_CHECK, Health.WARNING, text, _ELSEWHERE), says)
    if await _is_open(team):
        text = "answers without a key: whoever reaches it reads, changes and deletes what is there"
        remedy = "Put a proxy that asks for one in front of it (docs/team.md)."
        return (Check(_CHECK, Health.WARNING, text, remedy), says)
    return (Check(_CHECK, Health.OK, "answers, and only with a key"), says)


async def _is_open(team: TeamServer) -> bool:
    connection = TeamConnection(_transport(team, ""), "")
    try:
        return await connection.ask(_HEARTBEAT) is not None
    except IndexUnavailable:
        return False
    finally:
        await connection.close()


def _named(team: TeamServer) -> ModelServer:
    return ModelServer(
        name=_NAME, kind="chroma", url=team.url, key_env=team.key_env, key_file=team.key_file
    )


def _transport(team: TeamServer, key: str) -> Transport:
    """Raises `UserError`."""
    transport = Transport(_NAME, team.url, key=key)
    if not transport.encrypted and not transport.local:
        message = f"{_NAME.capitalize()} would be sent your key and vectors unencrypted."
        raise UserError(message, remedy="Write index.team.url with https.")
    return transport
