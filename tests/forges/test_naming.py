"""From an address or a number to one pull request, and from nothing to nobody."""

import os
from pathlib import Path

import pytest

from mirador_lsp.core.errors import UserError
from mirador_lsp.core.pulls import ForgeKind, PullPlace
from mirador_lsp.forges.naming import is_declared, project_of, pull_at
from mirador_lsp.forges.opening import asked_host
from mirador_lsp.forges.remotes import origin_of

GITHUB, GITLAB, GITEA = ForgeKind.GITHUB, ForgeKind.GITLAB, ForgeKind.GITEA


@pytest.mark.parametrize(
    ("text", "kind", "web", "project"),
    [
        ("https://github.com/acme/shop/pull/12", GITHUB, "https://github.com", "acme/shop"),
        ("https://github.com/acme/shop/pull/12/files", GITHUB, "https://github.com", "acme/shop"),
        ("https://GitHub.com/acme/shop/pull/12?w=1#x", GITHUB, "https://github.com", "acme/shop"),
        ("https://git.corp.example/a/b.c/pull/12", GITHUB, "https://git.corp.example", "a/b.c"),
        (
            "https://gitlab.com/acme/tools/shop/-/merge_requests/12/diffs",
            GITLAB,
            "https://gitlab.com",
            "acme/tools/shop",
        ),
        ("https://gl.example:8443/a/b/merge_requests/12", GITLAB, "https://gl.example:8443", "a/b"),
        ("https://codeberg.org/acme/shop/pulls/12", GITEA, "https://codeberg.org", "acme/shop"),
        (
            "https://host.example/git/acme/shop/pulls/12",
            GITEA,
            "https://host.example/git",
            "acme/shop",
        ),
        ("http://127.0.0.1:3000/acme/shop/pulls/12", GITEA, "http://127.0.0.1:3000", "acme/shop"),
        ("http://[::1]:3000/acme/shop/pulls/12", GITEA, "http://[::1]:3000", "acme/shop"),
    ],
)
def test_an_address_names_forge_repository_and_number(
    text: str, kind: ForgeKind, web: str, project: str
) -> None:
    """Each forge has addresses of its own shape."""
    place = pull_at(text, "", {}, {})
    assert (place.kind, place.web, place.project, place.number) == (kind, web, project, 12)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "twelve",
        "0",
        "-1",
        "12345678901",
        "http://github.com/acme/shop/pull/12",
        "http://127.0.0.1.evil.example/acme/shop/pulls/12",
        "http://0x7f.1/acme/shop/pulls/12",
        "ftp://github.com/acme/shop/pull/12",
        "https://user:secret@github.com/acme/shop/pull/12",
        "https://github.com@evil.example/acme/shop/pull/12",
        "https://github.com\\@evil.example/acme/shop/pull/12",
        "https://github.com:99999/acme/shop/pull/12",
        "https://github.com/acme/shop",
        "https://github.com/acme/shop/issues/12",
        "https://github.com/../shop/pull/12",
        "https://github.com/acme/..%2f..%2fadmin/pull/12",
        "https://github.com/acme/sh%0dop/pull/12",
        "https://gitlab.com/shop/-/merge_requests/12",
        "https://[::1/acme/shop/pull/12",
        "https://evil.example#@github.com/acme/shop/pull/12",
        "file:///etc/passwd",
        "--upload-pack=touch",
    ],
)
def test_what_is_no_pull_request_is_refused(text: str) -> None:
    """In a sentence with the remedy; nothing is asked."""
    with pytest.raises(UserError) as caught:
        pull_at(text, "https://github.com/acme/shop.git", {}, {})
    assert caught.value.remedy
    assert "secret" not in caught.value.sentence().replace(text, "")


@pytest.mark.parametrize(
    ("remote", "web", "project", "kind"),
    [
        ("https://github.com/acme/shop.git", "https://github.com", "acme/shop", GITHUB),
        ("https://token:x@github.com/acme/shop", "https://github.com", "acme/shop", GITHUB),
        ("git@github.com:acme/shop.git", "https://github.com", "acme/shop", GITHUB),
        ("ssh://git@ssh.github.com:443/acme/shop.git", "https://github.com", "acme/shop", GITHUB),
        ("git@gitlab.com:acme/tools/shop.git", "https://gitlab.com", "acme/tools/shop", GITLAB),
        (
            "ssh://git@gitlab.corp.example:2222/a/b.git",
            "https://gitlab.corp.example",
            "a/b",
            GITLAB,
        ),
        ("forgejo.corp.example:a/b", "https://forgejo.corp.example", "a/b", GITEA),
        ("https://own.example:8443/a/b/", "https://own.example:8443", "a/b", GITLAB),
    ],
)
def test_a_number_is_one_of_the_repository_that_origin_leads_to(
    remote: str, web: str, project: str, kind: ForgeKind
) -> None:
    """Over whatever protocol it is fetched."""
    place = pull_at("#12", remote, {"own.example:8443": GITLAB}, {})
    assert (place.web, place.project, place.kind, place.number) == (web, project, kind, 12)
    assert project_of(remote) == (place.host, project)


@pytest.mark.parametrize(
    "remote",
    [
        "",
        "/srv/git/shop.git",
        "../shop",
        "file:///srv/git/shop.git",
        "ext::sh -c touch% /tmp/owned",
        "ext::sh:acme/shop",
        "http://github.com/acme/shop",
        "-oProxyCommand=touch:acme/shop",
        "git@github.com:acme",
        "git@github.com:../../admin",
        "https://nobody-knows.example/a/b",
        "https://[broken/a/b",
    ],
)
def test_a_remote_that_is_on_no_forge_says_so(remote: str) -> None:
    """It is read and never run."""
    with pytest.raises(UserError) as caught:
        pull_at("12", remote, {}, {})
    assert caught.value.remedy


def test_a_password_in_a_remote_is_not_repeated() -> None:
    """Remotes hold tokens more often than they should."""
    with pytest.raises(UserError) as caught:
        pull_at("12", "ftp://me:s3cret@host.example/a/b", {}, {})
    assert "s3cret" not in caught.value.sentence()


def test_the_run_says_which_forge_started_it() -> None:
    """Gitea's runners use GitHub's names, and say that they are not GitHub's."""
    env = {"GITHUB_SERVER_URL": "https://git.corp.example"}
    remote = "https://git.corp.example/a/b"
    assert pull_at("1", remote, {}, env).kind is GITHUB
    assert pull_at("1", remote, {}, {**env, "GITEA_ACTIONS": "true"}).kind is GITEA
    assert pull_at("1", remote, {}, {"CI_SERVER_URL": "https://git.corp.example"}).kind is GITLAB


def test_only_known_hosts_are_declared() -> None:
    """A token is for the forge it was made for."""

    def declared(web: str, kind: ForgeKind, **env: str) -> bool:
        host = web.partition("://")[2]
        return is_declared(PullPlace(kind, web, host, "a/b", 1), {"own.example": GITEA}, env)

    assert declared("https://github.com", GITHUB)
    assert not declared("https://github.com", GITEA)
    assert not declared("https://github.com.evil.example", GITHUB)
    assert not declared("https://github.com:444", GITHUB)
    assert declared("https://own.example", GITEA)
    assert not declared("https://own.example", GITHUB)
    assert declared("https://gl.example", GITLAB, CI_SERVER_URL="https://gl.example")
    assert not declared("https://gl.example", GITHUB, CI_SERVER_URL="https://gl.example")


def test_the_host_that_is_asked_is_told() -> None:
    """GitHub's interface is on a host of its own."""
    cases = {
        "https://github.com": "api.github.com",
        "https://corp.ghe.com": "api.corp.ghe.com",
        "https://git.corp.example": "git.corp.example",
    }
    for web, host in cases.items():
        place = PullPlace(GITHUB, web, web.partition("://")[2], "a/b", 1)
        assert asked_host(place)[0] == host


def test_origin_is_read_from_the_configuration(tmp_path: Path) -> None:
    """From anywhere below, in a linked work tree too; other remotes and comments are none of it."""
    git = tmp_path / "shop" / ".git"
    (tmp_path / "shop" / "src").mkdir(parents=True)
    (git / "worktrees" / "two").mkdir(parents=True)
    (git / "config").write_text(
        '[core]\n\turl = https://no.example/a/b\n[remote "upstream"]\n\turl = https://no.example/a/b\n'
        '; url = https://no.example/a/b\n[remote "origin"]\n\turl = git@github.com:acme/shop.git\n'
        "\tfetch = +refs/heads/*:refs/remotes/origin/*\n"
    )
    assert origin_of(tmp_path / "shop" / "src") == (
        "git@github.com:acme/shop.git",
        tmp_path / "shop",
    )
    (git / "worktrees" / "two" / "commondir").write_text("../..\n")
    two = tmp_path / "two"
    two.mkdir()
    (two / ".git").write_text(f"gitdir: {git / 'worktrees' / 'two'}\n")
    assert origin_of(two) == ("git@github.com:acme/shop.git", two)
    assert origin_of(tmp_path) == ("", None)


def test_an_odd_configuration_is_no_origin(tmp_path: Path) -> None:
    """A folder, a pipe or noise in its place makes nothing wait and nothing fail."""
    (tmp_path / ".git").mkdir()
    os.mkfifo(tmp_path / ".git" / "config")
    assert origin_of(tmp_path) == ("", tmp_path)
    (tmp_path / ".git" / "config").unlink()
    (tmp_path / ".git" / "config").write_bytes(b'\xff\x00[remote "origin"\nurl=' + b"x" * 5000)
    assert origin_of(tmp_path) == ("", tmp_path)
