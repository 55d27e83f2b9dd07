"""A pull request on Gitea or Forgejo.

After the description that each of them serves of its own interface, version 1 (docs.gitea.com/api,
codeberg.org/api/swagger): the operations repoGetPullRequest, repoDownloadPullDiffOrPatch,
repoGetPullRequestFiles, repoGetRawFile, repoListPullReviews, repoGetPullReviewComments,
repoCreatePullReview, repoResolvePullReviewComment (Gitea 1.26 and later; Forgejo has none),
issueGetComments, issueCreateComment, issueEditComment, issueGetCommentReactions and userGetCurrent.
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
from mirador_lsp.forges.diffs import with_patches
from mirador_lsp.forges.line import Line, Refused, lost
from mirador_lsp.forges.marks import read_remark, read_summary
from mirador_lsp.forges.shapes import (
    PREFACE,
    number_in,
    object_id,
    standing,
    text_in,
    title_of,
)

_PAGE = 50
"""Rows of a page: the most that a Gitea gives unless it is told otherwise."""
_KINDS = {
    "added": ChangeKind.ADDED,
    "copied": ChangeKind.ADDED,
    "deleted": ChangeKind.DELETED,
    "renamed": ChangeKind.RENAMED,
}


class Gitea:
    """The forge of one pull request."""

    def __init__(self, place: PullPlace, line: Line) -> None:
        self._place = place
        self._line = line
        self._repository = f"/api/v1/repos/{place.project}"
        self._pull = f"{self._repository}/pulls/{place.number}"
        self._listed: int | None = None

    @property
    def place(self) -> PullPlace:
        """Which pull request it is."""
        return self._place

    async def pull(self) -> PullRequest:
        """What the forge says of it now."""
        try:
            row = await self._line.data(self._pull)
        except Refused as error:
            raise lost(self._place, error) from error
        head = object_id(text_in(row, "head", "sha"))
        if not head:
            raise self._line.garbled()
        self._listed = number_in(row, "changed_files")
        return PullRequest(
            place=self._place,
            title=title_of(row),
            head=head,
            base=object_id(text_in(row, "merge_base") or text_in(row, "base", "sha")),
            open=text_in(row, "state") == "open",
        )

    async def files(self, pull: PullRequest) -> PulledFiles:  # noqa: ARG002 — others need it
        """The files it changes, their hunks from the diff of all."""
        try:
            rows, more = await self._line.pages(f"{self._pull}/files", {"limit": _PAGE})
            diff = (await self._line.read(f"{self._pull}.diff", accept="text/plain")).body
        except Refused as error:
            raise lost(self._place, error) from error
        listed = tuple(_file(row) for row in rows if text_in(row, "filename"))
        files = with_patches(listed, diff.decode("utf-8", "replace"))
        missing = (self._listed or 0) - len(files)
        if more or missing > 0:
            message = f"The forge lists {len(files):,} changed files: the others are not reviewed."
            return PulledFiles(files, (Notice(NoticeKind.TRUNCATED, message, max(missing, 1)),))
        return PulledFiles(files)

    async def content(self, file: PulledFile, pull: PullRequest, most: int) -> bytes | str:
        """The bytes of a file as the proposed commit has it."""
        path = f"{self._repository}/raw/{quote(file.name)}"
        return await self._line.content(path, {"ref": pull.head}, most=most, forge="the forge")

    async def conversation(self) -> Conversation:
        """What this account said before."""
        try:
            me = number_in(await self._line.data("/api/v1/user"), "id")
            if me is None:
                raise self._line.garbled()
            reviews = await self._rows(f"{self._pull}/reviews")
            threads: list[Thread] = []
            for review in reviews:
                number = number_in(review, "id")
                if number is not None and number_in(review, "user", "id") == me:
                    path = f"{self._pull}/reviews/{number}/comments"
                    threads += await self._threads(await self._rows(path), me)
            summary = await self._summary(me)
        except Refused as error:
            raise lost(self._place, error) from error
        return Conversation(tuple(threads), summary)

    async def remark(self, pull: PullRequest, remarks: Sequence[Remark]) -> Sequence[Remark]:
        """One review that holds them all; where it is not taken, each by itself."""
        refused = await self._review(pull, remarks)
        if not refused or len(remarks) == 1:
            return refused
        return [each for one in remarks for each in await self._review(pull, [one])]

    async def settle(self, thread: Thread, body: str) -> None:
        """Say in the comment that it was mended; newer forges can also resolve it."""
        await self._turn(thread, body, "resolve")

    async def reopen(self, thread: Thread, body: str) -> None:
        """Give the comment its words back, and open it."""
        await self._turn(thread, body, "unresolve")

    async def summarise(self, body: str, known: Told | None) -> None:
        """Write the summary, or replace the one that is known."""
        issues = f"{self._repository}/issues"
        try:
            if known is not None:
                await self._line.write("PATCH", f"{issues}/comments/{known.id}", {"body": body})
                return
            path = f"{issues}/{self._place.number}/comments"
            await self._line.write("POST", path, {"body": body})
        except Refused as error:
            raise self._unwilling(error) from error

    async def close(self) -> None:
        """Hang up."""
        await self._line.close()

    async def _rows(self, path: str) -> list[Any]:
        rows, more = await self._line.pages(path, {"limit": _PAGE})
        if more:
            message = f"There is more said on {self._place.called} than can be read."
            raise ServiceError(message, remedy="Nothing was posted, lest it be said twice.")
        return rows

    async def _summary(self, me: int) -> Told | None:
        found = None
        for row in await self._rows(f"{self._repository}/issues/{self._place.number}/comments"):
            number, body = number_in(row, "id"), text_in(row, "body")
            ours = number_in(row, "user", "id") == me
            if ours and number is not None and read_summary(body) is not None:
                found = Told(str(number), body)
        return found

    async def _threads(self, rows: list[Any], me: int) -> list[Thread]:
        """Our remarks among the comments of a review. What others wrote at the same line answers
        them: a review has one conversation for each line.
        """
        found = []
        for row in rows:
            read = read_remark(text_in(row, "body"))
            number = number_in(row, "id")
            if read is None or number is None or number_in(row, "user", "id") != me:
                continue
            marks, mended = read
            there = [each for each in rows if _line_of(each) == _line_of(row)]
            others = [each for each in there if number_in(each, "user", "id") != me]
            resolved = any(isinstance(each.get("resolver"), dict) for each in there)
            stands = standing(
                mended=mended,
                resolved=resolved,
                thumbs_down=False,
                replies=[text_in(each, "body") for each in others],
            )
            if stands is not Standing.DECLINED and await self._is_disliked(number, me):
                stands = Standing.DECLINED
            name, body = text_in(row, "path"), text_in(row, "body")
            found.append(Thread(str(number), str(number), name, marks, stands, body))
        return found

    async def _is_disliked(self, comment: int, me: int) -> bool:
        path = f"{self._repository}/issues/comments/{comment}/reactions"
        try:
            answer = await self._line.read(path)
        except Refused:
            return False
        # A forge without any reaction answers `null`, and some answer nothing.
        rows = self._line.json(answer) if answer.body else None
        return isinstance(rows, list) and any(
            text_in(row, "content") == "-1" and number_in(row, "user", "id") != me for row in rows
        )

    async def _review(self, pull: PullRequest, remarks: Sequence[Remark]) -> Sequence[Remark]:
        comments = [
            {"path": each.name, "body": each.body, "new_position": each.first, "old_position": 0}
            for each in remarks
        ]
        review = {
            "commit_id": pull.head,
            "event": "COMMENT",
            "body": PREFACE,
            "comments": comments,
        }
        try:
            await self._line.write("POST", f"{self._pull}/reviews", review)
        except Refused as error:
            if error.status != 422:
                raise self._unwilling(error) from error
            return list(remarks)
        return ()

    async def _turn(self, thread: Thread, body: str, how: str) -> None:
        try:
            path = f"{self._repository}/issues/comments/{thread.comment}"
            await self._line.write("PATCH", path, {"body": body})
        except Refused as error:
            if error.status == 404:  # somebody deleted it meanwhile
                return
            raise self._unwilling(error) from error
        try:
            path = f"{self._repository}/pulls/comments/{thread.id}/{how}"
            await self._line.write("POST", path, {})
        except Refused as error:
            if error.status not in (404, 405):  # this forge cannot do it
                raise self._unwilling(error) from error

    def _unwilling(self, error: Refused) -> UserError:
        why = f": {error.message}" if error.message else ""
        message = f"{self._place.host} does not take a comment (HTTP {error.status}{why})."
        return UserError(message, remedy="The pull request may be locked, or its commit gone.")


def _line_of(row: Any) -> tuple[str, int | None]:
    return text_in(row, "path"), number_in(row, "position")


def _file(row: Any) -> PulledFile:
    kind = _KINDS.get(text_in(row, "status"), ChangeKind.MODIFIED)
    return PulledFile(
        name=text_in(row, "filename"),
        kind=kind,
        old_name=text_in(row, "previous_filename") if kind is ChangeKind.RENAMED else "",
        why_not="deleted" if kind is ChangeKind.DELETED else "",
    )
