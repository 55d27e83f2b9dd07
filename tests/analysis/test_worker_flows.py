"""Data flow in the process that parses: it reads the workspace that a text is in, and no other."""

from pathlib import Path

import pytest

from mirador_lsp.analysis.fitting import fits
from mirador_lsp.analysis.frames import Reply
from mirador_lsp.analysis.worker import InlineParser, ParseWorker
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.findings import Finding, Lens, Origin, Severity, Station
from mirador_lsp.core.ports import Analysis
from mirador_lsp.core.text import Span

APP = "from flask import request\nfrom lib import run\n\nrun(request.args['q'])\n"
LIB = "import os\n\n\ndef run(command):\n    os.system('ls ' + command)\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace of two files."""
    (tmp_path / "app.py").write_text(APP, "utf-8")
    (tmp_path / "lib.py").write_text(LIB, "utf-8")
    return tmp_path


def opened(folder: Path, name: str = "app.py", text: str = APP) -> Snapshot:
    """The text as an editor has it."""
    path = folder / "app.py"
    return Snapshot(path.as_uri(), name, "python", text, 1, str(path))


async def test_the_worker_reads_the_files_that_are_imported(folder: Path) -> None:
    """As they are on the disk when it is asked, and the text as the editor has it."""
    worker = ParseWorker()
    try:
        first = await worker.flows(opened(folder))
        (folder / "lib.py").write_text(LIB.replace("os.system", "print"), "utf-8")
        saved = await worker.flows(opened(folder))
        (folder / "lib.py").write_text(LIB, "utf-8")
        edited = await worker.flows(opened(folder, text=APP.replace("request.args['q']", "'.'")))
    finally:
        await worker.close()
    (finding,) = first.findings
    assert finding.stations[-1].name == "lib.py"
    assert finding.stations[-1].line == 4
    assert not saved.findings
    assert not edited.findings


@pytest.mark.parametrize("name", ["/elsewhere/app.py", "other/app.py", "<stdin>"])
async def test_a_text_that_is_in_no_workspace_has_no_other_files(folder: Path, name: str) -> None:
    """Its name does not say where the workspace begins: then imports are libraries."""
    analysis = await InlineParser().flows(opened(folder, name))
    assert not analysis.findings


@pytest.mark.parametrize(
    "station",
    [
        Station(Span(0, 3), "says", name="../lib.py"),
        Station(Span(0, 3), "says", name="/etc/passwd"),
        Station(Span(0, 3), "says", name="lib.py", line=-1),
        Station(Span(0, 3_000), "says"),
    ],
)
def test_a_station_outside_is_not_believed(folder: Path, station: Station) -> None:
    """The child reads hostile text: a place that the workspace cannot have goes no further."""
    finding = Finding(
        id="0",
        rule="flow/x",
        lens=Lens.SECURITY,
        severity=Severity.ERROR,
        message="It does.",
        span=Span(0, 3),
        confidence=0.5,
        origin=Origin("instant", "flow"),
        stations=(station,),
    )
    assert not fits(Reply(1, analysis=Analysis((finding,))), opened(folder))
