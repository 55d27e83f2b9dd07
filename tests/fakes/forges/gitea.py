"""A stand-in for the API, version 1, of a Gitea or Forgejo with one pull request.

After the description that Gitea serves of it (docs.gitea.com/api: operations repoGetPullRequest,
repoGetPullRequestFiles, repoDownloadPullDiffOrPatch, repoGetRawFile, repoListPullReviews,
repoGetPullReviewComments, repoCreatePullReview, repoResolvePullReviewComment,
repoUnresolvePullReviewComment, issueGetComments, issueCreateComment, issueEditComment,
issueGetCommentReactions, userGetCurrent).
"""

from dataclasses import dataclass, field
from typing import Any

from fakes.forges.serving import File, Reply, Request, Route, StandIn

_ME, _SOMEBODY = 7, 8
_STATUS = {"added": "added", "removed": "deleted", "modified": "changed", "renamed": "renamed"}


@dataclass
class Comment:
    """A comment, `mine` by the account of the token."""

    id: int
    body: str
    mine: bool
    path: str = ""
    line: int = 0
    resolved: bool = False
    reactions: list[str] = field(default_factory=list)


@dataclass
class Review:
    """What one account said at once, and the answers to it."""

    id: int
    comments: list[Comment] = field(default_factory=list)


class FakeGitea(StandIn):
    """One pull request, number 12 of acme/shop. `can_resolve`: it is a Gitea of 1.26 or later."""

    def __init__(self, files: list[File]) -> None:
        super().__init__(files)
        self.reviews: list[Review] = []
        self.said: list[Comment] = []
        self.can_resolve = True
        repo, pull = "/api/v1/repos/{owner}/{repo}", "/api/v1/repos/{owner}/{repo}/pulls/{number}"
        paging = frozenset({"limit", "page"})
        body = frozenset({"body"})
        inside = {f"comments.{n}" for n in ("path", "body", "new_position", "old_position")}
        said = frozenset({"commit_id", "event", "body", "comments"} | inside)
        note = f"{repo}/issues/comments/{{id}}"
        self.routes = [
            Route("GET", "/api/v1/user", self._user),
            Route("GET", f"{pull}.diff", self._diff),
            Route("GET", pull, self._pull),
            Route("GET", f"{pull}/files", self._files, paging),
            Route("GET", f"{repo}/raw/(?P<path>.+)", self._raw, frozenset({"ref"})),
            Route("GET", f"{pull}/reviews", self._reviews, paging),
            Route("GET", f"{pull}/reviews/{{id}}/comments", self._review_comments, paging),
            Route("POST", f"{pull}/reviews", self._review, fields=said),
            Route("POST", f"{repo}/pulls/comments/{{id}}/resolve", self._resolve),
            Route("POST", f"{repo}/pulls/comments/{{id}}/unresolve", self._resolve),
            Route("GET", f"{repo}/issues/{{number}}/comments", self._comments, paging),
            Route("POST", f"{repo}/issues/{{number}}/comments", self._say, fields=body),
            Route("PATCH", note, self._edit, fields=body),
            Route("GET", f"{note}/reactions", self._reactions),
        ]

    @property
    def remarks(self) -> list[Comment]:
        """Comments at lines by the account of the token."""
        return [c for review in self.reviews for c in review.comments if c.mine]

    @property
    def comments(self) -> list[Comment]:
        return self.said

    @property
    def bodies(self) -> list[str]:
        return [each.body for each in self.remarks]

    def is_closed(self, at: int) -> bool:
        return self.remarks[at].resolved

    def resolve(self, at: int) -> None:
        self.remarks[at].resolved = True

    def dislike(self, at: int) -> None:
        self.remarks[at].reactions.append("-1")

    def answer_with(self, at: int, text: str) -> None:
        remark = self.remarks[at]
        review = next(each for each in self.reviews if remark in each.comments)
        said = Comment(self.number(), text, mine=False, path=remark.path, line=remark.line)
        review.comments.append(said)

    def delete(self, at: int) -> None:
        remark = self.remarks[at]
        for review in self.reviews:
            review.comments = [each for each in review.comments if each is not remark]

    def forge_mark(self, at: int, body: str) -> None:
        """Somebody else writes a comment at a line."""
        file = self.files[at]
        review = Review(self.number())
        review.comments.append(Comment(self.number(), body, False, file.name, min(file.lines)))
        self.reviews.append(review)

    def allowed(self, request: Request) -> Reply | None:
        if request.headers.get("authorization") == f"token {self.token}":
            return None
        return Reply(401, {"message": "user does not exist [uid: 0, name: ]"})

    def _user(self, _request: Request, _steps: dict[str, str]) -> Reply:
        return Reply(200, {"id": _ME, "login": "bot"})

    def _pull(self, _request: Request, steps: dict[str, str]) -> Reply:
        if tuple(steps.values()) != ("acme", "shop", "12"):
            return Reply(404, {"message": "The target couldn't be found."})
        return Reply(
            200,
            {
                "number": 12,
                "title": self.title,
                "state": "open" if self.open else "closed",
                "head": {"sha": self.head},
                "base": {"sha": self.base_sha},
                "merge_base": self.base_sha,
                "changed_files": len(self.files),
            },
        )

    def _diff(self, _request: Request, _steps: dict[str, str]) -> Reply:
        text = "\n".join(file.section() for file in self.files) + "\n"
        return Reply(200, text.encode(), kind="text/plain; charset=utf-8")

    def _files(self, request: Request, _steps: dict[str, str]) -> Reply:
        rows = []
        for file in self.files:
            row = {"filename": file.name, "status": _STATUS[file.status]}
            if file.old_name:
                row["previous_filename"] = file.old_name
            rows.append(row)
        return self.paged(request, rows, "limit")

    def _raw(self, request: Request, steps: dict[str, str]) -> Reply:
        file = self.file(steps["path"])
        if file is None or file.after is None or request.query.get("ref") != self.head:
            return Reply(404, {"message": "The target couldn't be found."})
        return Reply(200, file.data, kind="text/plain; charset=utf-8")

    def _reviews(self, request: Request, _steps: dict[str, str]) -> Reply:
        rows = [
            {"id": r.id, "user": {"id": _ME}, "comments_count": len(r.comments)}
            for r in self.reviews
        ]
        return self.paged(request, rows, "limit")

    def _review_comments(self, request: Request, steps: dict[str, str]) -> Reply:
        review = next(r for r in self.reviews if str(r.id) == steps["id"])
        return self.paged(request, [_row(each) for each in review.comments], "limit")

    def _review(self, request: Request, _steps: dict[str, str]) -> Reply:
        body = request.body
        if body["event"] != "COMMENT":
            self.violations.append(f"a review that is {body['event']}")
        for each in body["comments"]:
            file = self.file(each["path"])
            if file is None or each["new_position"] not in file.lines:
                return Reply(422, {"message": "invalid line"})
        review = Review(self.number())
        for each in body["comments"]:
            made = Comment(self.number(), each["body"], True, each["path"], each["new_position"])
            review.comments.append(made)
        self.reviews.append(review)
        return Reply(200, {"id": review.id})

    def _resolve(self, request: Request, steps: dict[str, str]) -> Reply:
        if not self.can_resolve:
            return Reply(405, b"", {"Allow": "GET"})
        for comment in self.remarks:
            if str(comment.id) == steps["id"]:
                comment.resolved = request.path.endswith("/resolve")
                return Reply(204)
        return Reply(404, {"message": "The target couldn't be found."})

    def _comments(self, _request: Request, _steps: dict[str, str]) -> Reply:
        return Reply(200, [_row(each) for each in self.said])

    def _say(self, request: Request, _steps: dict[str, str]) -> Reply:
        self.said.append(Comment(self.number(), request.body["body"], mine=True))
        return Reply(201, {"id": self.said[-1].id})

    def _edit(self, request: Request, steps: dict[str, str]) -> Reply:
        for comment in [*self.said, *(c for r in self.reviews for c in r.comments)]:
            if str(comment.id) == steps["id"]:
                if not comment.mine:
                    return Reply(403, {"message": "Only the poster may edit"})
                comment.body = request.body["body"]
                return Reply(200, {"id": comment.id})
        return Reply(404, {"message": "The target couldn't be found."})

    def _reactions(self, _request: Request, steps: dict[str, str]) -> Reply:
        for comment in [*self.said, *(c for r in self.reviews for c in r.comments)]:
            if str(comment.id) == steps["id"]:
                rows = [{"content": each, "user": {"id": _SOMEBODY}} for each in comment.reactions]
                return Reply(200, rows or None)
        return Reply(404, {"message": "The target couldn't be found."})


def _row(comment: Comment) -> dict[str, Any]:
    return {
        "id": comment.id,
        "body": comment.body,
        "user": {"id": _ME if comment.mine else _SOMEBODY},
        "path": comment.path,
        "position": comment.line,
        "original_position": 0,
        "resolver": {"id": _SOMEBODY} if comment.resolved else None,
    }
