"""The main job in an editor, end to end: open, save, close, cancel, over stdio and TCP."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from fakes.session import CART, ENDLESS, MEAN, SAYS, RecordingClient, Workspace, eventually


def open_(client: RecordingClient, uri: str, text: str, version: int = 1) -> None:
    """Open a document as an editor does."""
    item = types.TextDocumentItem(uri, "python", version, text)
    client.text_document_did_open(types.DidOpenTextDocumentParams(item))


def save(client: RecordingClient, uri: str, text: str | None = None) -> None:
    """Save a document."""
    identifier = types.TextDocumentIdentifier(uri)
    client.text_document_did_save(types.DidSaveTextDocumentParams(identifier, text))


def insert(client: RecordingClient, uri: str, version: int, text: str, line: int = 0) -> None:
    """Type `text` at the beginning of a line."""
    place = types.Position(line, 0)
    change = types.TextDocumentContentChangePartial(types.Range(place, place), text)
    identifier = types.VersionedTextDocumentIdentifier(version, uri)
    client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, [change]))


def codes(diagnostics: Sequence[types.Diagnostic]) -> set[Any]:
    """The rules that speak."""
    return {d.code for d in diagnostics}


def progress(client: RecordingClient) -> list[str]:
    """What the bars said so far."""
    reports = [report for bar in client.progress_reports.values() for report in bar]
    return [getattr(report, "message", None) or "" for report in reports]


def is_section(href: str, name: str) -> bool:
    """Whether `href` names a section of a page that is on this machine's disk."""
    page = urlsplit(href)
    path = Path(unquote(page.path))
    return page.scheme == "file" and page.fragment == name and f"# {name}" in path.read_text()


def tells(
    client: RecordingClient, uri: str, *wanted: str
) -> Callable[[], types.PublishDiagnosticsParams | None]:
    """A condition: some set of diagnostics of the document has all the rules."""
    return lambda: next(
        (p for p in client.of(uri) if set(wanted) <= codes(p.diagnostics)),
        None,
    )


async def test_diagnostics_come_stage_by_stage(
    client: RecordingClient, workspace: Workspace
) -> None:
    """Instant findings are shown while the model still thinks; its findings join them."""
    workspace.script(SAYS)
    uri = workspace.write("cart.py", CART)
    open_(client, uri, CART, version=5)
    await eventually(tells(client, uri, "ruff/S307"))
    assert "finished" not in workspace.journal()
    workspace.write("go", "")
    await eventually(tells(client, uri, "ruff/S307", "model/bug"))
    shown = tells(client, uri, "ruff/S307", "model/bug")()
    assert shown is not None
    assert shown.version == 5
    by_code = {d.code: d for d in shown.diagnostics}
    fact, opinion = by_code["ruff/S307"], by_code["model/bug"]
    assert fact.source == opinion.source == "mirador"
    assert fact.code_description is not None
    assert fact.code_description.href.startswith("https://")
    assert opinion.code_description is not None
    assert is_section(opinion.code_description.href, "bug")
    assert fact.range == types.Range(types.Position(5, 11), types.Position(5, 21))
    assert opinion.range == types.Range(types.Position(1, 4), types.Position(1, 4 + len(MEAN)))
    assert "(quick, qwen2.5-coder-0.5b, 60 %)" in opinion.message
    assert isinstance(opinion.data, dict)
    assert opinion.data["finding"] != fact.data["finding"]
    assert opinion.data["hash"] == fact.data["hash"]
    assert opinion.data["stage"] == "quick"
    assert all(p.version == 5 for p in client.of(uri))


async def test_the_deep_stage_confirms_what_the_quick_stage_said(
    client: RecordingClient, workspace: Workspace
) -> None:
    """What two models see stays one finding, which then names both and is surer."""
    models = ("qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b")
    workspace.script(SAYS.replace(f'model = "{models[0]}"', ""), models=models)
    workspace.write("go", "")
    uri = workspace.write("cart.py", CART)
    open_(client, uri, CART)
    await eventually(
        lambda: any("; also qwen" in d.message for p in client.of(uri) for d in p.diagnostics)
    )
    last = client.of(uri)[-1].diagnostics
    (opinion,) = [d for d in last if d.code == "model/bug"]
    assert opinion.data["stage"] == "deep"
    assert opinion.data["confidence"] > 0.6


async def test_a_save_supersedes_the_running_review(
    client: RecordingClient, workspace: Workspace
) -> None:
    """The model stops for the older text and is asked again about the newer."""
    workspace.script(ENDLESS)
    uri = workspace.write("cart.py", CART)
    open_(client, uri, CART)
    await eventually(lambda: workspace.journal() == ["started"])
    insert(client, uri, 2, "import os\n")
    save(client, uri)
    await eventually(lambda: workspace.journal()[:2] == ["started", "cancelled"])
    await eventually(lambda: workspace.journal().count("started") == 2)
    await eventually(lambda: any(p.version == 2 for p in client.of(uri)))
    moved = next(p for p in client.of(uri) if p.version == 2).diagnostics
    assert {d.range.start.line for d in moved if d.code == "ruff/S307"} == {6}


async def test_after_a_save_the_edited_function_is_reviewed_first(
    client: RecordingClient, workspace: Workspace
) -> None:
    """The model reads the function that was edited before those above it."""
    workspace.script(SAYS)
    body = "".join(f"    total_{number} = price * {number}\n" for number in range(30))
    text = f"def first(price):\n{body}\n\ndef second(price):\n{body}"
    uri = workspace.write("long.py", text)
    open_(client, uri, text)
    await eventually(lambda: any("quick: 0/2 first" in line for line in progress(client)))
    insert(client, uri, 2, "    print(price)\n", line=50)
    save(client, uri)
    await eventually(lambda: any("quick: 0/2 second" in line for line in progress(client)))


async def test_a_small_change_is_put_to_the_quick_stage_alone(
    client: RecordingClient, workspace: Workspace
) -> None:
    """The log says why, the larger model is not asked, and what it had said is still shown."""
    quote = "total = price * 2"
    said = f"- bug: This price is doubled without a reason. Code: `{quote}`"
    workspace.script(
        f"[[reply]]\nmodel = 'qwen2.5-coder-1.5b'\nquestion = 'Which bugs'\ntext = {said!r}\n",
        models=("qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"),
    )
    filler = "".join(f"VALUE_{number} = {number}\n" for number in range(30))
    text = f"{filler}def first(price):\n    {quote}\n    return total\n"
    uri = workspace.write("cart.py", text)
    open_(client, uri, text)
    await eventually(tells(client, uri, "model/bug"))
    await eventually(lambda: any(" shown, in " in m.message for m in client.log_messages))
    before = workspace.journal().count("started")
    insert(client, uri, 2, "OTHER = 1\n", line=3)
    save(client, uri)
    plan = "instant, quick; because the file was saved, trivial"
    await eventually(lambda: any(plan in m.message for m in client.log_messages))
    await eventually(
        lambda: any(p.version == 2 and "model/bug" in codes(p.diagnostics) for p in client.of(uri))
    )
    await eventually(lambda: not client.published or client.published[-1].version == 2)
    assert workspace.journal().count("started") <= before + 1


async def test_closing_stops_the_model_and_clears(
    client: RecordingClient, workspace: Workspace
) -> None:
    """After `didClose` nothing is shown and nothing runs."""
    workspace.script(ENDLESS)
    uri = workspace.write("cart.py", CART)
    open_(client, uri, CART)
    await eventually(tells(client, uri, "ruff/S307"))
    await eventually(lambda: workspace.journal() == ["started"])
    identifier = types.TextDocumentIdentifier(uri)
    client.text_document_did_close(types.DidCloseTextDocumentParams(identifier))
    await eventually(lambda: not client.of(uri)[-1].diagnostics)
    await eventually(lambda: workspace.journal() == ["started", "cancelled"])


async def test_progress_is_shown_and_its_cancel_reaches_the_model(
    client: RecordingClient, workspace: Workspace
) -> None:
    """The bar begins, reports, ends; its cancel button stops the model."""
    workspace.script(ENDLESS)
    uri = workspace.write("cart.py", CART)
    open_(client, uri, CART)
    await eventually(lambda: any(client.progress_reports.values()))
    await eventually(lambda: workspace.journal() == ["started"])
    (token,) = client.progress_reports
    begin = client.progress_reports[token][0]
    assert isinstance(begin, types.WorkDoneProgressBegin)
    assert begin.cancellable
    client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(token))
    await eventually(lambda: workspace.journal() == ["started", "cancelled"])
    await eventually(
        lambda: isinstance(client.progress_reports[token][-1], types.WorkDoneProgressEnd)
    )
    assert codes(client.of(uri)[-1].diagnostics) == {"ruff/S307"}


async def test_the_review_command_can_be_cancelled(
    client: RecordingClient, workspace: Workspace
) -> None:
    """`$/cancelRequest` on `mirador.reviewFile` reaches the model and is answered with -32800."""
    workspace.script(ENDLESS)
    uri = workspace.write("cart.py", CART)
    open_(client, uri, CART)
    await eventually(lambda: workspace.journal() == ["started"])
    params = types.ExecuteCommandParams("mirador.reviewFile", [uri])
    asked = client.protocol.send_request(types.WORKSPACE_EXECUTE_COMMAND, params, msg_id="mine")
    await eventually(lambda: workspace.journal().count("started") == 2)
    client.cancel_request(types.CancelParams("mine"))
    with pytest.raises(JsonRpcException) as refused:
        await asyncio.wrap_future(asked)
    assert refused.value.code == -32800
    await eventually(lambda: workspace.journal().count("cancelled") == 2)


async def test_the_review_command_answers_with_the_outcome(
    client: RecordingClient, workspace: Workspace
) -> None:
    """`mirador.reviewFile`, asked for at once after the opening, answers when all is done."""
    uri = workspace.write("cart.py", CART)
    open_(client, uri, CART)
    answer: Any = await client.workspace_execute_command_async(
        types.ExecuteCommandParams("mirador.reviewFile", [uri])
    )
    assert (answer["state"], answer["findings"]) == ("finished", 1)


async def test_a_file_that_does_not_parse_says_so(
    client: RecordingClient, workspace: Workspace
) -> None:
    """A broken file has a diagnostic where it breaks; it is never shown as clean."""
    text = "def broken(:\n    return 1\n"
    uri = workspace.write("broken.py", text)
    open_(client, uri, text)
    await eventually(lambda: any(p.diagnostics for p in client.of(uri)))


async def test_status_command_answers_with_checks(client: RecordingClient) -> None:
    """`mirador.status` shows what the doctor sees."""
    answer: Any = await client.workspace_execute_command_async(
        types.ExecuteCommandParams("mirador.status")
    )
    assert {check["name"] for check in answer["checks"]} >= {"ruff"}
