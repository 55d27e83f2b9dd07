"""A pull request on GitHub or GitHub Enterprise Server.

After its documentation, version 2022-11-28: "REST API endpoints for pull requests" (docs.github.com
/rest/pulls/pulls), ".. for pull request reviews" (/rest/pulls/reviews), ".. for pull request review
comments" (/rest/pulls/comments), ".. for issue comments" (/rest/issues/comments), ".. for Git
blobs" (/rest/git/blobs), "Rate limits for the REST API" and "Best practices" (/rest/using-the-rest-
api). Threads and who wrote what are only in "GraphQL API reference" (/graphql/reference).
"""

import hashlib
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
    Thread,
    Told,
)
from mirador_lsp.forges.diffs import is_bare, with_patches
from mirador_lsp.forges.line import Line, Refused, lost
from mirador_lsp.forges.marks import read_remark, read_summary
from mirador_lsp.forges.shapes import (
    PREFACE,
    number_in,
    object_id,
    rows_in,
    standing,
    text_in,
    title_of,
)

HEADERS = {"X-GitHub-Api-Version": "2022-11-28"}
_RAW = "application/vnd.github.raw+json"
_DIFF = "application/vnd.github.diff"
_MOST_FILES_PAGES = 30
"""GitHub lists 3,000 files of a pull request at most."""
_KINDS = {
    "added": ChangeKind.ADDED,
    "copied": ChangeKind.ADDED,
    "removed": ChangeKind.DELETED,
    "renamed": ChangeKind.RENAMED,
}
_THREADS = """\
query Threads($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      reviewThreads(first: 50, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes {
          id
          isResolved
          path
          comments(first: 50) {
            nodes {
              databaseId
              body
              viewerDidAuthor
              reactionGroups { content reactors(first: 1) { totalCount } }
            }
          }
        }
      }
    }
  }
}"""
_COMMENTS = """\
query Comments($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      comments(first: 100, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { databaseId body viewerDidAuthor }
      }
    }
  }
}"""
_RESOLVE = """\
mutation Resolve($thread: ID!) {
  resolveReviewThread(input: {threadId: $thread}) { thread { id isResolved } }
}"""
_UNRESOLVE = """\
mutation Unresolve($thread: ID!) {
  unresolveReviewThread(input: {threadId: $thread}) { thread { id isResolved } }
}"""
_MOST_PAGES = 40


def api_of(place: PullPlace) -> tuple[str, str, str]:
    """The address to ask, and the paths of the two interfaces below it."""
    if place.host == "github.com":
        return "https://api.github.com", "", "/graphql"
    if place.host.endswith(".ghe.com"):
        return f"https://api.{place.host}", "", "/graphql"
    return place.web, "/api/v3", "/api/graphql"


class GitHub:
    """The forge of one pull request."""

    def __init__(self, place: PullPlace, line: Line) -> None:
        self._place = place
        self._line = line
        _, rest, self._graph = api_of(place)
        self._repository = f"{rest}/repos/{place.project}"
        self._pull = f"{self._repository}/pulls/{place.number}"
        self._listed: int | None = None

    @property
    def place(self) -> PullPlace:
        """Which pull request it is."""
        return self._place

    async def pull(self) -> PullRequest:
        """What GitHub says of it now."""
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
            base=object_id(text_in(row, "base", "sha")),
            open=text_in(row, "state") == "open",
        )

    async def files(self, pull: PullRequest) -> PulledFiles:  # noqa: ARG002 — others need it
        """The files it changes; GitHub leaves out the hunks of large ones."""
        try:
            rows, more = await self._line.pages(
                f"{self._pull}/files", {"per_page": 100}, most=_MOST_FILES_PAGES
            )
        except Refused as error:
            raise lost(self._place, error) from error
        files = tuple(_file(row) for row in rows if text_in(row, "filename"))
        if any(is_bare(file) for file in files):
            files = with_patches(files, await self._whole_diff())
        missing = (self._listed or 0) - len(files)
        if missing > 0 or more:
            count = f"{missing:,}" if missing > 0 else "Some"
            message = f"{count} files are not reviewed: GitHub lists {len(files):,} of them only."
            return PulledFiles(files, (Notice(NoticeKind.TRUNCATED, message, max(missing, 1)),))
        return PulledFiles(files)

    async def content(self, file: PulledFile, pull: PullRequest, most: int) -> bytes | str:
        """The bytes of a file after the change, by their own digest."""
        path = f"{self._repository}/git/blobs/{file.key}"
        data = await self._line.content(path, accept=_RAW, most=most, forge="GitHub")
        if isinstance(data, str):
            return data
        made = hashlib.new("sha1" if len(file.key) == 40 else "sha256", usedforsecurity=False)
        made.update(b"blob %d\0" % len(data) + data)
        if made.hexdigest() != file.key:
            return "what GitHub gives is not what it lists"
        if b"\n" not in data and await self._is_link(file, pull):
            return "a symbolic link"
        return data

    async def conversation(self) -> Conversation:
        """What this account said before; GitHub itself says which comments are its own."""
        threads = []
        for row in await self._nodes("reviewThreads", _THREADS):
            thread = _thread(row)
            if thread is not None:
                threads.append(thread)
        summary = None
        for row in await self._nodes("comments", _COMMENTS):
            number, body = number_in(row, "databaseId"), text_in(row, "body")
            ours = row.get("viewerDidAuthor") is True
            if ours and number is not None and read_summary(body) is not None:
                summary = Told(str(number), body)
        return Conversation(tuple(threads), summary)

    async def remark(self, pull: PullRequest, remarks: Sequence[Remark]) -> Sequence[Remark]:
        """One review that holds them all. Where GitHub knows one of the lines not, it takes none of
        them: then each goes by itself.
        """
        comments = [_comment(remark) for remark in remarks]
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
        else:
            return ()
        refused = []
        for remark, comment in zip(remarks, comments, strict=True):
            try:
                body = {**comment, "commit_id": pull.head}
                await self._line.write("POST", f"{self._pull}/comments", body)
            except Refused as error:
                if error.status != 422:
                    raise self._unwilling(error) from error
                refused.append(remark)
        return refused

    async def settle(self, thread: Thread, body: str) -> None:
        """Say in the comment that it was mended and resolve its thread, which tokens of workflows
        may not do everywhere: the words are enough then.
        """
        await self._edit(thread.comment, body)
        await self._turn(_RESOLVE, thread)

    async def reopen(self, thread: Thread, body: str) -> None:
        """Give the comment its words back and open its thread."""
        await self._edit(thread.comment, body)
        await self._turn(_UNRESOLVE, thread)

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

    async def _whole_diff(self) -> str:
        """All hunks in one text; "" above the 20,000 lines that GitHub gives."""
        try:
            answer = await self._line.read(self._pull, accept=_DIFF)
        except Refused:
            return ""
        return answer.body.decode("utf-8", "replace")

    async def _edit(self, comment: str, body: str) -> None:
        try:
            path = f"{self._repository}/pulls/comments/{comment}"
            await self._line.write("PATCH", path, {"body": body})
        except Refused as error:
            if error.status not in (404, 410):  # somebody deleted it meanwhile: nothing to edit
                raise self._unwilling(error) from error

    async def _turn(self, mutation: str, thread: Thread) -> None:
        body = {"query": mutation, "variables": {"thread": thread.id}}
        try:
            await self._line.write("POST", self._graph, body)
        except Refused as error:
            raise self._unwilling(error) from error

    async def _nodes(self, what: str, query: str) -> list[dict[str, Any]]:
        owner, name = self._place.project.split("/")
        found: list[dict[str, Any]] = []
        after: str | None = None
        for _ in range(_MOST_PAGES):
            asked = {"owner": owner, "name": name, "number": self._place.number, "after": after}
            try:
                answer = await self._line.query(self._graph, {"query": query, "variables": asked})
            except Refused as error:
                raise lost(self._place, error) from error
            page = answer.get("data") if isinstance(answer, dict) else None
            for step in ("repository", "pullRequest", what):
                page = page.get(step) if isinstance(page, dict) else None
            if not isinstance(page, dict):
                raise self._unreadable(answer)
            found += [row for row in rows_in(page, "nodes") if isinstance(row, dict)]
            after = text_in(page, "pageInfo", "endCursor")
            ends = page.get("pageInfo", {})
            if not after or not (isinstance(ends, dict) and ends.get("hasNextPage") is True):
                return found
        message = f"There is more said on {self._place.called} than can be read."
        raise ServiceError(message, remedy="Nothing was posted, lest it be said twice.")

    def _unreadable(self, answer: Any) -> Exception:
        kinds = {text_in(row, "type") for row in rows_in(answer, "errors")}
        if "RATE_LIMITED" in kinds:
            message = f"{self._place.host} wants fewer requests for now."
            return ServiceError(message, remedy="Run it again in an hour: nothing is said twice.")
        if kinds & {"FORBIDDEN", "NOT_FOUND"}:
            return lost(self._place, Refused(404, ""))
        return self._line.garbled()

    async def _is_link(self, file: PulledFile, pull: PullRequest) -> bool:
        """Whether one line without an end is where a link leads to, rather than a text."""
        path = f"{self._repository}/contents/{quote(file.name)}"
        try:
            row = await self._line.data(path, {"ref": pull.head})
        except Refused:
            return False
        return text_in(row, "type") != "file" or text_in(row, "sha") != file.key

    def _unwilling(self, error: Refused) -> UserError:
        why = f": {error.message}" if error.message else ""
        message = f"{self._place.host} does not take a comment (HTTP {error.status}{why})."
        return UserError(message, remedy="The pull request may be locked, or its commit gone.")


def _file(row: Any) -> PulledFile:
    status = text_in(row, "status")
    patch = row.get("patch")
    kind = _KINDS.get(status, ChangeKind.MODIFIED)
    key = object_id(text_in(row, "sha"))
    why_not = ""
    if kind is ChangeKind.DELETED:
        why_not = "deleted"
    elif isinstance(patch, str) and "\n+Subproject commit " in f"\n{patch}":
        why_not = "a submodule"
    elif not key:
        why_not = "GitHub does not say what it holds"
    return PulledFile(
        name=text_in(row, "filename"),
        kind=kind,
        old_name=text_in(row, "previous_filename") if status == "renamed" else "",
        patch=patch if isinstance(patch, str) else None,
        key=key,
        why_not=why_not,
    )


def _comment(remark: Remark) -> dict[str, object]:
    comment: dict[str, object] = {
        "path": remark.name,
        "body": remark.body,
        "line": remark.last,
        "side": "RIGHT",
    }
    if remark.first != remark.last:
        comment |= {"start_line": remark.first, "start_side": "RIGHT"}
    return comment


def _thread(row: dict[str, Any]) -> Thread | None:
    """A thread that began with a remark of ours; None for all others."""
    comments = rows_in(row, "comments", "nodes")
    if not comments or comments[0].get("viewerDidAuthor") is not True:
        return None
    first, others = comments[0], comments[1:]
    number, read = number_in(first, "databaseId"), read_remark(text_in(first, "body"))
    if number is None or read is None:
        return None
    marks, mended = read
    down = any(
        text_in(group, "content") == "THUMBS_DOWN" and number_in(group, "reactors", "totalCount")
        for group in rows_in(first, "reactionGroups")
    )
    replies = [text_in(r, "body") for r in others if r.get("viewerDidAuthor") is not True]
    return Thread(
        id=text_in(row, "id"),
        comment=str(number),
        name=text_in(row, "path"),
        marks=marks,
        standing=standing(
            mended=mended,
            resolved=row.get("isResolved") is True,
            thumbs_down=down,
            replies=replies,
        ),
        body=text_in(first, "body"),
    )
