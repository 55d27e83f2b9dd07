"""A git repository that a test makes, with a developer who commits to it."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from mirador_lsp.workspace.git.program import find_git

GIT = find_git(os.environ)
needs_git = pytest.mark.skipif(GIT is None, reason="there is no git")


class FakeDeveloper:
    """Works in a repository as people do, with nobody's own settings."""

    def __init__(self, folder: Path, *init: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "--quiet", "--initial-branch=main", *init)

    def git(self, *words: str, folder: Path | None = None, ok: bool = True) -> str:
        """Run git and give what it says."""
        names = ("-c", "user.name=Dev", "-c", "user.email=dev@example.org")
        allowed = ("-c", "protocol.file.allow=always", "-c", "commit.gpgSign=false")
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
        }
        done = subprocess.run(
            [str(GIT), *names, *allowed, *words],
            cwd=folder or self.folder,
            env=env,
            check=ok,
            capture_output=True,
        )
        return done.stdout.decode("utf-8", "replace").strip()

    def write(self, files: Mapping[str, str | bytes | None]) -> None:
        """Write files, or take away those that are None."""
        for name, content in files.items():
            file = self.folder / name
            if content is None:
                file.unlink()
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            data = content.encode() if isinstance(content, str) else content
            file.write_bytes(data)

    def commit(self, files: Mapping[str, str | bytes | None] | None = None) -> str:
        """Write files, commit everything, and give the commit's id."""
        self.write(files or {})
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "work")
        return self.git("rev-parse", "HEAD")
