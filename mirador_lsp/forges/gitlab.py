"""A merge request on GitLab.

After its documentation of the REST API, version 4: "Merge requests API" (docs.gitlab.com
/api/merge_requests), "Repository files API" (/api/repository_files), "Discussions API"
(/api/discussions), "Notes API" (/api/notes), "Emoji reactions API" (/api/emoji_reactions), "Users
API" (/api/users), "Pagination" (/api/rest) and "Rate limits" (/security/rate_limits).
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from mirador_lsp.core.change_sets import ChangeKind
from mirador_lsp.core.errors import ServiceError, UserError
from mirador_lsp.core.events import Notice, NoticeKind
from mirador_lsp.core.pulls import (
    Conversation,
    PulledFile,
    PulledFiles,
    PullPlace,
    PullRequest,
    Remark,
    Standing,
    Thread,
    Told,
)
from mirador_lsp.forges.diffs import is_bare, with_patches
from mirador_lsp.forges.line import Line, Refused, lost
from mirador_lsp.forges.marks import read_remark, read_summary
from mirador_lsp.forges.shapes import (
    number_in,
    object_id,
    rows_in,
    standing,
    text_in,
    title_of,
)

_LINK, _SUBMODULE = "120000", "160000"


class GitLab:
    """The forge of one merge request."""

    def __init__(self, place: PullPlace, line: Line) -> None:
        self._place = place
        self._line = line
        self._project = f"/api/v4/projects/{quote(place.project, safe='')}"
        self._merge = f"{self._project}/merge_requests/{place.number}"
        self._listed = ""

    @property
    def place(self) -> PullPlace:
        """Which merge request it is."""
        return self._place

    async def pull(self) -> PullRequest:
        """What GitLab says of it now."""
        try:
            row = await self._line.data(self._merge)
        except Refused as error:
            raise lost(self._place, error) from error
        head = object_id(text_in(row, "diff_refs", "head_sha") or text_in(row, "sha"))
        if not head:
            message = f"{self._place.host} has not made the diff of {self._place.called} yet."
            raise ServiceError(message, remedy="Run it again in a moment.")
        self._listed = text_in(row, "changes_count")
        return PullRequest(
            place=self._place,
            title=title_of(row),
            head=head,
            base=object_id(text_in(row, "diff_refs", "base_sha")),
            open=text_in(row, "state") == "opened",
            start=object_id(text_in(row, "diff_refs", "start_sha")),
        )

    async def files(self, pull: PullRequest) -> PulledFiles:  # noqa: ARG002 — others need it
        """The files it changes. Of larger ones GitLab gives the hunks in one text only."""
        try:
            rows, more = await self._line.pages(f"{self._merge}/diffs", {"per_page": 50})
        except Refused as error:
            raise lost(self._place, error) from error
        files = tuple(_file(row) for row in rows if text_in(row, "new_path"))
        if any(is_bare(file) for file in files):
            files = with_patches(files, await self._whole_diff())
        listed = int(self._listed) if self._listed.isdecimal() else 0
        # "1000+" stands for more than it counts.
        if more or self._listed.endswith("+") or listed > len(files):
            message = (
                f"GitLab counts {self._listed or 'more'} changed files and lists {len(files):,}: "
                "the others are not reviewed."
            )
            notice = Notice(NoticeKind.TRUNCATED, message, max(listed - len(files), 1))
            return PulledFiles(files, (notice,))
        return PulledFiles(files)

    async def content(self, file: PulledFile, pull: PullRequest, most: int) -> bytes | str:
        """The bytes of a file as the proposed commit has it."""
        path = f"{self._project}/repository/files/{quote(file.name, safe='')}/raw"
        return await self._line.content(path, {"ref": pull.head}, most=most, forge="GitLab")

    async def conversation(self) -> Conversation:
        """What this account said before."""
        threads = []
        summary = None
        try:
            me = number_in(await self._line.data("/api/v4/user"), "id")
            rows, more = await self._line.pages(f"{self._merge}/discussions", {"per_page": 100})
        except Refused as error:
            raise lost(self._place, error) from error
        if more:
            message = f"There is more said on {self._place.called} than can be read."
            raise ServiceError(message, remedy="Nothing was posted, lest it be said twice.")
        for row in rows:
            notes = [note for note in rows_in(row, "notes") if note.get("system") is not True]
            if me is None or not notes or number_in(notes[0], "author", "id") != me:
                continue
            body, number = text_in(notes[0], "body"), number_in(notes[0], "id")
            if number is None:
                continue
            if read_summary(body) is not None:
                summary = Told(str(number), body)
            elif (thread := await self._thread(row, notes, me)) is not None:
                threads.append(thread)
        return Conversation(tuple(threads), summary)

    async def remark(self, pull: PullRequest, remarks: Sequence[Remark]) -> Sequence[Remark]:
        """A discussion for each; GitLab has no way to say several at once."""
        refused = []
        for remark in remarks:
            position: dict[str, object] = {
                "position_type": "text",
                "base_sha": pull.base,
                "head_sha": pull.head,
                "start_sha": pull.start,
                "new_path": remark.name,
                "old_path": remark.old_name,
                # A suggestion counts its lines from here on.
                "new_line": remark.first,
            }
            if remark.old_first is not None:
                position["old_line"] = remark.old_first
            body = {"body": remark.body, "position": position}
            try:
                await self._line.write("POST", f"{self._merge}/discussions", body)
            except Refused as error:
                if error.status not in (400, 422):
                    raise self._unwilling(error) from error
                refused.append(remark)
        return refused

    async def settle(self, thread: Thread, body: str) -> None:
        """Say in the note that it was mended, and resolve its discussion."""
        await self._turn(thread, body, resolved=True)

    async def reopen(self, thread: Thread, body: str) -> None:
        """Give the note its words back, and open its discussion."""
        await self._turn(thread, body, resolved=False)

    async def summarise(self, body: str, known: Told | None) -> None:
        """Write the summary, or replace the one that is known."""
        try:
            if known is not None:
                await self._line.write("PUT", f"{self._merge}/notes/{known.id}", {"body": body})
            else:
                await self._line.write("POST", f"{self._merge}/notes", {"body": body})
        except Refused as error:
            raise self._unwilling(error) from error

    async def close(self) -> None:
        """Hang up."""
        await self._line.close()

    async def _whole_diff(self) -> str:
        """All hunks in one text; "" where this GitLab is too old to give it."""
        try:
            answer = await self._line.read(f"{self._merge}/raw_diffs", accept="*/*")
        except Refused:
            return ""
        return answer.body.decode("utf-8", "replace")

    async def _thread(self, row: Any, notes: list[Any], me: int) -> Thread | None:
        read = read_remark(text_in(notes[0], "body"))
        if read is None:
            return None
        marks, mended = read
        replies = [text_in(n, "body") for n in notes[1:] if number_in(n, "author", "id") != me]
        resolved = any(note.get("resolved") is True for note in notes)
        number = number_in(notes[0], "id")
        found = standing(mended=mended, resolved=resolved, thumbs_down=False, replies=replies)
        if found is not Standing.DECLINED and await self._is_disliked(f"{number}", me):
            found = Standing.DECLINED
        return Thread(
            id=text_in(row, "id"),
            comment=f"{number}",
            name=text_in(notes[0], "position", "new_path"),
            marks=marks,
            standing=found,
            body=text_in(notes[0], "body"),
        )

    async def _is_disliked(self, note: str, me: int) -> bool:
        path = f"{self._merge}/notes/{note}/award_emoji"
        try:
            rows, _ = await self._line.pages(path, {"per_page": 100}, most=3)
        except Refused:
            return False
        return any(
            text_in(row, "name").startswith("thumbsdown") and number_in(row, "user", "id") != me
            for row in rows
        )

    async def _turn(self, thread: Thread, body: str, *, resolved: bool) -> None:
        discussion = f"{self._merge}/discussions/{quote(thread.id, safe='')}"
        try:
            await self._line.write("PUT", f"{discussion}/notes/{thread.comment}", {"body": body})
            await self._line.write("PUT", discussion, {"resolved": resolved})
        except Refused as error:
            if error.status != 404:  # somebody deleted it meanwhile
                raise self._unwilling(error) from error

    def _unwilling(self, error: Refused) -> UserError:
        why = f": {error.message}" if error.message else ""
        message = f"{self._place.host} does not take a comment (HTTP {error.status}{why})."
        return UserError(message, remedy="The merge request may be locked, or its commit gone.")


def _file(row: Any) -> PulledFile:
    modes = (text_in(row, "a_mode"), text_in(row, "b_mode"))
    kind, why_not = ChangeKind.MODIFIED, ""
    if row.get("deleted_file") is True:
        kind, why_not = ChangeKind.DELETED, "deleted"
    elif row.get("new_file") is True:
        kind = ChangeKind.ADDED
    elif row.get("renamed_file") is True:
        kind = ChangeKind.RENAMED
    if not why_not and modes[1] == _SUBMODULE:
        why_not = "a submodule"
    elif not why_not and modes[1] == _LINK:
        why_not = "a symbolic link"
    patch = text_in(row, "diff")
    if patch.startswith("Binary files "):
        patch, why_not = "", why_not or "binary"
    old = text_in(row, "old_path")
    return PulledFile(
        name=text_in(row, "new_path"),
        kind=kind,
        old_name=old if old != text_in(row, "new_path") else "",
        patch=patch or None,
        why_not=why_not,
    )
