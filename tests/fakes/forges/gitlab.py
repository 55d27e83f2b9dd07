"""A stand-in for the REST API, version 4, of a GitLab with one merge request.

After docs.gitlab.com/api: merge_requests ("Retrieve a merge request", "List all merge request
diffs", "Retrieve merge request raw diffs"), repository_files ("Retrieve a raw file"), discussions
("Merge requests": list, create in the diff, modify a note, resolve), notes ("Merge requests":
create, update), emoji_reactions (list those of a note), users ("Retrieve the current user"), rest
("Offset-based pagination") and security/rate_limits.
"""

from dataclasses import dataclass, field
from typing import Any

from fakes.forges.serving import File, Reply, Request, Route, StandIn

_ME, _SOMEBODY = 7, 8
_POSITION = (
    *("position_type", "base_sha", "head_sha", "start_sha"),
    *("new_path", "old_path", "new_line", "old_line"),
)


@dataclass
class Note:
    """A note, `mine` by the account of the token."""

    id: int
    body: str
    mine: bool
    path: str = ""
    emoji: list[str] = field(default_factory=list)


@dataclass
class Discussion:
    """A conversation; at a line where its first note has a path."""

    id: str
    notes: list[Note]
    resolved: bool = False
    line: int = 0


class FakeGitLab(StandIn):
    """One merge request, number 12 of acme/tools/shop."""

    def __init__(self, files: list[File]) -> None:
        super().__init__(files)
        self.discussions: list[Discussion] = []
        self.collapsed: set[str] = set()
        self.is_old = False
        """It does not know the raw diff of a merge request."""
        project = "/api/v4/projects/{project}"
        merge = f"{project}/merge_requests/{{iid}}"
        paging = frozenset({"per_page", "page"})
        body = frozenset({"body"})
        at = frozenset({"body", "position"} | {f"position.{name}" for name in _POSITION})
        talk = f"{merge}/discussions"
        self.routes = [
            Route("GET", "/api/v4/user", self._user),
            Route("GET", merge, self._merge),
            Route("GET", f"{merge}/diffs", self._diffs, paging),
            Route("GET", f"{merge}/raw_diffs", self._raw),
            Route(
                "GET",
                f"{project}/repository/files/{{path}}/raw",
                self._file,
                frozenset({"ref"}),
            ),
            Route("GET", talk, self._talk, paging),
            Route("POST", talk, self._begin, fields=at),
            Route("PUT", f"{talk}/{{id}}", self._resolve, fields=frozenset({"resolved"})),
            Route("PUT", f"{talk}/{{id}}/notes/{{note}}", self._edit, fields=body),
            Route("POST", f"{merge}/notes", self._say, fields=body),
            Route("PUT", f"{merge}/notes/{{note}}", self._edit, fields=body),
            Route("GET", f"{merge}/notes/{{note}}/award_emoji", self._emoji, paging),
        ]

    @property
    def remarks(self) -> list[Discussion]:
        """Discussions at lines that the account of the token began."""
        return [d for d in self.discussions if d.notes and d.notes[0].mine and d.notes[0].path]

    @property
    def comments(self) -> list[Note]:
        """Notes that stand at no line."""
        return [d.notes[0] for d in self.discussions if d.notes and not d.notes[0].path]

    @property
    def bodies(self) -> list[str]:
        return [each.notes[0].body for each in self.remarks]

    def is_closed(self, at: int) -> bool:
        return self.remarks[at].resolved

    def resolve(self, at: int) -> None:
        self.remarks[at].resolved = True

    def dislike(self, at: int) -> None:
        self.remarks[at].notes[0].emoji.append("thumbsdown")

    def answer_with(self, at: int, text: str) -> None:
        self.remarks[at].notes.append(Note(self.number(), text, mine=False))

    def delete(self, at: int) -> None:
        self.discussions.remove(self.remarks[at])

    def forge_mark(self, at: int, body: str) -> None:
        """Somebody else writes a comment at a line."""
        note = Note(self.number(), body, mine=False, path=self.files[at].name)
        self.discussions.append(Discussion(f"f{note.id:039x}", [note]))

    def allowed(self, request: Request) -> Reply | None:
        if request.headers.get("private-token") == self.token:
            return None
        return Reply(401, {"message": "401 Unauthorized"})

    def _user(self, _request: Request, _steps: dict[str, str]) -> Reply:
        return Reply(200, {"id": _ME, "username": "bot"})

    def _merge(self, _request: Request, steps: dict[str, str]) -> Reply:
        if (steps["project"], steps["iid"]) != ("acme/tools/shop", "12"):
            return Reply(404, {"message": "404 Project Not Found"})
        refs = {"base_sha": self.base_sha, "head_sha": self.head, "start_sha": self.base_sha}
        return Reply(
            200,
            {
                "iid": 12,
                "title": self.title,
                "state": "opened" if self.open else "merged",
                "sha": self.head,
                "diff_refs": refs,
                "changes_count": str(len(self.files)),
            },
        )

    def _diffs(self, request: Request, _steps: dict[str, str]) -> Reply:
        return self.paged(request, [self._row(file) for file in self.files])

    def _row(self, file: File) -> dict[str, Any]:
        hidden = file.name in self.collapsed
        return {
            "old_path": file.old_name or file.name,
            "new_path": file.name,
            "a_mode": "0" if file.before is None else file.mode,
            "b_mode": "0" if file.after is None else file.mode,
            "diff": "" if hidden else file.hunks,
            "new_file": file.before is None,
            "renamed_file": bool(file.old_name),
            "deleted_file": file.after is None,
            "collapsed": hidden,
            "too_large": False,
        }

    def _raw(self, _request: Request, _steps: dict[str, str]) -> Reply:
        if self.is_old:
            return Reply(404, {"error": "404 Not Found"})
        text = "\n".join(file.section() for file in self.files) + "\n"
        return Reply(200, text.encode(), kind="text/plain")

    def _file(self, request: Request, steps: dict[str, str]) -> Reply:
        file = self.file(steps["path"])
        if file is None or file.after is None or request.query.get("ref") != self.head:
            return Reply(404, {"message": "404 File Not Found"})
        return Reply(200, file.data, kind="text/plain; charset=utf-8")

    def _talk(self, request: Request, _steps: dict[str, str]) -> Reply:
        return self.paged(request, [_discussion(each) for each in self.discussions])

    def _begin(self, request: Request, _steps: dict[str, str]) -> Reply:
        at = request.body["position"]
        file = self.file(at["new_path"])
        line = at["new_line"]
        known = file is not None and at["head_sha"] == self.head and line in file.lines
        # An unchanged line is named by both of its numbers, a new one by one.
        if known and file is not None and ("old_line" in at) == (line in _added(file)):
            known = False
        if not known:
            return Reply(400, {"message": '400 Bad request - Note {:line_code=>["must be valid"]}'})
        note = Note(self.number(), request.body["body"], mine=True, path=at["new_path"])
        self.discussions.append(Discussion(f"d{note.id:039x}", [note], line=line))
        return Reply(201, _discussion(self.discussions[-1]))

    def _resolve(self, request: Request, steps: dict[str, str]) -> Reply:
        for each in self.discussions:
            if each.id == steps["id"]:
                each.resolved = request.body["resolved"]
                return Reply(200, _discussion(each))
        return Reply(404, {"message": "404 Discussion Not Found"})

    def _edit(self, request: Request, steps: dict[str, str]) -> Reply:
        for note in (n for each in self.discussions for n in each.notes):
            if str(note.id) == steps["note"]:
                if not note.mine:
                    return Reply(403, {"message": "403 Forbidden"})
                note.body = request.body["body"]
                return Reply(200, {"id": note.id})
        return Reply(404, {"message": "404 Not Found"})

    def _say(self, request: Request, _steps: dict[str, str]) -> Reply:
        note = Note(self.number(), request.body["body"], mine=True)
        self.discussions.append(Discussion(f"n{note.id:039x}", [note]))
        return Reply(201, {"id": note.id})

    def _emoji(self, request: Request, steps: dict[str, str]) -> Reply:
        for note in (n for each in self.discussions for n in each.notes):
            if str(note.id) == steps["note"]:
                return self.paged(
                    request, [{"name": name, "user": {"id": _SOMEBODY}} for name in note.emoji]
                )
        return Reply(404, {"message": "404 Not Found"})


def _added(file: File) -> set[int]:
    before = file.hunks
    found: set[int] = set()
    at = 0
    for row in before.split("\n"):
        if row.startswith("@@"):
            at = int(row.split("+")[1].split(",")[0].split(" ")[0])
        elif row[:1] == "+":
            found.add(at)
            at += 1
        elif row[:1] == " ":
            at += 1
    return found


def _discussion(each: Discussion) -> dict[str, Any]:
    notes = []
    for note in each.notes:
        row: dict[str, Any] = {
            "id": note.id,
            "body": note.body,
            "author": {"id": _ME if note.mine else _SOMEBODY},
            "system": False,
            "resolvable": bool(note.path),
        }
        if note.path:
            row |= {"position": {"new_path": note.path}, "resolved": each.resolved}
        notes.append(row)
    return {"id": each.id, "individual_note": not each.notes[0].path, "notes": notes}
