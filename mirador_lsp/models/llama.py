"""The embedded engine itself: the only module that touches `xllamacpp`. Runs in a worker process.

Loading and closing hold the interpreter lock for seconds, and a damaged model file can abort the
whole process; that is why only programs that do nothing else may use this module: `worker_main.py`
and `trial_main.py`.
"""

import http.client
import json
import logging
import secrets
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from mirador_lsp.core.errors import ModelUnavailable
from mirador_lsp.models.templates import CHATML, INFILL, Assembled, Template, assemble
from mirador_lsp.models.wire import ModelSpec, Question

_log = logging.getLogger(__name__)
_ALIKE, _GUESSES = 4, 16
"""Tokens that must be alike before the next ones are guessed, and how many are."""
OnEvent = Callable[[dict[str, Any]], bool]
"""Receives what the engine streams; True stops the engine."""


class _Local(http.client.HTTPConnection):
    """HTTP over the engine's unix socket. It offers there what it does not offer in Python."""

    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=60)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Llama:
    """One loaded model with one slot. Raises ModelUnavailable when it does not load."""

    def __init__(self, spec: ModelSpec, socket_path: str, threads: int) -> None:
        import xllamacpp

        self.version = f"{xllamacpp.__version__}"
        self._secret = secrets.token_hex(16)
        # The engine does not start on a socket that is already there.
        Path(socket_path).unlink(missing_ok=True)
        params = _params(xllamacpp.CommonParams(), spec, threads)
        params.slot_save_path = f"{spec.cache}/"
        params.hostnames = [socket_path]
        params.api_keys = [self._secret]
        try:
            self._server = xllamacpp.Server(params)
        except RuntimeError as error:
            message = f"The model file {Path(spec.path).name} cannot be loaded."
            raise ModelUnavailable(message, remedy="Check it: mirador models verify.") from error
        self._socket_path = socket_path
        self.context_tokens: int = self._context()
        self._controls = self._understand(spec.name, CHATML)
        self._marks: dict[str, int] | None = None
        """Ids of the marks around a gap, once a gap was asked about."""
        self._name = spec.name
        self._fixed = {
            piece: self._tokenize(piece, special=False)
            for piece in CHATML.pieces
            if isinstance(piece, str)
        }

    def assemble(self, question: Question) -> Assembled:
        """The tokens of a prompt. Raises ModelUnavailable for a gap that the model cannot fill."""
        if not question.infill:
            return assemble(CHATML, question, self._controls, self._tokens)
        if self._marks is None:
            self._marks = self._understand(self._name, INFILL)
        return assemble(INFILL, question, self._marks, self._tokens)

    def complete(self, prompt: Assembled, question: Question, on_event: OnEvent) -> None:
        """Run until the model has finished or `on_event` returns True."""
        self._server.handle_completions(
            {
                "prompt": list(prompt.tokens),
                "n_predict": question.max_tokens,
                "temperature": question.temperature,
                "n_probs": question.top_logprobs,
                "grammar": question.gbnf,
                # A grammar without line ends would have the model go on where it wants to end.
                "stop": ["\n"] if question.infill else [],
                "seed": 1,
                "id_slot": 0,
                "stream": True,
                "cache_prompt": True,
                "return_progress": True,
            },
            on_event,
        )

    def settle(self) -> None:
        """Wait until the engine has finished the batch it works on. Raises OSError."""
        # Any question does that the engine's one thread answers, which it does between batches.
        self._request("GET", "/lora-adapters", None)

    def count(self, texts: Sequence[str]) -> Sequence[int]:
        """How many tokens each text has, controls not understood. Raises OSError."""
        return [len(self._tokens(text)) for text in texts]

    def save(self, file_name: str) -> None:
        """Write the slot's state into the folder of prefixes. Raises OSError."""
        self._slot("save", file_name)

    def restore(self, file_name: str) -> None:
        """Replace the slot's state by a file's. Raises OSError."""
        self._slot("restore", file_name)

    def _slot(self, action: str, file_name: str) -> None:
        status, answer = self._post(f"/slots/0?action={action}", {"filename": file_name})
        if status != http.client.OK:
            message = f"the engine could not {action} a slot: {answer}"
            raise OSError(message)

    def _understand(self, name: str, template: Template) -> dict[str, int]:
        """The ids of the control tokens of a template."""
        controls = {control: self._lookup(control) for control in template.controls}
        ids = {control: ids[0] for control, ids in controls.items() if len(ids) == 1}
        if len(ids) < len(controls):
            message = f"{name} does not speak the {template.name} format."
            raise ModelUnavailable(message, remedy="Use a model of the catalogue.")
        return ids

    def _tokens(self, text: str) -> Sequence[int]:
        """Tokens of a text; those of the template's own texts are known."""
        if not text:
            return ()
        return self._fixed.get(text) or self._tokenize(text, special=False)

    def _lookup(self, control: str) -> list[int]:
        return self._tokenize(control, special=True)

    def _tokenize(self, text: str, *, special: bool) -> list[int]:
        body = {"content": text, "parse_special": special, "add_special": False}
        status, answer = self._post("/tokenize", body)
        if status != http.client.OK:
            message = f"the engine could not tokenise: {answer}"
            raise OSError(message)
        return list(answer["tokens"])

    def _context(self) -> int:
        status, answer = self._request("GET", "/props", None)
        if status != http.client.OK:
            message = f"the engine does not describe itself: {answer}"
            raise OSError(message)
        return int(answer["default_generation_settings"]["n_ctx"])

    def _post(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        return self._request("POST", path, json.dumps(body))

    def _request(self, method: str, path: str, body: str | None) -> tuple[int, Any]:
        headers = {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {self._secret}",
        }
        # A connection for each request: the engine hangs up on those it has not heard for a while.
        connection = _Local(self._socket_path)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
        except http.client.HTTPException as error:
            message = f"the engine's own server failed: {error!r}"
            raise OSError(message) from error
        finally:
            connection.close()


def _params(params: Any, spec: ModelSpec, threads: int) -> Any:
    """Fill the engine's parameters in. Any, because the wheel brings no types."""
    params.model.path = spec.path
    params.n_ctx = spec.context_tokens
    # One slot: several would each read the prompt for themselves.
    params.n_parallel = 1
    params.n_batch = params.n_ubatch = spec.batch
    params.cache_ram_mib = spec.cache_ram_mib
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.endpoint_slots = True
    params.ctx_shift = False
    params.warmup = True
    params.ui = False
    params.verbosity = 1
    if spec.speculation:
        _guess_ahead(params.speculative)
    return params


def _guess_ahead(options: Any) -> None:
    """Draft from passages of the prompt that began alike."""
    import xllamacpp

    kind = xllamacpp.common_speculative_type.COMMON_SPECULATIVE_TYPE_NGRAM_SIMPLE
    options.types = [kind]
    options.ngram_simple.size_n = _ALIKE
    options.ngram_simple.size_m = _GUESSES
