"""Finds a repository, and says in one sentence why there is none to ask."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import UserError
from mirador_lsp.workspace.git.program import Git, Said, find_git

_NAME_FILES = "Name the files to be reviewed instead."
_INDEX = "GIT_INDEX_FILE"


@dataclass(frozen=True)
class Repository:
    """A repository as git has found it."""

    git: Git
    """Asked in the root or, where there is none, in the repository itself."""
    root: Path | None
    """The top folder of the files; None of a bare repository."""
    home: Path
    """Where its index and its branches are."""
    shallow: bool
    """Whether a part of its history is not here."""
    empty_tree: str
    """Object id of the tree without files."""

    async def lines(self, *words: str) -> list[str]:
        """The lines that git says. Raises `UserError` when it fails."""
        said = await self.git.ask(*words)
        if said.status != 0:
            raise failure(said)
        return said.out.decode("utf-8", "surrogateescape").splitlines()


async def open_repository(folder: Path, env: Mapping[str, str] | None = None) -> Repository:
    """The repository that `folder`, which is absolute, lies in.

    `env` is the user's environment: where git is found, and which index a hook works on. Raises
    `UserError` where there is no git, no repository, or one that git does not trust.
    """
    env = os.environ if env is None else env
    program = await asyncio.to_thread(find_git, env)
    if program is None:
        message = "There is no git here, so nobody can tell what changed."
        raise UserError(message, remedy=f"Install git. {_NAME_FILES}")
    ignored = await asyncio.to_thread(_own_ignore_file, env)
    git = Git(program, folder, (f"core.excludesFile={ignored}",))
    said = await git.ask(*_QUESTION)
    if said.status != 0 and "dubious ownership" in said.complaint:
        trusted = await _trusted_folders(program, env)
        git = replace(git, settings=(*git.settings, *trusted))
        said = await git.ask(*_QUESTION)
    if said.status != 0:
        raise _no_repository(folder, said)
    answer = said.out.decode("utf-8", "surrogateescape").split("\n")
    bare, shallow, home = answer[0] == "true", answer[1] == "true", Path("\n".join(answer[2:-1]))
    root = None if bare else await asyncio.to_thread(_root_around, folder)
    if root is not None:
        git = replace(git, folder=root, env=_of_files(root, env))
    empty = await git.ask("hash-object", "-t", "tree", "--stdin")
    return Repository(git, root, home, shallow, empty.out.decode("ascii", "replace").strip())


def failure(said: Said) -> UserError:
    """A git that failed, in a sentence."""
    why = said.complaint.removeprefix("fatal: ") or f"it ended with status {said.status}"
    return UserError(f"git could not tell what changed: {why}.")


_QUESTION = ("rev-parse", "--is-bare-repository", "--is-shallow-repository", "--absolute-git-dir")


def _root_around(folder: Path) -> Path | None:
    """The top folder, found as git finds it. A repository's configuration may name any folder."""
    for each in (folder, *folder.parents):
        if (each / ".git").exists():
            return each
    return None


def _of_files(root: Path, env: Mapping[str, str]) -> dict[str, str]:
    own = {"GIT_WORK_TREE": str(root)}
    if index := env.get(_INDEX):
        # In a hook the commit that is being made may have an index of its own.
        own[_INDEX] = str(root / index)
    return own


def _own_ignore_file(env: Mapping[str, str]) -> str:
    """What the user ignores everywhere. A repository's configuration could name a device."""
    above = env.get("XDG_CONFIG_HOME") or os.path.join(env.get("HOME", ""), ".config")  # noqa: PTH118 — "" stays ""
    own = Path(above) / "git" / "ignore"
    return str(own) if own.is_absolute() and own.is_file() else os.devnull


async def _trusted_folders(program: str, env: Mapping[str, str]) -> tuple[str, ...]:
    """The folders of other users that this user told git to trust."""
    own = {name: env[name] for name in ("HOME", "XDG_CONFIG_HOME") if name in env}
    asked = Git(program, Path("/"), env={**own, "GIT_CONFIG_GLOBAL": _global_file(env)})
    said = await asked.ask("config", "--global", "--null", "--get-all", "safe.directory")
    values = said.out.decode("utf-8", "surrogateescape").split("\0")
    return tuple(f"safe.directory={value}" for value in values if value)


def _global_file(env: Mapping[str, str]) -> str:
    return env.get("GIT_CONFIG_GLOBAL") or str(Path(env.get("HOME", "/")) / ".gitconfig")


def _no_repository(folder: Path, said: Said) -> UserError:
    where = plain(str(folder), 200)
    if "dubious ownership" in said.complaint:
        message = f"git does not trust the repository of {where}: it belongs to another user."
        remedy = f"If you do: git config --global --add safe.directory {where}"
        return UserError(message, remedy=remedy)
    if "not a git repository" in said.complaint:
        message = f"{where} is in no git repository, so nobody can tell what changed."
        return UserError(message, remedy=_NAME_FILES)
    return failure(said)
