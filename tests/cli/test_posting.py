"""What is said on pull requests: by real analyzers, on stand-ins of all three forges."""

import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path

import pytest

from fakes.forges.opened import MAKERS, VARIABLES, address
from fakes.forges.serving import Fault, File, StandIn, serving
from mirador_lsp.app import App, open_app
from mirador_lsp.cli.posting import Posting
from mirador_lsp.cli.pulling import Fetched, PullWishes, fetched
from mirador_lsp.cli.report import FileReport, Outcome, Report, StageReport
from mirador_lsp.core.change_sets import ChangeKind, ChangeSet
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import ServiceError, UserError
from mirador_lsp.core.events import ReviewFinished
from mirador_lsp.core.findings import Lens
from mirador_lsp.core.policy import INSTANT
from mirador_lsp.core.pulls import (
    ForgeKind,
    Marks,
    PulledFile,
    PullPlace,
    PullRequest,
    Standing,
    Thread,
)
from mirador_lsp.core.requests import ReviewRequest, Trigger
from mirador_lsp.forges.marks import anchor, read_remark, read_summary
from mirador_lsp.pull_requests import Pulled
from mirador_lsp.settings import Paths, Settings, paths, review_policy

CLEAN = "import json\n\n\ndef total(rows):\n    return json.dumps(sum(rows))\n"
IS = CLEAN.replace("    return", '    if rows is "":\n        return ""\n    return')
"""One finding: identity of a text, and ruff knows what is meant."""
SECRET = CLEAN + "\n\ndef run():\n    return eval('1 + 1')\n"
"""Another: eval is dangerous, and nobody can mend it but people."""


@dataclass
class Desk:
    """A forge, an application, and what came of the last run."""

    stand_in: StandIn
    app: App
    url: str
    env: dict[str, str]
    folder: Path
    told: str = ""
    printed: str = ""

    async def run(
        self,
        *,
        dry: bool = False,
        cap: int = 20,
        lenses: Sequence[str] | None = None,
        interrupted: bool = False,
    ) -> int:
        """Fetch, review by facts alone, post; gives the number of writes."""
        before = len(self.stand_in.writes)
        stdout, stderr = StringIO(), StringIO()
        policy = review_policy(Settings(), stages=(INSTANT,), lenses=lenses)
        wishes = PullWishes(text=self.url, post=True, dry_run=dry, yes=True)
        try:
            async with fetched(
                wishes, folder=self.folder, env=self.env, hosts=(), cap=cap, stderr=stderr
            ) as pull:
                report = Report(change=pull.pulled.change, interrupted=interrupted)
                for file in pull.pulled.change.files:
                    if file.snapshot is not None:
                        mine = FileReport(file.snapshot, policy.gate)
                        report.files.append(mine)
                        request = ReviewRequest(file.snapshot, policy, Trigger.CLI)
                        await self.app.review(replace(request, only=file.spans), mine)
                await Posting(pull, report, self.app, policy).post(stdout, stderr)
        finally:
            self.told, self.printed = stderr.getvalue(), stdout.getvalue()
        return len(self.stand_in.writes) - before


@asynccontextmanager
async def desk_of(kind: ForgeKind, files: list[File], folder: Path) -> AsyncIterator[Desk]:
    """A desk; in the end nothing undocumented may have been asked."""
    stand_in = MAKERS[kind](files)
    with serving(stand_in) as host:
        async with open_app(Settings(), paths=_paths(folder)) as app:
            env = {VARIABLES[kind]: stand_in.token}
            yield Desk(stand_in, app, address(kind, host), env, folder)
    assert stand_in.violations == []


def _paths(folder: Path) -> Paths:
    env = {
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "XDG_DATA_HOME": str(folder / "data"),
        "XDG_RUNTIME_DIR": str(folder / "run"),
    }
    return paths(env, Settings())


@pytest.fixture(params=list(ForgeKind))
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Desk]:
    """Each forge, with a pull request that has one finding to mend and one to think about."""
    files = [File("src/cart.py", CLEAN, IS), File("src/run.py", CLEAN, SECRET)]
    async with desk_of(request.param, files, tmp_path) as each:
        yield each


async def test_findings_become_remarks_and_a_summary(desk: Desk) -> None:
    """Each at its line, with its marks; the summary names all."""
    assert await desk.run() > 0
    assert len(desk.stand_in.bodies) == 2
    assert all(read_remark(body) for body in desk.stand_in.bodies)
    (summary,) = desk.stand_in.summaries
    assert read_summary(summary) is not None
    assert "src/cart.py:5" in summary
    assert "src/run.py:9" in summary
    assert "2 remarks posted" in desk.told


async def test_the_second_run_says_nothing(desk: Desk) -> None:
    """Not one request that changes anything."""
    await desk.run()
    assert await desk.run() == 0
    assert await desk.run() == 0
    assert "2 there already" in desk.told


async def test_a_checked_fix_is_suggested(desk: Desk) -> None:
    """As a button where the forge has one, and only where it holds."""
    await desk.run()
    (fix,) = [body for body in desk.stand_in.bodies if "F632" in body]
    (other,) = [body for body in desk.stand_in.bodies if "F632" not in body]
    match desk.stand_in.__class__.__name__:
        case "FakeGitHub":
            assert '```suggestion\n    if rows == "":\n```' in fix
        case "FakeGitLab":
            assert '```suggestion:-0+0\n    if rows == "":\n```' in fix
        case _:
            assert '```\n    if rows == "":\n```' in fix
    assert "Checked: " in fix
    assert "suggestion" not in other


async def test_what_was_mended_is_closed(desk: Desk) -> None:
    """And what is still there stays open; a third run does nothing."""
    await desk.run()
    desk.stand_in.push([File("src/cart.py", CLEAN, CLEAN + "\nx = 1\n"), desk.stand_in.files[1]])
    assert await desk.run() > 0
    (fixed,) = [at for at, body in enumerate(desk.stand_in.bodies) if "F632" in body]
    assert desk.stand_in.bodies[fixed].startswith("_Mended")
    assert [desk.stand_in.is_closed(at) for at in (fixed, 1 - fixed)] == [True, False]
    assert "1 closed as mended" in desk.told
    assert "1 earlier remark mended." in desk.stand_in.summaries[0]
    assert await desk.run() == 0


async def test_what_comes_back_is_opened_again(desk: Desk) -> None:
    """In its old place, with its old words."""
    files = desk.stand_in.files
    await desk.run()
    before = sorted(desk.stand_in.bodies)
    desk.stand_in.push([File("src/cart.py", CLEAN, CLEAN + "\nx = 1\n"), files[1]])
    await desk.run()
    desk.stand_in.push(files)
    await desk.run()
    assert sorted(desk.stand_in.bodies) == before
    assert not any(desk.stand_in.is_closed(at) for at in (0, 1))
    assert await desk.run() == 0


@pytest.mark.parametrize("how", ["resolve", "dislike", "answer", "delete"])
async def test_what_people_decline_is_not_said_again(desk: Desk, how: str) -> None:
    """Even after a push; the summary says that it is there, and loudly where it is dangerous."""
    await desk.run()
    (at,) = [at for at, body in enumerate(desk.stand_in.bodies) if "F632" not in body]
    match how:
        case "resolve":
            desk.stand_in.resolve(at)
        case "dislike":
            desk.stand_in.dislike(at)
        case "answer":
            desk.stand_in.answer_with(at, "False positive: it is only ever called by tests")
        case _:
            desk.stand_in.delete(at)
    said = len(desk.stand_in.bodies)
    desk.stand_in.push([desk.stand_in.files[0], File("src/run.py", CLEAN, "# moved\n" + SECRET)])
    await desk.run()
    assert len(desk.stand_in.bodies) == said
    assert "1 not wanted by people" in desk.told
    assert "(not wanted)" in desk.stand_in.summaries[0]
    assert "Of these, 1 about security" in desk.stand_in.summaries[0]
    assert await desk.run() == 0


async def test_a_remark_moves_with_its_file(desk: Desk) -> None:
    """Renamed by the next push: it is the same finding, and is not said again."""
    await desk.run()
    moved = File("src/go.py", CLEAN, SECRET, old_name="src/run.py")
    desk.stand_in.push([desk.stand_in.files[0], moved])
    await desk.run()
    assert len(desk.stand_in.bodies) == 2
    assert not any(desk.stand_in.is_closed(at) for at in (0, 1))


async def test_a_dry_run_writes_nothing(desk: Desk) -> None:
    """It prints what would be said."""
    assert await desk.run(dry=True) == 0
    assert desk.stand_in.bodies == []
    assert "src/cart.py:5" in desk.printed
    assert "F632" in desk.printed
    assert "Would do: 2 remarks posted" in desk.told


async def test_above_the_cap_only_the_summary_speaks(desk: Desk) -> None:
    """And it says so."""
    await desk.run(cap=1)
    assert len(desk.stand_in.bodies) == 1
    assert "only here: there are too many" in desk.stand_in.summaries[0]
    assert "1 above the limit" in desk.told
    assert await desk.run(cap=1) == 0


async def test_a_push_during_the_review_is_noticed(desk: Desk) -> None:
    """Nothing is said about lines that may be others now."""
    seen = desk.stand_in._routed

    def pushed(request):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
        reply = seen(request)
        if "raw" in request.path or "blobs" in request.path:
            desk.stand_in.pushes = 1
        return reply

    desk.stand_in.files = desk.stand_in.files[:1]
    desk.stand_in._routed = pushed  # type: ignore[method-assign]
    with pytest.raises(UserError, match="nothing is posted"):
        await desk.run()
    assert desk.stand_in.writes == []


async def test_a_closed_pull_request_is_left_alone(desk: Desk) -> None:
    """It can be reviewed, but nobody is told there."""
    desk.stand_in.open = False
    with pytest.raises(UserError, match="closed"):
        await desk.run()
    assert desk.stand_in.writes == []


@pytest.mark.parametrize("done", [False, True])
@pytest.mark.parametrize("step", range(4))
async def test_a_run_that_broke_off_is_completed_by_the_next(
    desk: Desk, step: int, done: bool
) -> None:
    """Whichever write fails, and whether or not the forge did it before it failed."""
    extra = File("src/more.py", CLEAN, SECRET.replace("run", "more"))
    desk.stand_in.files.append(extra)
    count = 0
    true = desk.stand_in._fault

    def broken(request):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
        nonlocal count
        if request.method != "GET" and not desk.stand_in.is_query(request):
            count += 1
            if count == step + 1:
                return Fault("", 502, done=done)
        return true(request)

    desk.stand_in._fault = broken  # type: ignore[method-assign]
    with contextlib.suppress(ServiceError):
        await desk.run()
    await desk.run()
    bodies = [read_remark(body) for body in desk.stand_in.bodies]
    assert len(bodies) == 3
    assert len({marks[0].place for marks in bodies if marks}) == 3
    assert len(desk.stand_in.summaries) == 1
    assert await desk.run() == 0


async def test_what_was_not_looked_for_is_not_mended(desk: Desk) -> None:
    """Under another lens, or in a run that was stopped."""
    await desk.run()
    desk.stand_in.push([File("src/cart.py", CLEAN, CLEAN + "\nx = 1\n"), desk.stand_in.files[1]])
    await desk.run(lenses=["security"])
    assert not any(desk.stand_in.is_closed(at) for at in (0, 1))
    await desk.run(interrupted=True)
    assert not any(desk.stand_in.is_closed(at) for at in (0, 1))


async def test_hostile_texts_stay_texts(desk: Desk) -> None:
    """Marks, fences and mentions in code or names of files end nothing and call nobody."""
    forged = "<!-- mirador:remark aaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbb cccccccccccccccc bug tool -->"
    code = CLEAN + f'\n\ndef f(x):\n    return eval("@everyone ``` {forged}")\n'
    desk.stand_in.title = "</details> @everyone [x](https://evil.example)"
    desk.stand_in.push([File("src/a`b|c@d.py", CLEAN, code)])
    await desk.run()
    (body,) = desk.stand_in.bodies
    read = read_remark(body)
    assert read is not None
    assert read[0].place != "a" * 16
    (summary,) = desk.stand_in.summaries
    assert "evil.example" not in summary
    assert "\\|c" in summary
    assert await desk.run() == 0


async def test_a_message_gives_no_orders(desk: Desk) -> None:
    """A host takes a line that begins with a slash for an order of whoever wrote it."""
    await desk.run()
    wanted = IS.replace('""', '"/"').replace("    if", "    # a\n    if")
    ordering = wanted.replace('return "/"', 'return """\n/approve\n"""')
    desk.stand_in.push([File("src/cart.py", CLEAN, ordering)])
    await desk.run()
    for body in (*desk.stand_in.bodies, *desk.stand_in.summaries):
        assert not any(line.startswith("/") for line in body.splitlines())


@pytest.mark.parametrize("kind", [ForgeKind.GITHUB, ForgeKind.GITEA])
async def test_where_threads_cannot_be_resolved_words_are_enough(
    kind: ForgeKind, tmp_path: Path
) -> None:
    """Forgejo cannot, and tokens of workflows may not."""
    async with desk_of(kind, [File("src/cart.py", CLEAN, IS)], tmp_path) as desk:
        desk.stand_in.can_resolve = desk.stand_in.may_resolve = False  # type: ignore[attr-defined]
        await desk.run()
        desk.stand_in.push([File("src/cart.py", CLEAN, CLEAN + "\nx = 1\n")])
        await desk.run()
        assert not desk.stand_in.is_closed(0)
        assert desk.stand_in.bodies[0].startswith("_Mended")
        assert await desk.run() == 0
        desk.stand_in.push([File("src/cart.py", CLEAN, IS)])
        await desk.run()
        assert not desk.stand_in.bodies[0].startswith("_Mended")
        assert await desk.run() == 0


def a_file(text: str, stages: dict[str, Outcome]) -> FileReport:
    """A reviewed file without findings."""
    report = FileReport(Snapshot("file:///a.py", "a.py", "python", text), 0.5)
    for name, outcome in stages.items():
        report.stages.append(StageReport(name, "m", outcome=outcome))
    report.end = ReviewFinished(0.1, (), (), 0, 0, reviewed=True)
    return report


@pytest.mark.parametrize(
    ("text", "stages", "by_model", "mended"),
    [
        ("x = 2\n", {"instant": Outcome.FINISHED}, False, True),
        ("x = 2\n", {"instant": Outcome.FAILED}, False, False),
        ("x = 2\n", {"instant": Outcome.FINISHED}, True, False),
        ("x = 2\n", {"instant": Outcome.FINISHED, "deep": Outcome.FINISHED}, True, True),
        ("  x  = 1\n", {"instant": Outcome.FINISHED, "deep": Outcome.FINISHED}, True, False),
        ("x = 2\n", {"instant": Outcome.FINISHED, "deep": Outcome.FAILED}, True, False),
    ],
)
def test_the_silence_of_a_model_proves_little(
    text: str, stages: dict[str, Outcome], by_model: bool, mended: bool
) -> None:
    """Its remark is mended only where models looked again and the line is another."""
    place = PullPlace(ForgeKind.GITHUB, "https://github.com", "github.com", "a/b", 1)
    pull = PullRequest(place, "t", "a" * 40, "b" * 40, open=True)
    spelled = {"a.py": PulledFile("a.py", ChangeKind.MODIFIED)}
    pulled = Pulled(pull, ChangeSet("t", ()), {}, spelled)
    wishes = PullWishes(text="1", post=True)
    report = Report(files=[a_file(text, stages)])
    marks = Marks("a" * 16, "b" * 16, anchor("x = 1"), Lens.BUG, by_model)
    thread = Thread("1", "1", "a.py", marks, Standing.OPEN, "")
    policy = review_policy(Settings())
    fetched_pull = Fetched(None, pulled, wishes, 9)  # type: ignore[arg-type]
    posting = Posting(fetched_pull, report, None, policy)  # type: ignore[arg-type]
    assert posting._is_mended(thread) is mended
