"""A stand-in for the API of a GitHub Enterprise Server with one pull request.

After docs.github.com/rest, version 2022-11-28: /rest/pulls/pulls ("Get a pull request", "List pull
requests files"), /rest/git/blobs ("Get a blob"), /rest/repos/contents ("Get repository content"),
/rest/pulls/reviews ("Create a review for a pull request"), /rest/pulls/comments ("Create a review
comment", "Update a review comment"), /rest/issues/comments ("Create an issue comment", "Update an
issue comment"), /rest/using-the-rest-api/rate-limits-for-the-rest-api; and /graphql/reference:
PullRequest, PullRequestReviewThread, PullRequestReviewComment, IssueComment, ReactionGroup,
resolveReviewThread, unresolveReviewThread.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from fakes.forges.serving import File, Reply, Request, Route, StandIn

_COMMENT = frozenset({"path", "body", "line", "side", "start_line", "start_side"})
_GRAPH_NAMES = frozenset(
    [
        *("query", "mutation", "Threads", "Comments", "Resolve", "Unresolve"),
        *("owner", "name", "number", "after", "String", "Int", "ID", "first", "input", "threadId"),
        *("repository", "pullRequest", "reviewThreads", "comments", "nodes", "thread"),
        *("pageInfo", "hasNextPage", "endCursor", "id", "isResolved", "path", "databaseId"),
        *("body", "viewerDidAuthor", "reactionGroups", "content", "reactors", "totalCount"),
        *("resolveReviewThread", "unresolveReviewThread"),
    ]
)
"""All names that a query may hold: the schema's, and those of operations and variables."""


@dataclass
class Comment:
    """A comment, `mine` by the account of the token."""

    id: int
    body: str
    mine: bool
    thumbs_down: int = 0


@dataclass
class Thread:
    """A conversation at a line."""

    id: str
    path: str
    line: int
    comments: list[Comment] = field(default_factory=list)
    resolved: bool = False


class FakeGitHub(StandIn):
    """One pull request, number 12 of acme/shop."""

    def __init__(self, files: list[File]) -> None:
        super().__init__(files)
        self.threads: list[Thread] = []
        self.said: list[Comment] = []
        self.reviews = 0
        self.may_resolve = True
        self.without_patch: set[str] = set()
        repo, pull = "/api/v3/repos/{owner}/{repo}", "/api/v3/repos/{owner}/{repo}/pulls/{number}"
        inside = frozenset({"comments"} | {f"comments.{name}" for name in _COMMENT})
        paging = frozenset({"per_page", "page"})
        body = frozenset({"body"})
        self.routes = [
            Route("GET", pull, self._pull),
            Route("GET", f"{pull}/files", self._files, paging),
            Route("GET", f"{repo}/git/blobs/{{sha}}", self._blob),
            Route("GET", f"{repo}/contents/(?P<path>.+)", self._contents, frozenset({"ref"})),
            Route(
                "POST",
                f"{pull}/reviews",
                self._review,
                fields=inside | {"commit_id", "event", "body"},
            ),
            Route("POST", f"{pull}/comments", self._comment, fields=_COMMENT | {"commit_id"}),
            Route("PATCH", f"{repo}/pulls/comments/{{id}}", self._edit, fields=body),
            Route("POST", f"{repo}/issues/{{number}}/comments", self._say, fields=body),
            Route("PATCH", f"{repo}/issues/comments/{{id}}", self._resay, fields=body),
            Route(
                "POST",
                "/api/graphql",
                self._graph,
                fields=frozenset({"query", "variables"})
                | {f"variables.{n}" for n in ("owner", "name", "number", "after", "thread")},
            ),
        ]

    @property
    def remarks(self) -> list[Thread]:
        """Conversations that the account of the token began."""
        return [each for each in self.threads if each.comments and each.comments[0].mine]

    @property
    def comments(self) -> list[Comment]:
        return self.said

    @property
    def bodies(self) -> list[str]:
        return [each.comments[0].body for each in self.remarks]

    def is_closed(self, at: int) -> bool:
        return self.remarks[at].resolved

    def resolve(self, at: int) -> None:
        self.remarks[at].resolved = True

    def dislike(self, at: int) -> None:
        self.remarks[at].comments[0].thumbs_down += 1

    def answer_with(self, at: int, text: str) -> None:
        self.remarks[at].comments.append(Comment(self.number(), text, mine=False))

    def delete(self, at: int) -> None:
        self.threads.remove(self.remarks[at])

    def forge_mark(self, at: int, body: str) -> None:
        """Somebody else writes a comment at a line."""
        number = self.number()
        thread = Thread(f"PRRT_{number}", self.files[at].name, min(self.files[at].lines))
        thread.comments.append(Comment(number, body, mine=False))
        self.threads.append(thread)

    def is_query(self, request: Request) -> bool:
        return request.path == "/api/graphql" and request.body["query"].startswith("query")

    def allowed(self, request: Request) -> Reply | None:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return Reply(401, {"message": "Bad credentials"})
        for name in ("user-agent", "x-github-api-version"):
            if name != "user-agent" and "graphql" in request.path:
                continue
            if name not in request.headers:
                self.violations.append(f"without {name}")
        return None

    def _known(self, steps: dict[str, str]) -> bool:
        right = (steps.get("owner"), steps.get("repo")) == ("acme", "shop")
        return right and steps.get("number", "12") == "12"

    def _pull(self, request: Request, steps: dict[str, str]) -> Reply:
        if not self._known(steps):
            return Reply(404, {"message": "Not Found"})
        if request.headers["accept"] == "application/vnd.github.diff":
            text = "\n".join(file.section() for file in self.files) + "\n"
            return Reply(200, text.encode(), kind="application/vnd.github.diff; charset=utf-8")
        return Reply(
            200,
            {
                "number": 12,
                "title": self.title,
                "state": "open" if self.open else "closed",
                "head": {"sha": self.head, "ref": "topic"},
                "base": {"sha": self.base_sha, "ref": "main"},
                "changed_files": len(self.files),
            },
        )

    def _files(self, request: Request, _steps: dict[str, str]) -> Reply:
        return self.paged(request, [self._row(file) for file in self.files])

    def _row(self, file: File) -> dict[str, Any]:
        row: dict[str, Any] = {"filename": file.name, "status": file.status, "sha": file.sha}
        if file.old_name:
            row["previous_filename"] = file.old_name
        if file.hunks and file.name not in self.without_patch:
            row["patch"] = file.hunks
        return row

    def _blob(self, request: Request, steps: dict[str, str]) -> Reply:
        if request.headers["accept"] != "application/vnd.github.raw+json":
            self.violations.append("a blob that is not asked for raw")
        for file in self.files:
            if file.sha == steps["sha"] and file.after is not None:
                return Reply(200, file.data, kind="application/vnd.github.raw+json; charset=utf-8")
        return Reply(404, {"message": "Not Found"})

    def _contents(self, _request: Request, steps: dict[str, str]) -> Reply:
        file = self.file(steps["path"])
        if file is None:
            return Reply(404, {"message": "Not Found"})
        kind = "symlink" if file.mode == "120000" else "file"
        return Reply(200, {"type": kind, "sha": file.sha, "path": file.name})

    def _fits(self, comment: dict[str, Any], commit: str) -> bool:
        file = self.file(comment["path"])
        if file is None or commit != self.head or comment.get("side") != "RIGHT":
            return False
        first = comment.get("start_line", comment["line"])
        return set(range(first, comment["line"] + 1)) <= file.lines

    def _begin(self, comment: dict[str, Any]) -> int:
        number = self.number()
        thread = Thread(f"PRRT_{number}", comment["path"], comment["line"])
        thread.comments.append(Comment(number, comment["body"], mine=True))
        self.threads.append(thread)
        return number

    def _review(self, request: Request, _steps: dict[str, str]) -> Reply:
        body = request.body
        if body["event"] != "COMMENT" or not body["body"]:
            self.violations.append(f"a review that is {body['event']}")
        if not all(self._fits(each, body["commit_id"]) for each in body["comments"]):
            told = {"message": "Unprocessable Entity", "errors": ["Line could not be resolved"]}
            return Reply(422, told)
        self.reviews += 1
        for each in body["comments"]:
            self._begin(each)
        return Reply(200, {"id": self.number(), "state": "COMMENTED"})

    def _comment(self, request: Request, _steps: dict[str, str]) -> Reply:
        if not self._fits(request.body, request.body["commit_id"]):
            return Reply(422, {"message": "Validation Failed"})
        return Reply(201, {"id": self._begin(request.body)})

    def _edit(self, request: Request, steps: dict[str, str]) -> Reply:
        for comment in (c for thread in self.threads for c in thread.comments):
            if str(comment.id) == steps["id"]:
                if not comment.mine:
                    return Reply(403, {"message": "Resource not accessible"})
                comment.body = request.body["body"]
                return Reply(200, {"id": comment.id})
        return Reply(404, {"message": "Not Found"})

    def _say(self, request: Request, _steps: dict[str, str]) -> Reply:
        self.said.append(Comment(self.number(), request.body["body"], mine=True))
        return Reply(201, {"id": self.said[-1].id})

    def _resay(self, request: Request, steps: dict[str, str]) -> Reply:
        for comment in self.said:
            if str(comment.id) == steps["id"] and comment.mine:
                comment.body = request.body["body"]
                return Reply(200, {"id": comment.id})
        return Reply(404, {"message": "Not Found"})

    def _graph(self, request: Request, _steps: dict[str, str]) -> Reply:
        query, asked = request.body["query"], request.body["variables"]
        if odd := set(re.findall(r"[A-Za-z]\w*", query)) - _GRAPH_NAMES:
            self.violations.append(f"graphql: {sorted(odd)}")
        if query.startswith("mutation"):
            return self._turn(query, asked)
        if (asked["owner"], asked["name"], asked["number"]) != ("acme", "shop", 12):
            return Reply(200, {"data": {"repository": None}, "errors": [{"type": "NOT_FOUND"}]})
        what = "reviewThreads" if "reviewThreads" in query else "comments"
        rows = (
            [_thread(t) for t in self.threads]
            if what == "reviewThreads"
            else [_comment(c) for c in self.said]
        )
        most = min(int(re.search(rf"{what}\(first: (\d+)", query)[1]), self.page)  # type: ignore[index]
        start = int(asked.get("after") or 0)
        more = start + most < len(rows)
        page = {
            "pageInfo": {"hasNextPage": more, "endCursor": str(start + most) if rows else None},
            "nodes": rows[start : start + most],
        }
        return Reply(200, {"data": {"repository": {"pullRequest": {what: page}}}})

    def _turn(self, query: str, asked: dict[str, Any]) -> Reply:
        if not self.may_resolve:
            told = "Resource not accessible by integration"
            return Reply(200, {"data": None, "errors": [{"type": "FORBIDDEN", "message": told}]})
        thread = next((t for t in self.threads if t.id == asked["thread"]), None)
        if thread is None:
            return Reply(200, {"data": None, "errors": [{"type": "NOT_FOUND"}]})
        thread.resolved = "unresolveReviewThread" not in query
        return Reply(200, {"data": {}})


def _comment(comment: Comment) -> dict[str, Any]:
    return {
        "databaseId": comment.id,
        "body": comment.body,
        "viewerDidAuthor": comment.mine,
        "reactionGroups": [
            {"content": "THUMBS_UP", "reactors": {"totalCount": 0}},
            {"content": "THUMBS_DOWN", "reactors": {"totalCount": comment.thumbs_down}},
        ],
    }


def _thread(thread: Thread) -> dict[str, Any]:
    return {
        "id": thread.id,
        "isResolved": thread.resolved,
        "path": thread.path,
        "comments": {"nodes": [_comment(each) for each in thread.comments]},
    }
