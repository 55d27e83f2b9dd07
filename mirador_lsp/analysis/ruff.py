"""The analyzer "ruff": Python facts from the ruff of our own environment.

Facts about ruff's places, each held by a test: rows and columns count from 1; columns count code
points; a byte order mark is not counted; lines end as in `core.text`, form feeds and U+2028 do not
end one. Lone surrogates have no UTF-8 form and make ruff refuse the file, so each is sent as
U+FFFD, which is as long.

The workspace has no say: no configuration, no cache, no variable of the environment and no file
name reaches ruff.
"""

import asyncio
import logging
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

import msgspec

from mirador_lsp.analysis.anchor import Anchor, Identities, anchored
from mirador_lsp.analysis.bounds import first_of_each
from mirador_lsp.analysis.pieces import UNDEFINED, as_piece, is_piece, notice, undefined_names
from mirador_lsp.analysis.process import Finished, run_to_end
from mirador_lsp.analysis.ruff_fixes import (
    BOM,
    STAND_IN,
    SURROGATE,
    Place,
    RuffFix,
    fix_of,
    offset_of,
)
from mirador_lsp.analysis.ruff_map import Meaning, RuffMap, load_ruff_map
from mirador_lsp.core.clean import plain
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.errors import AnalyzerError
from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.findings import Finding, Origin, Severity
from mirador_lsp.core.policy import INSTANT
from mirador_lsp.core.ports import Analysis
from mirador_lsp.core.text import Span

_log = logging.getLogger(__name__)

_REINSTALL: Final = "Reinstall Mirador, or install ruff beside it: pip install ruff"
_SYNTAX: Final = "invalid-syntax"
_SYNTAX_RULE = "ruff/syntax-error"
_LARGE_ANSWER = 100_000
_MOST_PLACED = 60
"""Findings of one code that get a place; of these, those listed are chosen."""
_SILENCER: Final = re.compile(r"noqa|ruff:|flake8:", re.IGNORECASE)
_DOCUMENTATION: Final = "https://docs.astral.sh/ruff/"
_MAX_TEXT: Final = 8_000_000
"""Characters; ruff reads about ten million a second, and generated files this long help nobody."""


class _Item(msgspec.Struct, frozen=True):
    """One line of ruff's output."""

    code: str | None
    message: str
    location: Place
    end_location: Place
    url: str | None = None
    fix: RuffFix | None = None


_Answer = tuple[list[_Item], tuple[Notice, ...]]
"""What one run of ruff found, and what was wrong with its answer."""


def find_ruff() -> str:
    """Path of the ruff executable of this environment.

    Raises `AnalyzerError` with a remedy when there is none. A ruff elsewhere on PATH is not taken:
    the table of meanings fits the pinned version.
    """
    try:
        # Imported here because its absence is ours to report, not the importer's.
        from ruff import find_ruff_bin  # type: ignore[import-untyped]  # noqa: PLC0415

        return str(find_ruff_bin())
    except (ImportError, FileNotFoundError) as error:
        message = "ruff is not installed in Mirador's environment."
        raise AnalyzerError(message, remedy=_REINSTALL) from error


class RuffAnalyzer:
    """Runs ruff on the text of a snapshot. Nothing is read from disk but ruff itself."""

    def __init__(
        self, executable: str = "", *, seconds: float = 10.0, max_output: int = 8_000_000
    ) -> None:
        """`executable` "" means the ruff of this environment, looked for at the first analysis.

        `seconds` bounds one run of ruff, `max_output` the bytes of its answer that are read.
        """
        self._executable = executable
        self._table: RuffMap | None = None
        self._preparing = asyncio.Lock()
        self._seconds = seconds
        self._max_output = max_output

    @property
    def name(self) -> str:
        """The name findings carry as their tool."""
        return "ruff"

    def handles(self, language: str) -> bool:
        """Python only."""
        return language == "python"

    async def analyze(self, snapshot: Snapshot) -> Analysis:
        """Ruff's findings in the order of the text.

        Comments that silence ruff are obeyed, save for security findings of weight: whoever wrote
        the file may be the one to mistrust, so those stay, as information that says so.
        """
        if len(snapshot.text) > _MAX_TEXT:
            message = f"ruff was not asked: the file is longer than {_MAX_TEXT:,} characters."
            raise AnalyzerError(message)
        payload = SURROGATE.sub(STAND_IN, snapshot.text.removeprefix(BOM)).encode()
        shape = _stand_in(snapshot.name)
        table = await self._prepared()
        silenced: list[_Item] = []
        if _SILENCER.search(snapshot.text):
            (items, notices), (grave, cut) = await self._ask_twice(payload, shape, table)
            # After a cut answer, what is missing in it would look silenced.
            if not notices:
                heard = set(items)
                silenced = [item for item in grave if item not in heard]
                notices = cut
        else:
            items, notices = await self._ask(payload, shape, table.selected(), table.ignored())
        findings, unknown, left = _findings(snapshot, table, items, silenced)
        findings, over = first_of_each(findings, left)
        notices += over
        undefined = undefined_names(
            item.message for item in items if _rule(item.code or "") == UNDEFINED
        )
        if is_piece(snapshot.text, undefined):
            findings = as_piece(findings)
            notices += (notice(undefined),)
        if any(finding.rule == _SYNTAX_RULE for finding in findings):
            message = f"{snapshot.name} does not parse as Python; checks there are unsure."
            notices += (Notice(NoticeKind.BROKEN, message, 1, INSTANT),)
        if unknown:
            message = f"{unknown} findings of ruff have a rule that Mirador does not know."
            notices += (Notice(NoticeKind.SKIPPED, message, unknown, INSTANT),)
        return Analysis(findings, notices)

    async def _ask_twice(
        self, payload: bytes, shape: str, table: RuffMap
    ) -> tuple[_Answer, _Answer]:
        """What ruff says, and what it says of the grave rules to a deaf ear: at the same time."""
        try:
            async with asyncio.TaskGroup() as group:
                obeying = group.create_task(
                    self._ask(payload, shape, table.selected(), table.ignored())
                )
                deaf = group.create_task(
                    self._ask(payload, shape, table.grave(), (), "--ignore-noqa")
                )
        except ExceptionGroup as failed:
            for error in failed.exceptions:
                if isinstance(error, AnalyzerError):
                    raise error from failed
            raise
        return obeying.result(), deaf.result()

    async def _ask(
        self,
        payload: bytes,
        shape: str,
        select: Sequence[str],
        ignore: Sequence[str],
        *extra: str,
    ) -> _Answer:
        table = await self._prepared()
        command = [self._executable, "check", "--isolated", "--no-cache", "--no-fix"]
        command += ["--output-format", "json-lines", "--target-version", table.target_version]
        command += ["--select", ",".join(select), *extra]
        if ignore:
            command += ["--ignore", ",".join(ignore)]
        command += ["--stdin-filename", shape, "-"]
        done = await run_to_end(
            command, payload, seconds=self._seconds, max_output=self._max_output, what="ruff"
        )
        # A file full of findings makes megabytes of answer; reading them must not hold the loop.
        large = len(done.output) > _LARGE_ANSWER
        return await asyncio.to_thread(_read, done) if large else _read(done)

    async def _prepared(self) -> RuffMap:
        """The table, once ruff is found. Both read the disk, so not on the event loop.

        One at a time: ruff's own search asks `sysconfig`, which answers None to a second thread
        while the first one fills its table (CPython 3.11).
        """
        if self._table is not None:
            return self._table
        async with self._preparing:
            if not self._executable:
                self._executable = await asyncio.to_thread(find_ruff)
            if self._table is None:
                self._table = await asyncio.to_thread(load_ruff_map)
            return self._table


def _stand_in(name: str) -> str:
    """A file name of ours that makes ruff treat the text like `name`: stubs and packages differ."""
    if PurePath(name).suffix == ".pyi":
        return "module.pyi"
    return "__init__.py" if PurePath(name).name == "__init__.py" else "module.py"


def _read(done: Finished) -> tuple[list[_Item], tuple[Notice, ...]]:
    """The items of a finished run. Raises `AnalyzerError` when ruff failed or cannot be read."""
    if done.status not in (0, 1) and not done.cut:
        said = plain(done.errors, 200) or "it gave no reason"
        message = f"ruff stopped with status {done.status}: {said}"
        raise AnalyzerError(message, remedy=_REINSTALL)
    if done.errors:
        _log.debug("ruff: %s", plain(done.errors))
    output = done.output
    notices: tuple[Notice, ...] = ()
    if done.cut:
        output = output[: output.rfind(b"\n") + 1]
        message = "ruff found more than can be read; its findings after the first ones are missing."
        notices = (Notice(NoticeKind.TRUNCATED, message, stage=INSTANT),)
    try:
        return msgspec.json.Decoder(_Item).decode_lines(output), notices
    except msgspec.DecodeError as error:
        message = "ruff answered in a form that Mirador cannot read."
        raise AnalyzerError(message, remedy=_REINSTALL) from error


@dataclass(frozen=True)
class _Said:
    """One item with what it means here."""

    anchor: Anchor
    code: str
    row: int
    meaning: Meaning
    item: _Item
    hushed: bool
    """A comment in the file tells ruff to keep quiet about it."""


def _findings(
    snapshot: Snapshot, table: RuffMap, items: list[_Item], silenced: list[_Item]
) -> tuple[tuple[Finding, ...], int, Mapping[str, int]]:
    """The findings of both runs in the order of the text, how many have no meaning here, and how
    many of each rule were left out because there are too many.
    """
    said: list[_Said] = []
    unknown = 0
    everything = [(item, False) for item in items] + [(item, True) for item in silenced]
    seen: Counter[tuple[str, bool]] = Counter()
    for item, hushed in everything:
        seen[item.code or "", hushed] += 1
        meaning = table.meaning(item.code or "", item.message)
        if meaning is None:
            unknown += 1
        elif seen[item.code or "", hushed] > _MOST_PLACED:
            continue  # counted below; placing thousands of them would hold the event loop
        elif not hushed or meaning.severity.at_least(Severity.WARNING):
            anchor = anchored(snapshot.text, snapshot.lines, _span(snapshot, item))
            row = item.location.row
            said.append(_Said(anchor, item.code or "", row, meaning, item, hushed))
    said = _without_echoes(said)
    said.sort(key=lambda s: (s.anchor.span, s.code))
    identities = Identities()
    findings = tuple(_finding(snapshot, s, identities) for s in said)
    left: Counter[str] = Counter()
    for (code, _), count in seen.items():
        left[_rule(code)] += max(0, count - _MOST_PLACED)
    return findings, unknown, left


def _without_echoes(said: list[_Said]) -> list[_Said]:
    """What is left when each mistake is said once a line."""
    covered = {(s.row, code) for s in said for code in s.meaning.covers}
    stumbled: set[int] = set()
    kept: list[_Said] = []
    for one in sorted(said, key=lambda s: (s.row, s.item.location.column)):
        if (one.row, one.code) in covered or one.row in stumbled:
            continue
        if one.code == _SYNTAX:
            # One mistake makes the parser stumble several times in a row.
            stumbled.add(one.row)
        kept.append(one)
    return kept


def _rule(code: str) -> str:
    return _SYNTAX_RULE if code == _SYNTAX else f"ruff/{code}"


def _finding(snapshot: Snapshot, said: _Said, identities: Identities) -> Finding:
    rule = _rule(said.code)
    severity, message, url = said.meaning.severity, said.item.message, said.item.url
    if said.hushed:
        severity = Severity.INFORMATION
        message = f"{message} (silenced by a comment in the file)"
    return Finding(
        id=identities.of(rule, said.anchor),
        rule=rule,
        lens=said.meaning.lens,
        severity=severity,
        message=plain(message),
        span=said.anchor.span,
        confidence=said.meaning.confidence,
        origin=Origin(stage=INSTANT, tool="ruff"),
        quote=said.anchor.quote,
        help_uri=url if url is not None and url.startswith(_DOCUMENTATION) else None,
        cwe=said.meaning.cwe,
        # Whoever silenced a remark does not want it mended in passing.
        fix=None if said.hushed else fix_of(snapshot, said.item.fix, said.code),
    )


def _span(snapshot: Snapshot, item: _Item) -> Span:
    start = offset_of(snapshot, item.location)
    return Span(start, max(start, offset_of(snapshot, item.end_location)))
