"""Before the one network access: what is said, what is asked, and what is not sent."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import TextIO

import pytest

from fakes.forges.github import FakeGitHub
from fakes.forges.opened import MAKERS, VARIABLES, address
from fakes.forges.serving import File, StandIn, serving
from mirador_lsp.cli.pulling import PullWishes, fetched, is_below
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.pulls import ForgeKind

FILES = [File("a.py", "a = 1\n", "a = 2\n")]
TOKEN = "t0ken-of-the-bot"


@contextmanager
def github() -> Iterator[tuple[StandIn, str]]:
    """A stand-in and its host."""
    stand_in = FakeGitHub(list(FILES))
    with serving(stand_in) as host:
        yield stand_in, host


@contextmanager
def terminal(typed: bytes) -> Iterator[TextIO]:
    """A terminal on which somebody types."""
    master, slave = os.openpty()
    os.write(master, typed)
    with os.fdopen(slave, encoding="utf-8") as stream:
        yield stream
    os.close(master)


async def fetch(
    text: str,
    folder: Path,
    *,
    yes: bool = False,
    post: bool = False,
    hosts: tuple[str, ...] = (),
    stdin: TextIO | None = None,
    stderr: TextIO | None = None,
    **env: str,
) -> str:
    """Fetch; gives what was said on stderr."""
    told = stderr or StringIO()
    wishes = PullWishes(text=text, post=post, yes=yes)
    async with fetched(
        wishes,
        folder=folder,
        env={"GITHUB_TOKEN": TOKEN, **env},
        hosts=hosts,
        cap=9,
        stderr=told,
        stdin=stdin or StringIO(),
    ) as pull:
        assert [file.name for file in pull.pulled.change.files] == ["a.py"]
    return told.getvalue() if isinstance(told, StringIO) else ""


def checkout(folder: Path, remote: str) -> Path:
    """A folder that git would call a work tree."""
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text(f'[remote "origin"]\n\turl = {remote}\n')
    return folder


async def test_the_host_is_named_before_it_is_asked(tmp_path: Path) -> None:
    """With the variable of the token, and whether anything is written; the token itself is not."""
    with github() as (_, host):
        told = await fetch(address(ForgeKind.GITHUB, host), tmp_path, yes=True)
        assert told.startswith(f"mirador: Asks {host}, and no other host, for pull request 12")
        assert "with the token in GITHUB_TOKEN: reads what it changes." in told
        assert TOKEN not in told
        told = await fetch(address(ForgeKind.GITHUB, host), tmp_path, yes=True, post=True)
        assert "writes comments" in told


@pytest.mark.parametrize("ci", [{}, {"CI": "true"}])
async def test_an_unknown_host_gets_nothing_without_a_yes(
    tmp_path: Path, ci: dict[str, str]
) -> None:
    """Where nobody can be asked, in CI and elsewhere."""
    with github() as (stand_in, host):
        with pytest.raises(UserError, match="may be given the token") as caught:
            await fetch(address(ForgeKind.GITHUB, host), tmp_path, **ci)
        assert "--yes" in caught.value.remedy
        assert "forges.hosts" in caught.value.remedy
        assert stand_in.asked == []


async def test_a_host_of_the_settings_is_known(tmp_path: Path) -> None:
    """Its address is the user's own word; a bare number is a remote's."""
    with github() as (stand_in, host):
        hosts = (f"{host}=github",)
        await fetch(address(ForgeKind.GITHUB, host), tmp_path, hosts=hosts)
        asked = len(stand_in.asked)
        folder = checkout(tmp_path, f"http://{host}/acme/shop.git")
        with pytest.raises(UserError):
            await fetch("12", folder, hosts=hosts)
        assert len(stand_in.asked) == asked
        await fetch("12", folder, hosts=hosts, CI="1")
        await fetch("12", folder, GITHUB_SERVER_URL=f"http://{host}", CI="1")
        assert len(stand_in.asked) > asked


@pytest.mark.parametrize(
    ("typed", "goes"), [(b"y\n", True), (b"yes\n", True), (b"n\n", False), (b"\n", False)]
)
async def test_on_a_terminal_somebody_is_asked(tmp_path: Path, typed: bytes, goes: bool) -> None:
    """And only a yes is a yes."""
    with github() as (stand_in, host), terminal(typed) as stdin, terminal(b"") as out:
        folder = checkout(tmp_path, f"http://{host}/acme/shop")
        with os.fdopen(os.dup(out.fileno()), "w", encoding="utf-8") as stderr:
            asking = fetch("12", folder, hosts=(f"{host}=github",), stdin=stdin, stderr=stderr)
            if goes:
                await asking
            else:
                with pytest.raises(UserError, match="Nothing was sent"):
                    await asking
        assert bool(stand_in.asked) is goes


async def test_a_question_can_be_left(tmp_path: Path) -> None:
    """By Ctrl-C, which cancels: nobody has to press Enter first."""
    with github() as (stand_in, host), terminal(b"") as stdin, terminal(b"") as out:
        folder = checkout(tmp_path, f"http://{host}/acme/shop")
        with os.fdopen(os.dup(out.fileno()), "w", encoding="utf-8") as stderr:
            asking = fetch("12", folder, hosts=(f"{host}=github",), stdin=stdin, stderr=stderr)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asking, 2)
        assert stand_in.asked == []


@pytest.mark.parametrize("kind", list(ForgeKind))
async def test_without_a_token_nothing_is_asked(kind: ForgeKind, tmp_path: Path) -> None:
    """The variable and what the token needs are said."""
    stand_in = MAKERS[kind](list(FILES))
    with serving(stand_in) as host:
        with pytest.raises(UserError, match="No token") as caught:
            await fetch(address(kind, host), tmp_path, yes=True, GITHUB_TOKEN="")
        names = (VARIABLES[kind], "GH_ENTERPRISE_TOKEN")
        assert any(name in caught.value.remedy for name in names)
        assert stand_in.asked == []


async def test_a_token_that_is_none_is_not_sent(tmp_path: Path) -> None:
    """Nor shown: a line end in it would end a header."""
    with github() as (stand_in, host):
        with pytest.raises(UserError) as caught:
            await fetch(
                address(ForgeKind.GITHUB, host), tmp_path, yes=True, GITHUB_TOKEN="a\r\nX: secret"
            )
        assert "secret" not in caught.value.sentence()
        assert stand_in.asked == []


async def test_proxies_of_the_environment_are_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even those that are set for everything."""
    with github() as (proxy, there), github() as (_, host):
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://{there}")
        await fetch(address(ForgeKind.GITHUB, host), tmp_path, yes=True)
        assert proxy.asked == []


async def test_a_checkout_of_the_same_repository_gives_files_their_places(tmp_path: Path) -> None:
    """Of another one it gives none."""
    with github() as (_, host):
        for remote, known in ((f"http://{host}/acme/shop", True), ("git@x.example:a/b", False)):
            folder = tmp_path / str(known)
            folder.mkdir()
            checkout(folder, remote)
            async with fetched(
                PullWishes(text=address(ForgeKind.GITHUB, host), yes=True),
                folder=folder,
                env={"GITHUB_TOKEN": TOKEN},
                hosts=(),
                cap=9,
                stderr=StringIO(),
                stdin=StringIO(),
            ) as pull:
                snapshot = pull.pulled.change.files[0].snapshot
                assert snapshot is not None
                assert snapshot.path == (str(folder / "a.py") if known else None)


@pytest.mark.parametrize("wishes", [PullWishes(post=True), PullWishes(dry_run=True)])
def test_posting_needs_a_pull_request(wishes: PullWishes) -> None:
    """Otherwise it is a mistake."""
    with pytest.raises(UserError, match="needs a pull request"):
        wishes.check(())


def test_a_part_is_not_posted() -> None:
    """The summary would tell of the part alone."""
    with pytest.raises(UserError, match="whole"):
        PullWishes(text="12", post=True).check(("src",))
    PullWishes(text="12").check(("src",))
    assert is_below("src/a.py", "./src/")
    assert is_below("src/a.py", ".")
    assert not is_below("srcs/a.py", "src")
