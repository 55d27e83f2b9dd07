"""`mirador review` with an application that says what a script says."""

import asyncio
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fakes import events as told
from fakes.folders import own_folders
from fakes.review_app import FakeReviewApp, Script
from mirador_lsp.app import Skipped, Source, gather
from mirador_lsp.cli.outputs import Wishes
from mirador_lsp.cli.review import Surroundings, review
from mirador_lsp.cli.review_options import Options
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.events import Event, Notice, NoticeKind, ReviewFinished
from mirador_lsp.core.findings import Lens


@dataclass
class Desk:
    """A folder with files, and the command run in it."""

    folder: Path
    app: FakeReviewApp
    stdin: bytes = b""
    env: dict[str, str] = field(default_factory=dict)
    stdout: io.StringIO = field(default_factory=io.StringIO)
    stderr: io.StringIO = field(default_factory=io.StringIO)

    def around(self) -> Surroundings:
        """What the command sees of the world."""
        return Surroundings(
            stdout=self.stdout,
            stderr=self.stderr,
            env={**own_folders(self.folder / ".own"), **self.env},
            folder=self.folder,
            open_app=self.app.opened,
            gather=self._gather,
            now=lambda: datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
        )

    async def review(self, *paths: str, **options: object) -> int:
        """Run the command; `Wishes` fields and `Options` fields alike."""
        wishes = {name: options.pop(name) for name in list(options) if name in _WISHES}
        asked = Options(paths=paths, wishes=Wishes(**wishes), **options)  # type: ignore[arg-type]
        return await review(asked, self.around())

    def _gather(self, paths: Sequence[str], stdin_name: str) -> Iterator[Source | Skipped]:
        return gather(paths, cwd=self.folder, stdin_name=stdin_name, stdin=io.BytesIO(self.stdin))


_WISHES = Wishes.__dataclass_fields__


def desk(folder: Path, script: Script = told.clean_file, **more: object) -> Desk:
    """A desk with one Python file on it."""
    (folder / "shop.py").write_text(told.SHOP)
    return Desk(folder, FakeReviewApp(script, **more))  # type: ignore[arg-type]


async def test_several_models_are_asked_together_under_their_full_names(tmp_path: Path) -> None:
    """An alias is as good as a name, and who is named twice is asked once."""
    it = desk(tmp_path, models=("qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"))

    code = await it.review("shop.py", models=("0.5b", "1.5b", "qwen2.5-coder-0.5b"))

    assert code == 0
    assert it.app.requests[0].policy.panel == ("qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b")


async def test_a_model_of_several_that_is_not_there_ends_it_with_one_sentence(
    tmp_path: Path,
) -> None:
    """Nothing is reviewed by fewer voices than were asked for."""
    it = desk(tmp_path, models=("qwen2.5-coder-0.5b",))

    with pytest.raises(UserError, match=r"^The model qwen2\.5-coder-1\.5b is not here\.$"):
        await it.review("shop.py", models=("0.5b", "1.5b"))

    assert it.app.requests == []


def nothing(_: object) -> tuple[Event, ...]:
    """Says nothing."""
    return ()


@pytest.mark.parametrize(
    ("script", "fail_on", "code"),
    [
        (told.clean_file, "error", 0),
        (told.whole_review, "error", 1),
        (told.whole_review, "warning", 1),
        (told.whole_review, "never", 0),
        (told.broken_file, "error", 0),
        (told.broken_file, "never", 0),
        (told.no_model, "error", 1),
        (told.no_model, "never", 0),
        (told.not_reviewed, "error", 2),
        (told.not_reviewed, "never", 2),
    ],
)
async def test_the_exit_code_says_what_was_found(
    tmp_path: Path, script: Script, fail_on: str, code: int
) -> None:
    """0 clean, 1 at or above the bar, 2 when not one stage could look."""
    assert await desk(tmp_path, script).review("shop.py", fail_on=fail_on) == code


async def test_warnings_count_only_at_their_own_bar(tmp_path: Path) -> None:
    """A file with a warning and no error passes --fail-on error and not --fail-on warning."""

    def warning_only(shop: object) -> tuple[Event, ...]:
        *start, end = told.whole_review(told.shop())
        return (*start, told.only(end, "model/bug"))

    assert await desk(tmp_path, warning_only).review("shop.py", fail_on="error") == 0
    assert await desk(tmp_path, warning_only).review("shop.py", fail_on="warning") == 1


async def test_a_missing_path_is_two_and_the_rest_is_reviewed(tmp_path: Path) -> None:
    """A path that is not there is named on stderr; the other file is reviewed all the same."""
    at = desk(tmp_path)
    assert await at.review("nowhere.py", "shop.py") == 2
    assert "nowhere.py" in at.stderr.getvalue()
    assert [request.snapshot.name for request in at.app.requests] == ["shop.py"]


async def test_why_nobody_looked_at_a_file_is_said(tmp_path: Path) -> None:
    """In one sentence, with what the review said of it."""

    def too_late(shop: object) -> tuple[Event, ...]:
        late = Notice(NoticeKind.SKIPPED, "shop.py: not reviewed: the budget of 3 s is used up.")
        end = ReviewFinished(0.0, (), (), 0, 0, reviewed=False, notices=(late,))
        return (end,)

    at = desk(tmp_path, too_late)
    assert await at.review("shop.py") == 2
    assert "not reviewed: shop.py. The budget of 3 s is used up." in at.stderr.getvalue()


async def test_nothing_to_review_is_two_with_the_reason(tmp_path: Path) -> None:
    """A folder without source, or only a binary file, could not be reviewed, and it says why."""
    at = desk(tmp_path)
    (tmp_path / "docs").mkdir()
    assert await at.review("docs") == 2
    assert "nothing to review" in at.stderr.getvalue()
    (tmp_path / "logo.py").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0d")
    assert await at.review("logo.py") == 2
    assert "logo.py" in at.stderr.getvalue()


async def test_skipped_files_do_not_stop_the_rest(tmp_path: Path) -> None:
    """A binary file beside a good one is told and costs nothing."""
    at = desk(tmp_path)
    (tmp_path / "logo.py").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0d")
    assert await at.review("logo.py", "shop.py") == 0
    assert "skipped logo.py" in at.stdout.getvalue()
    assert "1 skipped" in at.stdout.getvalue()


async def test_stdin_is_reviewed_under_its_name(tmp_path: Path) -> None:
    """`-` reads the text, and --stdin-filename gives it a name and a language."""
    at = desk(tmp_path)
    at.stdin = b"x = 1\n"
    assert await at.review("-", stdin_filename="app.py") == 0
    (request,) = at.app.requests
    assert (request.snapshot.text, request.snapshot.language) == ("x = 1\n", "python")
    assert "app.py" in at.stdout.getvalue()


async def test_stages_lenses_gate_and_model_reach_the_policy(tmp_path: Path) -> None:
    """What the options narrow is what the engine is asked."""
    at = desk(tmp_path, models=["tiny"])
    await at.review("shop.py", stages=("quick",), lenses=("bug",), gate=0.7, model="tiny")
    policy = at.app.requests[0].policy
    assert policy.stages == ("quick",)
    assert policy.lenses == (Lens.BUG,)
    assert policy.gate == 0.7
    assert {stage.models for stage in policy.models} == {("tiny",)}


async def test_a_model_that_is_not_there_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    """A known model that is absent comes with the command that fetches it."""
    at = desk(tmp_path, models=["tiny"])
    with pytest.raises(UserError) as absent:
        await at.review("shop.py", model="0.5b")
    assert "mirador models pull" in absent.value.remedy
    with pytest.raises(UserError):
        await at.review("shop.py", model="no-such-model")


async def test_wrong_settings_are_told_and_do_not_stop_a_review(tmp_path: Path) -> None:
    """Each problem of the settings is a line on stderr."""
    at = desk(tmp_path)
    at.env = {"MIRADOR_REVIEW_GATE": "high"}
    assert await at.review("shop.py") == 0
    assert "review.gate must be a number" in at.stderr.getvalue()


@pytest.mark.parametrize("form", ["json", "sarif", "markdown"])
async def test_machine_formats_are_all_that_stdout_holds(tmp_path: Path, form: str) -> None:
    """Standard output is one whole document; progress and complaints go elsewhere."""
    at = desk(tmp_path, told.whole_review)
    assert await at.review("shop.py", "nowhere.py", format=form) == 2
    text = at.stdout.getvalue()
    if form == "markdown":
        assert text.startswith("# Mirador review\n")
    else:
        assert isinstance(json.loads(text), dict)
    assert "nowhere.py" in at.stderr.getvalue()


@pytest.mark.parametrize("form", ["text", "json", "sarif", "markdown"])
async def test_output_goes_to_the_file_named(tmp_path: Path, form: str) -> None:
    """With --output nothing is on stdout and the file holds the report."""
    at = desk(tmp_path, told.whole_review)
    target = tmp_path / "report"
    assert await at.review("shop.py", format=form, output=str(target)) == 1
    assert at.stdout.getvalue() == ""
    assert "SQL text is built" in target.read_text("utf-8")


async def test_an_output_nobody_can_write_stops_before_the_work(tmp_path: Path) -> None:
    """The reason comes before models are asked."""
    at = desk(tmp_path)
    with pytest.raises(UserError, match="Cannot write to"):
        await at.review("shop.py", output=str(tmp_path / "no" / "report"))
    assert at.app.requests == []


async def test_a_picture_of_the_terminal_can_be_kept(tmp_path: Path) -> None:
    """--export-svg draws what a terminal would have shown."""
    at = desk(tmp_path, told.whole_review)
    picture = tmp_path / "demo.svg"
    await at.review("shop.py", color="always", export_svg=str(picture))
    drawn = picture.read_text("utf-8")
    assert "S608" in drawn
    assert "url(http" not in drawn


async def test_cancelling_from_outside_is_passed_on(tmp_path: Path) -> None:
    """A cancelled command cancels the running review and does not pretend to have an exit code."""
    at = desk(tmp_path, nothing, hold=True)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(at.review("shop.py"))
        await at.app.held.wait()
        running.cancel()
    assert running.cancelled()
    assert at.app.cancelled


class _Leaving(io.StringIO):
    """A pipe whose reader goes away after the first line."""

    def write(self, text: str) -> int:
        if self.getvalue().count("\n") >= 1:
            raise BrokenPipeError
        return super().write(text)


async def test_a_reader_that_leaves_ends_the_review(tmp_path: Path) -> None:
    """`mirador review … | head -1` stops the model and ends quietly."""
    at = desk(tmp_path, told.whole_review, hold=True)
    at.stdout = _Leaving()
    assert await at.review("shop.py") == 141
    assert at.app.cancelled
    assert at.stderr.getvalue() == ""
