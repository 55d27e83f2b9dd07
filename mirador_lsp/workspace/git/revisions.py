"""What a user means by `REV`, `A..B`, `A...B` and `REV^!`."""

from dataclasses import dataclass

from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import UserError
from mirador_lsp.workspace.git.repository import Repository

_MERGE_BASES = ("@{upstream}", "origin/HEAD", "origin/main", "origin/master", "main", "master")
"""Where a branch may have begun, the likeliest first."""


@dataclass(frozen=True)
class Ends:
    """Two states to be compared."""

    base: str
    """Object id of a commit; "" for nothing at all: all of it is new."""
    head: str | None
    """Object id of a commit; None for the files as they lie there."""
    title: str


async def ends_of(repository: Repository, asked: str) -> Ends:
    """What to compare. Raises `UserError` for a revision that is not known here.

    `REV` alone means what changed since: up to the files as they are. `REV^!` is one commit, a
    merge against its first parent.
    """
    if asked.endswith("^!"):
        return await _one_commit(repository, asked[:-2] or "HEAD")
    if "..." in asked:
        one, _, other = asked.partition("...")
        base = await commit_of(repository, one or "HEAD")
        head = await commit_of(repository, other or "HEAD")
        return Ends(await _merge_base(repository, base, head, asked), head, plain(asked, 200))
    if ".." in asked:
        one, _, other = asked.partition("..")
        base = await commit_of(repository, one or "HEAD")
        return Ends(base, await commit_of(repository, other or "HEAD"), plain(asked, 200))
    base = await commit_of(repository, asked)
    return Ends(base, None, f"changes since {plain(asked, 200)}")


async def commit_of(repository: Repository, revision: str) -> str:
    """Object id of the commit. Raises `UserError` where there is none of that name."""
    found = await known_commit(repository, revision)
    if found:
        return found
    message = f"There is no revision {plain(revision, 200) or 'without a name'} in this repository."
    if repository.shallow:
        raise UserError(message, remedy="A part of the history is not here: git fetch --unshallow")
    raise UserError(message, remedy="`git log` and `git branch --all` name those there are.")


async def known_commit(repository: Repository, revision: str) -> str:
    """Object id of the commit; "" where there is none of that name."""
    # What begins so is an option to git, wherever it stands.
    if not revision or revision.startswith("-") or not revision.isprintable():
        return ""
    said = await repository.git.ask("rev-parse", "--quiet", "--verify", f"{revision}^{{commit}}")
    return said.out.decode("ascii", "replace").strip() if said.status == 0 else ""


async def last_commit(repository: Repository) -> str:
    """The commit that the files were checked out from; "" before the first."""
    return await known_commit(repository, "HEAD")


async def branch_of(repository: Repository) -> str:
    """Name of the branch that is checked out; "" where none is."""
    said = await repository.git.ask("symbolic-ref", "--quiet", "--short", "HEAD")
    return said.out.decode("utf-8", "replace").strip() if said.status == 0 else ""


async def where_it_began(repository: Repository, head: str) -> str:
    """The commit from which the branch that is checked out went its own way; `head` where that is
    not known.
    """
    for name in _MERGE_BASES:
        other = await known_commit(repository, name)
        if other and other != head:
            said = await repository.git.ask("merge-base", other, head)
            if said.status == 0:
                return said.out.decode("ascii", "replace").split("\n")[0]
    return head


async def _one_commit(repository: Repository, revision: str) -> Ends:
    head = await commit_of(repository, revision)
    said = await repository.git.ask("rev-list", "--parents", "--max-count=1", head)
    parents = said.out.decode("ascii", "replace").split()[1:]
    title = f"commit {plain(revision, 200)}"
    if not parents:
        if repository.shallow:
            message = f"What came before {plain(revision, 200)} is not here: the clone is shallow."
            raise UserError(message, remedy="Fetch more of the history: git fetch --deepen=1")
        return Ends("", head, title)
    return Ends(await commit_of(repository, parents[0]), head, title)


async def _merge_base(repository: Repository, base: str, head: str, asked: str) -> str:
    said = await repository.git.ask("merge-base", base, head)
    if said.status == 0:
        return said.out.decode("ascii", "replace").split("\n")[0]
    message = f"Nothing is shared by the two ends of {plain(asked, 200)}."
    if repository.shallow:
        remedy = "A part of the history is not here: git fetch --unshallow"
    else:
        remedy = "Compare them directly, with two dots."
    raise UserError(message, remedy=remedy)
