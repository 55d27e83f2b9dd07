"""Pull requests and what is said on them, as values, and the port to the forges they live on.

A pull request's own words, its title and its text, are shown to users and never to a model: praise
in them makes reviewers blind.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from mirador_lsp.core.change_sets import ChangeKind
from mirador_lsp.core.events import Notice
from mirador_lsp.core.findings import Lens


class ForgeKind(StrEnum):
    """The interfaces that are spoken. Forgejo speaks Gitea's."""

    GITHUB = "github"
    GITLAB = "gitlab"
    GITEA = "gitea"


@dataclass(frozen=True)
class PullPlace:
    """Which pull request of which repository on which host."""

    kind: ForgeKind
    web: str
    """The address of the forge: "https://github.com", without a slash at the end."""
    host: str
    """The host in it, with its port where one is named."""
    project: str
    """The repository on it: "owner/name", on GitLab perhaps "group/subgroup/name"."""
    number: int

    @property
    def called(self) -> str:
        """What users call it: "pull request 12 of owner/name on github.com"."""
        what = "merge request" if self.kind is ForgeKind.GITLAB else "pull request"
        return f"{what} {self.number} of {self.project} on {self.host}"


@dataclass(frozen=True)
class PullRequest:
    """What a forge says of a pull request."""

    place: PullPlace
    title: str
    """Plain; its author's words."""
    head: str
    """Object id of the commit that is proposed."""
    base: str
    """Object id of the commit that its diff starts from, as far as the forge tells."""
    open: bool
    """Neither merged nor closed."""
    start: str = ""
    """Of the target branch when the diff was made; only GitLab asks for it."""


@dataclass(frozen=True)
class PulledFile:
    """A file of a pull request as its forge lists it."""

    name: str
    """As the forge spells it: hostile until it was looked at."""
    kind: ChangeKind
    old_name: str = ""
    """What it was called before; "" where that did not change."""
    patch: str | None = None
    """Its hunks as a unified diff without headers; None where the forge leaves them out."""
    key: str = ""
    """What the forge calls the content after the change, where that is not the name."""
    why_not: str = ""
    """Why there is no text of it to review, a phrase that follows the name; "" where there is."""


@dataclass(frozen=True)
class PulledFiles:
    """The files of a pull request."""

    files: tuple[PulledFile, ...]
    notices: tuple[Notice, ...] = ()
    """What the forge left out."""


@dataclass(frozen=True)
class Marks:
    """What makes a remark known again in a later run. Hidden in each comment."""

    place: str
    """Fingerprint over the file's name and the finding's id: 16 hex digits."""
    words: str
    """Fingerprint over rule and message, for code that moved to another file: 16 hex digits."""
    anchor: str
    """Of the line it stands on, without its white space: 16 hex digits."""
    lens: Lens
    by_model: bool
    """A model said it, so that its silence later proves little."""


class Standing(StrEnum):
    """What became of a remark."""

    OPEN = "open"
    MENDED = "mended"
    """What it speaks of was mended; Mirador closed it."""
    DECLINED = "declined"
    """People do not want it: they resolved it, turned their thumbs down or wrote so."""


@dataclass(frozen=True)
class Thread:
    """A remark of ours that is on the forge, and what people made of it."""

    id: str
    """What the forge closes it by."""
    comment: str
    """What the forge edits its first comment by."""
    name: str
    """The file."""
    marks: Marks
    standing: Standing
    body: str = field(repr=False)
    """The text of its first comment."""


@dataclass(frozen=True)
class Told:
    """A summary of ours that is on the forge."""

    id: str
    body: str = field(repr=False)


@dataclass(frozen=True)
class Conversation:
    """What was said on a pull request before. Only what this very account wrote counts as ours:
    anybody can write a hidden mark.
    """

    threads: tuple[Thread, ...] = ()
    summary: Told | None = None


@dataclass(frozen=True)
class Remark:
    """Something to be said at lines of a pull request's diff."""

    name: str
    old_name: str
    """The file's name before the change; its name where that did not change."""
    first: int
    last: int
    """Lines of the text after the change, from 1, both in one hunk of the diff."""
    old_first: int | None
    """The number that the first line had before; None for a new line."""
    marks: Marks
    body: str = field(repr=False)
    """Markdown, its marks included."""


class Forge(Protocol):
    """One pull request on its forge.

    Every method raises `ServiceError` where the forge cannot be asked or is out of patience, and
    `UserError` where the user must do something: another token, another address. Nothing is
    approved, refused or merged by any of them. What was not certainly done is not done twice: a
    later run reads what is there and completes it.
    """

    @property
    def place(self) -> PullPlace:
        """Which pull request it is."""
        ...

    async def pull(self) -> PullRequest:
        """What the forge says of it now."""
        ...

    async def files(self, pull: PullRequest) -> PulledFiles:
        """The files it changes."""
        ...

    async def content(self, file: PulledFile, pull: PullRequest, most: int) -> bytes | str:
        """The bytes of a file after the change; or why there are none, a phrase that follows the
        name. More than `most` bytes are not read.
        """
        ...

    async def conversation(self) -> Conversation:
        """What was said before by this account, and what people answered."""
        ...

    async def remark(self, pull: PullRequest, remarks: Sequence[Remark]) -> Sequence[Remark]:
        """Say all of them, one notification for all where the forge can. Gives those that the forge
        does not take, because it knows no such line.
        """
        ...

    async def settle(self, thread: Thread, body: str) -> None:
        """Close a remark, because what it speaks of was mended, as `body` says from then on. Where
        the forge or the token cannot close it, the words are enough.
        """
        ...

    async def reopen(self, thread: Thread, body: str) -> None:
        """Open a remark that was closed as mended, with `body`: it holds again."""
        ...

    async def summarise(self, body: str, known: Told | None) -> None:
        """Write the summary, or replace the one that is known."""
        ...

    async def close(self) -> None:
        """Hang up. May be repeated."""
        ...
