"""Mirador, ready to be asked: everything that surfaces can ask for, each as one method."""

import asyncio
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mirador_lsp import change_reviews
from mirador_lsp.analysis.worker import ParseWorker
from mirador_lsp.assembly import (
    Workplaces,
    usable_model,
)
from mirador_lsp.books import Books
from mirador_lsp.checkup import examine
from mirador_lsp.core.answers import Answer, AnswerRequest, EmitAnswer, Turn
from mirador_lsp.core.chains import Chain, EmitChain, Outcome
from mirador_lsp.core.changes import (
    Attempted,
    ChangeRequest,
    EmitChange,
    Intent,
    Patch,
    RunTests,
)
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import IndexUnavailable, UserError
from mirador_lsp.core.events import Emit
from mirador_lsp.core.feedback import Particulars, Verdict, opinion_on
from mirador_lsp.core.figures import Summary
from mirador_lsp.core.findings import Finding
from mirador_lsp.core.health import Check
from mirador_lsp.core.history import Visit
from mirador_lsp.core.outline import Outline, Surroundings
from mirador_lsp.core.policy import ReviewPolicy
from mirador_lsp.core.ports import (
    FeedbackBook,
    Measurements,
    ModelBackend,
)
from mirador_lsp.core.requests import ReviewRequest
from mirador_lsp.core.retrieval import Memory
from mirador_lsp.core.rounds import RoundBook
from mirador_lsp.core.routing import Chosen, Matrix, Workings
from mirador_lsp.core.tasks import Supervisor
from mirador_lsp.core.text import Span
from mirador_lsp.engine.chains.running import Manner, run_chain
from mirador_lsp.engine.engine import Engine
from mirador_lsp.engine.figures.recording import Figures
from mirador_lsp.engine.priority import Ranked
from mirador_lsp.engine.recording.recorder import Recorder
from mirador_lsp.index.client import IndexClient
from mirador_lsp.index.clients import Clients
from mirador_lsp.ipc.clock import SystemClock
from mirador_lsp.measuring import measure
from mirador_lsp.models.discovery import tell_log
from mirador_lsp.models.embedded import EmbeddedBackend
from mirador_lsp.models.habits import usual_model
from mirador_lsp.models.power import on_battery
from mirador_lsp.models.queues import queues_of
from mirador_lsp.models.servers import Server
from mirador_lsp.models.storage import ModelStore
from mirador_lsp.ordering import in_order_of_risk
from mirador_lsp.settings import Paths, Settings, change_policy, review_policy
from mirador_lsp.workspace.git.changes import Changes, changes_of
from mirador_lsp.workspace.intake import gather
from mirador_lsp.workspace.new_tests import new_tests
from mirador_lsp.workspace.sources import Source
from mirador_lsp.workspace.test_runs import ProjectTests

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class App:
    """Mirador, ready to be asked. Open one with `open_app`."""

    settings: Settings
    paths: Paths
    engine: Engine
    backend: ModelBackend
    parser: ParseWorker
    store: ModelStore
    feedback: FeedbackBook
    figures: Figures
    recorder: Recorder
    """Keeps what was asked, what came of it, and what became of findings."""
    """Counts what is asked."""
    problems: tuple[Check, ...] = ()
    """What was wrong when it opened, and was worked around."""
    trusted: Path | None = None
    """The workspace folder, where the user trusts it: its tests may run."""
    embedded: EmbeddedBackend | None = None
    """The embedded engine, where it is used."""
    servers: tuple[Server, ...] = ()
    """The model servers that the user named."""
    matrix: Matrix = field(default_factory=Matrix)
    """Which model is believed to do which task how well."""
    supervisor: Supervisor = field(default_factory=Supervisor)
    """Owns what goes on when nobody waits."""
    measurements: Measurements | None = None
    """How models did."""
    indexes: Clients = field(default_factory=Clients)
    """The indexes of workspaces."""
    workplaces: Workplaces = field(default_factory=Workplaces)
    """Which of them a document is in."""
    books: Books | None = None
    """Everything that is remembered."""

    @property
    def rounds(self) -> RoundBook | None:
        """How far reviews of branches have come; None where nobody remembers."""
        return self.books.rounds if self.books is not None else None

    async def review(self, request: ReviewRequest, emit: Emit) -> None:
        """Review a document, telling `emit` everything. Cancelling the task stops the model."""
        with self.recorder.review(request, emit) as told:
            async with self.figures.of_review(request, told) as tell:
                await self.engine.review(request, tell)
        if self.engine.comparing.review_ended():
            self.supervisor.start(self._compare(request.policy), "comparison of models")

    def index(self, folder: Path) -> IndexClient:
        """The index of a workspace folder. Raises `UserError` where the user wants none."""
        index = self.indexes.of(folder)
        self.workplaces.use(folder)
        return index

    async def _compare(self, policy: ReviewPolicy) -> None:
        """Let the models that the stages run on answer what was asked; not on battery."""
        if await asyncio.to_thread(on_battery):
            return
        choices = await self.engine.choices(policy)
        cards = [choice.cards[0] for choice in choices.values()]

        if self.books is not None:
            await self.engine.comparing.run(cards, self.books.comparisons.keep)

    async def in_order_of_risk(
        self, folder: Path, snapshots: Sequence[Snapshot]
    ) -> tuple[Sequence[Ranked], tuple[str, ...]]:
        """Files of a workspace folder, riskiest first, and in sentences what does not count."""
        index = self.indexes.of(folder) if self.indexes.enabled else None
        history = self.books.history if self.books is not None else None
        return await in_order_of_risk(folder, snapshots, index, history)

    async def answer(self, request: AnswerRequest, emit: EmitAnswer) -> None:
        """Answer a question about code, telling `emit` everything. Cancelling stops the model."""
        with self.recorder.answer(request, emit) as told:
            async with self.figures.of_answer(request, told) as tell:
                await self.engine.answer(request, tell)
        # Its words are shown by now; once it is acknowledged they are on disk.
        await self.recorder.write()

    def known_answer(
        self, snapshot: Snapshot, outline: Outline, span: Span | None
    ) -> Answer | None:
        """What was explained before of the code that `span` means; no model is asked."""
        return self.engine.known_answer(snapshot, outline, span)

    async def chain(self, chain: Chain, snapshot: Snapshot, emit: EmitChain) -> Outcome:
        """Run a chain on a file; what came of it. Writes nothing. Cancelling stops the model."""
        tests = self.run_tests(self.trusted) if self.trusted is not None else None
        manner = Manner(
            chain,
            review_policy(self.settings),
            change_policy(self.settings),
            run_tests=tests,
            repairs=self.settings.fix.repairs,
        )
        return await run_chain(manner, snapshot, self, SystemClock().monotonic, emit)

    async def outline(self, snapshot: Snapshot) -> Outline:
        """The symbols and review units of a document. Never raises for what the text holds."""
        return await self.parser.outline(snapshot)

    async def change(self, request: ChangeRequest, emit: EmitChange) -> None:
        """Write a change and check it, telling `emit` everything. Cancelling stops the model."""
        snapshot = request.snapshot
        if request.intent is Intent.TESTS and request.new_tests is None and snapshot.path:
            place = await asyncio.to_thread(new_tests, Path(snapshot.path), snapshot.language)
            request = replace(request, new_tests=place)
        with self.recorder.change(request, emit) as told:
            async with self.figures.of_change(request, told) as tell:
                await self.engine.change(request, tell)

    async def check_change(self, request: ChangeRequest, text: str) -> Attempted:
        """How far a text that is ready gets as the new text of the request's document."""
        return await self.engine.check(request, text)

    async def safe_fixes(self, request: ChangeRequest) -> Patch | None:
        """Every safe analyzer fix among the request's findings, checked, as one patch."""
        return await self.engine.safe_fixes(request)

    async def surroundings(self, snapshot: Snapshot, span: Span) -> Surroundings:
        """What stands around a place. Raises `AnalyzerError` when the parser is lost."""
        return await self.parser.surroundings(snapshot, span)

    def run_tests(self, folder: Path) -> RunTests | None:
        """Runs the tests of a workspace folder with one document changed.

        None unless the settings name a command and the user trusts that very workspace.
        """
        fix = self.settings.fix
        if not fix.tests or self.trusted is None:
            return None
        # Not `resolve`: the trusted folder is spelled as the surface spells it, and disks are slow.
        if os.path.abspath(folder) != os.path.abspath(self.trusted):  # noqa: PTH100
            return None
        scratch = self.paths.cache / "tests"
        return ProjectTests(self.trusted, fix.tests, fix.test_seconds, scratch)

    async def remember(self, folder: Path, memory: Memory) -> None:
        """Have a memory of now found in a workspace folder later, where there is an index."""
        memory = replace(memory, time=SystemClock().wall())
        try:
            await self.index(folder).remember([memory])
            self.recorder.remembered(str(folder), memory)
        except (IndexUnavailable, UserError) as error:
            _log.info("not kept for later: %s", error)

    async def opine(
        self,
        uri: str,
        finding: Finding,
        verdict: Verdict,
        reason: str = "",
        more: Particulars | None = None,
    ) -> None:
        """Keep what the user thinks of a finding. Raises `ServiceError` where it cannot be kept."""
        now = SystemClock().wall()
        said = opinion_on(finding, verdict, reason, uri=uri, time=now, more=more)
        await self.feedback.record(said)
        self.recorder.decided(uri, finding, verdict, reason)

    def attend(self, visit: Visit) -> None:
        """Who works where from now on; to be said before the first request."""
        self.recorder.attend(visit)
        self.figures.attend(visit)

    async def turns(self, conversation: str, most: int) -> Sequence[Turn]:
        """What was said in a conversation of this session, also before a restart, oldest first."""
        return await self.recorder.turns(conversation, most)

    def shown(self, snapshot: Snapshot, findings: Sequence[Finding]) -> None:
        """Findings of a document are before the user's eyes."""
        self.recorder.shown(snapshot, findings)

    async def changed_since(self, snapshot: Snapshot, opened: str) -> Changes:
        """What differs from the last commit or, where git knows none of it, from `opened`."""
        return await changes_of(snapshot, opened)

    async def changed_in(
        self, folder: Path, texts: Mapping[Path, str]
    ) -> change_reviews.Understood:
        """What is not committed yet in a folder, understood; `texts` stand in place of those on the
        disk. Raises `UserError` where git cannot tell.
        """
        return await change_reviews.understand_uncommitted(folder, texts, self.parser)

    def sources(self, folders: Sequence[Path]) -> Iterator[Snapshot | str]:
        """The source files in folders and, in words, what is left out: iterate in a thread."""
        for folder in folders:
            for entry in gather(["."], cwd=folder):
                if isinstance(entry, Source):
                    yield entry.snapshot
                else:
                    yield f"{entry.name}: {entry.reason}"

    async def restart_models(self) -> bool:
        """End the engine for every Mirador process of the user; the next question starts it anew.

        Open replies end with `ModelUnavailable`. False when there was none to end.
        """
        return await self.embedded.stop() if self.embedded is not None else False

    async def usable_model(self, name: str) -> str:
        """The full name of a model that can be used now, from it or an alias. Raises `UserError`
        where there is none.
        """
        return await usable_model(name, self.backend, self.store.catalogue)

    async def has_models(self) -> bool:
        """Whether any model can be used now. None is loaded to find out."""
        return bool(await self.backend.cards())

    async def warm_up(self) -> None:
        """Start what the first instant stage would have to wait for."""
        await self.parser.health()
        await self.parser.warm()

    async def warm_models(self) -> None:
        """Load the model that is needed first, unless the user or the battery is against it."""
        self.supervisor.start(tell_log(self.servers), "look for model servers")
        if not await self._may_warm():
            return
        first = await self.engine.warmer.load(review_policy(self.settings))
        await self.load_expected("", besides=(first,))

    async def load_expected(self, language: str, *, besides: Sequence[str] = ()) -> str:
        """Load the model that habits let expect next, with a file of that language in view, where
        it is not in memory. Gives its name; "" where none is likely enough or none is to be loaded.
        """
        if self.measurements is None or self.settings.engine.resident_models < 2:
            return ""
        if not await self._may_warm():
            return ""
        there = [name for queue in (await self.workings()).queues for name in queue.residents]
        now, besides = SystemClock().wall(), (*besides, *there)
        usual = await usual_model(self.measurements, now, language, besides=besides)
        return await self.engine.warmer.load(review_policy(self.settings), usual) if usual else ""

    async def measured(self, days: int) -> Summary | None:
        """What was counted in the last `days`; None where nothing is counted or remembered. Raises
        `ServiceError` and `UserError` for what cannot be read.
        """
        if self.books is None:
            return None
        folder = self.paths.config_file.parent
        return await measure(self.settings, self.books, folder, days)

    async def workings(self) -> Workings:
        """Which model each stage would run on and why, and who waits for what. Starts nothing."""
        choices = await self.engine.choices(review_policy(self.settings))
        chosen = [Chosen(name, each.cards[0].name, each.reason) for name, each in choices.items()]
        return Workings(tuple(chosen), await queues_of(self.embedded, self.servers))

    async def read_ahead(self, snapshot: Snapshot, outline: Outline, cursor: int) -> bool:
        """Have that model read the code around `cursor` before anybody asks. Cancelling stops it.

        False where it was not done or need not be.
        """
        if not await self._may_warm():
            return False
        return await self.engine.warmer.read(
            snapshot, outline, cursor, review_policy(self.settings)
        )

    async def _may_warm(self) -> bool:
        return self.settings.engine.prewarm and not await asyncio.to_thread(on_battery)

    async def try_speculation(self) -> None:
        """Try for each model of this machine whether guessing ahead in replies pays here."""
        if self.embedded is not None:
            await self.embedded.try_speculation(SystemClock().wall())

    async def doctor(self) -> tuple[Check, ...]:
        """Look at everything the main job needs. Never raises for what is missing."""
        return (*await examine(self), *self.problems)
