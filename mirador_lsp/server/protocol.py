"""The gate every message passes: what may be asked when, and an answer to whatever is asked.

pygls decodes, routes and cancels. What it leaves open is closed here, as LSP asks: malformed
parameters are answered with -32602, requests before `initialize` with -32002 and after `shutdown`
with -32600. pygls itself never answers these, and the client would wait for ever.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any
from uuid import uuid4

import attrs
from cattrs import BaseValidationError, Converter
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol
from pygls.protocol.json_rpc import JsonRPCNotification, JsonRPCRequestMessage, RPCMessage

from mirador_lsp.server.extensions import ASK, EXPLAIN, METRICS, SEARCH
from mirador_lsp.server.session import Stage

_log = logging.getLogger(__name__)

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
INVALID_PARAMS = -32602
SERVER_NOT_INITIALIZED = -32002
_UNREADABLE = (
    BaseValidationError,
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
"""What the converter and its hooks raise for JSON of another shape than the method's."""


@attrs.define
class _OwnRequest:
    """A request of Mirador's own: its parameters stay plain JSON until their handler reads them."""

    id: int | str
    method: str
    params: Any = None
    jsonrpc: str = "2.0"


class Protocol(LanguageServerProtocol):
    """pygls' protocol with a gate in front of it."""

    def __init__(self, server: LanguageServer, converter: Converter) -> None:
        super().__init__(server, converter)
        self._cattrs = converter
        self.stage = Stage.NEW
        self.on_malformed: Callable[[str, Any], None] = _ignore
        """Told of a notification whose parameters cannot be read: method and raw parameters."""

    def receive(self, body: bytes) -> bool:
        """Take one message from the client. Never raises for what the message holds.

        Returns whether it is a request, whose handler takes its first step in the next turn of the
        loop: until then no other message may change the text that it is about.
        """
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            self._refuse(None, PARSE_ERROR, "The message is not JSON.")
            return False
        if not isinstance(message, dict):
            self._refuse(None, INVALID_REQUEST, "A message is one JSON object.")
            return False
        method = message.get("method")
        if not _may_be_id(message.get("id")) or not _may_be_id(_cancelled(message)):
            # No table of requests can hold it, so it means no request of anybody's.
            _log.warning("a message with an id that is neither number nor text is ignored")
            if isinstance(method, str) and "id" in message:
                self._refuse(None, INVALID_REQUEST, "A request's id is a number or a text.")
        elif not isinstance(method, str):
            self._take_response(message)
        elif "id" in message:
            self._take_request(message, method)
            return True
        else:
            self._take_notification(message, method)
        return False

    def send_request_async(
        self, method: str, params: Any = None, msg_id: int | str | None = None
    ) -> asyncio.Future[Any]:
        """Ask the client. Who gives up waiting forgets the question with it.

        Raises `JsonRpcException` for what the client declines, and for everything after `shutdown`.
        """
        if self.stage is Stage.SHUT_DOWN:
            refused: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            refused.set_exception(_ended())
            return refused
        number = str(uuid4()) if msg_id is None else msg_id
        answer: asyncio.Future[Any] = super().send_request_async(method, params, number)

        def forget(_: asyncio.Future[Any]) -> None:
            self._request_futures.pop(number, None)
            self._result_types.pop(number, None)

        answer.add_done_callback(forget)
        return answer

    def give_up_asking(self) -> None:
        """Fail every question of ours that is open: a client that leaves answers none of them."""
        for msg_id in tuple(self._request_futures):
            if self._waits(msg_id):
                self._request_futures[msg_id].set_exception(_ended())

    def _take_request(self, message: dict[str, Any], method: str) -> None:
        msg_id = message["id"]
        if isinstance(msg_id, bool) or not isinstance(msg_id, int | str):
            self._refuse(None, INVALID_REQUEST, "A request's id is a number or a text.")
            return
        if msg_id in self._request_futures:
            self._refuse(msg_id, INVALID_REQUEST, "A request with this id is still running.")
            return
        if refusal := self._out_of_order(method):
            self._refuse(msg_id, *refusal)
            return
        request = self._structured(message, self._request_type(method))
        if request is None:
            self._refuse(msg_id, INVALID_PARAMS, f"The parameters of {method} cannot be read.")
            return
        if method == types.SHUTDOWN:
            # Here and not in the handler, which runs a turn later than what follows on the wire.
            self.stage = Stage.SHUT_DOWN
        self.handle_message(request)

    def _request_type(self, method: str) -> type[Any]:
        if method in {EXPLAIN, ASK, METRICS, SEARCH}:
            return _OwnRequest
        return self.get_message_type(method) or JsonRPCRequestMessage

    def _take_notification(self, message: dict[str, Any], method: str) -> None:
        if self.stage is not Stage.RUNNING and method != types.EXIT:
            _log.info("%s ignored: the session is %s", method, self.stage.value)
            return
        kind = self.get_message_type(method) or JsonRPCNotification
        notification = self._structured(message, kind)
        if notification is None:
            _log.warning("the parameters of %s cannot be read", method)
            self.on_malformed(method, message.get("params"))
            return
        self.handle_message(notification)

    def _take_response(self, message: dict[str, Any]) -> None:
        """An answer to a request of ours. One that cannot be read fails the request."""
        if not self._waits(message.get("id")):
            _log.warning("an answer that nobody waits for is ignored")
            return
        if message.get("error") is None:
            # Some write both and some neither; pygls would take a missing result for a good one.
            message.pop("error", None)
            message.setdefault("result", None)
        try:
            answer = self.structure_message(message)
        except JsonRpcException:
            _log.warning("an answer cannot be read")
            answer = types.ResponseErrorMessage(
                id=message.get("id"),
                error=types.ResponseError(INVALID_PARAMS, "The answer cannot be read."),
            )
        if isinstance(answer, dict):
            _log.warning("a message that is neither request nor answer was ignored")
            return
        self.handle_message(answer)

    def _handle_cancel_notification(self, msg_id: int | str) -> None:
        """Stop a request of the client's; what we ask of the client is not its to cancel."""
        if not self._waits(msg_id):
            super()._handle_cancel_notification(msg_id)

    def _waits(self, msg_id: Any) -> bool:
        """Whether this is the id of a question of ours that is still open.

        pygls keeps its own questions and the client's requests in one table, the latter as tasks;
        an answer to one of those, or one that comes too late, would end the session.
        """
        future = self._request_futures.get(msg_id)
        return isinstance(future, Future) and not future.done()

    def _out_of_order(self, method: str) -> tuple[int, str] | None:
        if self.stage is Stage.SHUT_DOWN:
            return INVALID_REQUEST, "The server was shut down."
        if self.stage is Stage.NEW and method != types.INITIALIZE:
            return SERVER_NOT_INITIALIZED, "The server is not initialized."
        if self.stage is Stage.RUNNING and method == types.INITIALIZE:
            return INVALID_REQUEST, "The server is initialized already."
        return None

    def _structured(self, message: dict[str, Any], kind: type[Any]) -> RPCMessage | None:
        """The message as a value of `kind`; None when it does not fit.

        What does not fit may be the user's code, so the exception is not logged.
        """
        try:
            message.setdefault("params", None)
            value: RPCMessage = self._cattrs.structure(message, kind)
        except _UNREADABLE as error:
            _log.info("%s cannot be read: %s", kind.__name__, type(error).__name__)
            return None
        return value

    def _refuse(self, msg_id: int | str | None, code: int, message: str) -> None:
        """Answer with an error. The converter would leave out an id of null; JSON-RPC wants it."""
        error = {"code": code, "message": message}
        self._send_data({"jsonrpc": self.VERSION, "id": msg_id, "error": error})


def _ended() -> JsonRpcException:
    return JsonRpcException("The session ends.", code=INVALID_REQUEST)


def _ignore(_method: str, _params: Any) -> None:
    pass


def _may_be_id(value: Any) -> bool:
    return value is None or isinstance(value, int | str)


def _cancelled(message: dict[str, Any]) -> Any:
    """The id of the request that a `$/cancelRequest` names; None for any other message."""
    params = message.get("params")
    if message.get("method") != types.CANCEL_REQUEST or not isinstance(params, dict):
        return None
    return params.get("id")
