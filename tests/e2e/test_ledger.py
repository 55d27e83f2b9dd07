"""Every request is answered exactly once, whatever it asks, and the server goes on reviewing."""

import asyncio
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.protocol import default_converter
from pytest_lsp import client_capabilities

from fakes.commands import result
from fakes.editor import Editor, MemoryLink, eventually
from fakes.mischief import Mischief
from fakes.session import CART, FIXED, MEAN, SERVE, Workspace
from fakes.wire import over_pipes, process
from mirador_lsp.app import open_app
from mirador_lsp.server.run import talk
from mirador_lsp.server.wiring import create_server
from mirador_lsp.settings import ActionSettings, Loaded, Settings, paths

REQUESTS = 10_000
OVER_STDIO = 400
BURST = 40
"""Messages that arrive together."""
IN_FLIGHT = 60
"""Requests that may wait for their answers before the next burst."""
PATIENCE = 300.0
INTERNAL = -32603
FAST = f"""
[[reply]]
text = '''{FIXED.format(quote=MEAN)}'''
"""
UGLY = "def é(😀):\r\n\f  x = eval(😀)\u2028\r\tpass\x85\n"
TEXTS = {
    "cart.py": CART,
    "ugly.py": UGLY,
    "empty.py": "",
    "broken.py": "def (:\n" * 20,
    "app.js": "function f(a) {\n  return eval(a) == null;\n}\n",
    "prose.md": "# Title\n\ntext\n",
}
HALF = "half.py"
"""A document that holds half a character, as JSON can and a file cannot."""
TEXTS[HALF] = f"def half(x):\n    return eval(x + '\ud800')\n\n\n{CART}"


class Ledger:
    """What was asked under which id, and what came back."""

    def __init__(self) -> None:
        self.asked: Counter[int | str] = Counter()
        self.answered: Counter[int | str] = Counter()
        self.methods: dict[int | str, str] = {}
        self.codes: Counter[int] = Counter()
        self.wrong: list[str] = []
        """Answers that are no answers: of no shape, of the wrong shape, or a defect's."""
        self._converter = default_converter()

    def ask(self, msg_id: int | str, method: str) -> None:
        """A request goes out."""
        self.methods[msg_id] = method
        self.asked[msg_id] += 1

    def hear(self, message: dict[str, Any]) -> None:
        """An answer came in."""
        msg_id = message.get("id")
        if msg_id is None:
            return
        self.answered[msg_id] += 1
        if ("result" in message) == ("error" in message):
            self.wrong.append(f"{self.methods.get(msg_id)}: {message}"[:300])
        elif "error" in message:
            self._refused(msg_id, message["error"])
        else:
            self._check(msg_id, message)

    def waiting(self) -> int:
        """Requests without an answer."""
        return self.asked.total() - self.answered.total()

    def balance(self) -> dict[int | str, int]:
        """Ids that got more or fewer answers than they asked for, with the difference."""
        ids = {*self.asked, *self.answered}
        return {
            i: self.answered[i] - self.asked[i] for i in ids if self.answered[i] != self.asked[i]
        }

    def _refused(self, msg_id: int | str, error: dict[str, Any]) -> None:
        self.codes[error["code"]] += 1
        if error["code"] == INTERNAL or not isinstance(error["message"], str):
            self.wrong.append(f"{self.methods.get(msg_id)}: {error}"[:300])

    def _check(self, msg_id: int | str, message: dict[str, Any]) -> None:
        """The result has the shape that the method promises."""
        method = self.methods.get(msg_id, "")
        self.codes[0] += 1
        if self.asked[msg_id] > 1:
            return  # the answer to which of them?
        if method in types.METHOD_TO_TYPES:
            try:
                self._converter.structure(message, types.METHOD_TO_TYPES[method][1])
            except Exception as error:  # noqa: BLE001 — whatever it is, it is reported
                self.wrong.append(f"{method}: {type(error).__name__} {message}"[:600])


class Storm:
    """Sends bursts of mischief, answers what it is asked, and keeps the ledger."""

    def __init__(self, mischief: Mischief, put: Callable[[list[dict[str, Any]]], None]) -> None:
        self.mischief = mischief
        self.ledger = Ledger()
        self.sent = 0
        self._put = put
        self._ids: list[int | str] = []
        self._versions: Counter[str] = Counter()

    def open_all(self) -> None:
        """Open the documents that are to be open."""
        self._put([self._open(uri) for uri in self.mischief.uris[:-1]])

    def burst(self, limit: int) -> None:
        """Send some messages together, of which at most `limit` are requests."""
        uris = self.mischief.rng.choices(self.mischief.uris, k=2)
        messages = [self._open(uri) for uri in uris]
        asked = 0
        while len(messages) < BURST and asked < limit:
            if self.mischief.chance(0.8):
                messages.append(self._request())
                asked += 1
            elif self.mischief.chance(0.5):
                messages.append(self._cancel())
            elif self.mischief.chance(0.2):
                messages += self._edit()
            else:
                method, params = self.mischief.notification()
                messages.append({"method": method, "params": params})
        self.sent += asked
        self._put(messages)

    def hear(self, message: dict[str, Any]) -> None:
        """Take what the server says."""
        if "method" not in message:
            self.ledger.hear(message)
        elif "id" in message:
            self._put(self.mischief.answer(message))
        elif message["method"] == types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS:
            found = [d.get("data") for d in message["params"]["diagnostics"]]
            ids = [str(d["finding"]) for d in found if isinstance(d, dict)]
            self.mischief.known[:] = ids or self.mischief.known

    def _request(self) -> dict[str, Any]:
        method, params = self.mischief.request()
        rng = self.mischief.rng
        number = len(self._ids)
        msg_id: int | str = rng.choice((number, f"s{number}", 2**40 + number, -number))
        if self._ids and rng.random() < 0.03:
            msg_id = rng.choice(self._ids)
        self._ids.append(msg_id)
        self.ledger.ask(msg_id, method)
        return {"id": msg_id, "method": method, "params": params}

    def _cancel(self) -> dict[str, Any]:
        rng = self.mischief.rng
        recent: list[Any] = self._ids[-BURST:]
        msg_id = rng.choice([*recent, "nobody", 10**9, None, [1], 1.5])
        return {"method": types.CANCEL_REQUEST, "params": {"id": msg_id}}

    def _edit(self) -> list[dict[str, Any]]:
        """Open, close, change or save one of the documents, as an editor does."""
        rng = self.mischief.rng
        uri = rng.choice(self.mischief.uris)
        named = {"textDocument": {"uri": uri}}
        if rng.random() < 0.2:
            return [{"method": types.TEXT_DOCUMENT_DID_CLOSE, "params": named}, self._open(uri)]
        self._versions[uri] += 1
        document = {"uri": uri, "version": self._versions[uri]}
        change = {"textDocument": document, "contentChanges": [{"text": self._text(uri)}]}
        return [
            {"method": types.TEXT_DOCUMENT_DID_CHANGE, "params": change},
            {"method": types.TEXT_DOCUMENT_DID_SAVE, "params": named},
        ]

    def _open(self, uri: str) -> dict[str, Any]:
        self._versions[uri] += 1
        language = {"py": "python", "js": "javascript"}.get(uri.rpartition(".")[2], "markdown")
        item = {
            "uri": uri,
            "languageId": language,
            "version": self._versions[uri],
            "text": self._text(uri),
        }
        return {"method": types.TEXT_DOCUMENT_DID_OPEN, "params": {"textDocument": item}}

    def _text(self, uri: str) -> str:
        return TEXTS[uri.rpartition("/")[2]] + "\n" * self.mischief.rng.randrange(3)


class Loop(MemoryLink):
    """A wire that hands on what the server says as it says it."""

    def __init__(self) -> None:
        super().__init__()
        self.hear: Callable[[dict[str, Any]], None] = lambda _: None

    def write(self, body: bytes) -> None:
        self.hear(json.loads(body))


def settings_for(folder: Path) -> Settings:
    """A scripted model, no foreign analyzer, and actions of the user's own."""
    (folder / "script.toml").write_text(
        '[[model]]\nname = "qwen2.5-coder-0.5b"\n' + FAST, encoding="utf-8"
    )
    (folder / "prompt.md").write_text("Sum it up.", encoding="utf-8")
    default = Settings()
    prompt = str(folder / "prompt.md")
    return replace(
        default,
        engine=replace(default.engine, backend="scripted", script=str(folder / "script.toml")),
        analysis=replace(default.analysis, ruff=False),
        actions=(
            ActionSettings(name="sum-up", title="Sum up", prompt=prompt),
            ActionSettings(name="shorten", title="Shorten", prompt=prompt, edits="symbol"),
        ),
    )


@asynccontextmanager
async def served(folder: Path, env: dict[str, str]) -> AsyncIterator[tuple[Editor, Loop]]:
    """A server around the real application, in this process, that an editor speaks to."""
    settings = settings_for(folder)
    where = paths(env, settings)

    def load(**_said: Any) -> Loaded:
        return Loaded(settings, (), where)

    link = Loop()
    server = create_server(lambda _: open_app(settings, paths=where), load)
    editor = Editor(link, server)
    link.hear = link.sent.append
    async with asyncio.TaskGroup() as group:
        talking = group.create_task(talk(server, link))
        try:
            await editor.initialize(capabilities(), rootUri=folder.as_uri())
            await editor.settled()
            yield editor, link
        finally:
            server.leave(1)
            await talking


def documents(workspace: Workspace) -> list[str]:
    """The URIs of all documents; those that can be are on disk as well."""
    written = [workspace.write(name, text) for name, text in TEXTS.items() if name != HALF]
    return [(workspace.folder / HALF).as_uri(), *written]


def capabilities() -> dict[str, Any]:
    """A client that can everything, and says so."""
    declared: Any = default_converter().unstructure(client_capabilities("visual_studio_code"))
    mirador = {"status": True, "stream": True, "answers": True, "checkDiagnostics": True}
    return {**declared, "experimental": {"mirador": mirador}}


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [3])
async def test_ten_thousand_requests_get_ten_thousand_answers(
    workspace: Workspace, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Mixed requests with cancels, ids used again and parameters of every wrong shape: one answer
    each, of the promised shape, not one of them a defect's; after it the server reviews and leaves.
    """
    logging.getLogger("pygls").setLevel(logging.CRITICAL)
    async with served(workspace.folder, workspace.env) as (editor, link):
        uris = documents(workspace)
        storm = Storm(
            Mischief(seed, uris), lambda messages: editor.put(*messages) if messages else None
        )
        link.hear = storm.hear
        storm.open_all()
        while storm.sent < REQUESTS:
            storm.burst(REQUESTS - storm.sent)
            await until(lambda: storm.ledger.waiting() <= IN_FLIGHT, storm, editor)
        await until(lambda: storm.ledger.waiting() <= 0, storm, editor)
        assert storm.ledger.balance() == {}
        assert storm.ledger.asked.total() == REQUESTS
        assert not storm.ledger.wrong, "\n".join(storm.ledger.wrong)
        assert len(storm.ledger.codes) >= 4, "the mischief was too tame"
        link.hear = link.sent.append
        await still_works(editor, workspace)
    assert "failed" not in "\n".join(
        r.getMessage() for r in caplog.records if r.levelname == "ERROR"
    )


def test_a_storm_over_standard_streams_is_answered(workspace: Workspace, tmp_path: Path) -> None:
    """The same against the real command in its own process, which ends with code 0."""
    uris = documents(workspace)
    workspace.script(FAST)
    env = workspace.env | {"MIRADOR_ANALYSIS_RUFF": "false"}
    with process(SERVE, env, errors=tmp_path / "errors") as child:
        wire = over_pipes(child)
        wire.initialize(capabilities=capabilities(), rootUri=workspace.folder.as_uri())
        storm = Storm(Mischief(8, uris), lambda messages: wire.put(*messages))
        storm.open_all()
        while storm.sent < OVER_STDIO or storm.ledger.waiting():
            if storm.sent < OVER_STDIO and storm.ledger.waiting() <= IN_FLIGHT:
                storm.burst(OVER_STDIO - storm.sent)
            wire.until(lambda message: storm.hear(message) is None)
        assert storm.ledger.balance() == {}
        assert not storm.ledger.wrong, "\n".join(storm.ledger.wrong)
        assert wire.ask("shutdown")["result"] is None
        wire.notify("exit")
        assert child.wait(PATIENCE) == 0


async def until(condition: Callable[[], bool], storm: Storm, editor: Editor) -> None:
    """Wait for the server; what it still owes is said when it leaves or takes too long."""
    try:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                assert not editor.server.exited.done(), "the server left"
                await asyncio.sleep(0.001)
    except TimeoutError:
        ledger = storm.ledger
        owed = [ledger.methods[i] for i, count in ledger.balance().items() if count < 0]
        pytest.fail(f"not answered: {Counter(owed)}")


async def still_works(editor: Editor, workspace: Workspace) -> None:
    """A document opened now is reviewed, and the session ends as it should."""
    # One of the commands may have paused reviewing, which is what it is for.
    assert (await result(editor, "resume"))["paused"] is False
    uri = workspace.write("new.py", CART)
    editor.open(CART, uri=uri)
    async with asyncio.timeout(PATIENCE):
        await eventually(lambda: bool(editor.published(uri)))
    assert (await editor.ask("shutdown"))["result"] is None
    editor.notify("exit")
    assert await asyncio.wait_for(editor.server.exited, PATIENCE) == 0
