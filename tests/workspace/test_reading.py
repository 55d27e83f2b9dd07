"""One file: text, or a reason."""

import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from mirador_lsp.workspace import SkipKind, Skipped, Source, read_source
from mirador_lsp.workspace.decoding import NoText, decode
from mirador_lsp.workspace.sources import shown

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256))


def write(folder: Path, content: bytes, name: str = "a.py") -> Path:
    """A file with this content."""
    file = folder / name
    file.write_bytes(content)
    return file


def test_a_file_becomes_a_snapshot(tmp_path: Path) -> None:
    """Text, language, names and URI are those of the file."""
    file = write(tmp_path, b"x = 1\r\n", "a b.py")
    found = read_source("a b.py", cwd=tmp_path)
    assert isinstance(found, Source)
    snapshot = found.snapshot
    assert snapshot.text == "x = 1\r\n"
    assert snapshot.language == "python"
    assert snapshot.name == "a b.py"
    assert snapshot.path == str(file)
    assert snapshot.uri == file.as_uri()
    assert snapshot.version is None
    assert found.asked


def test_names_are_short_below_the_current_folder_and_as_given_elsewhere(tmp_path: Path) -> None:
    """A user reads the path the way it was typed, or shorter."""
    write(tmp_path, b"x\n")
    (tmp_path / "sub").mkdir()
    for asked, cwd, name in (
        (str(tmp_path / "a.py"), tmp_path, "a.py"),
        ("../a.py", tmp_path / "sub", "../a.py"),
        ("./sub/../a.py", tmp_path, "a.py"),
    ):
        found = read_source(asked, cwd=cwd)
        assert isinstance(found, Source)
        assert found.snapshot.name == name
        assert found.snapshot.path == str(tmp_path / "a.py")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("é = 'ü😀'\n".encode(), "é = 'ü😀'\n"),
        (b"\xef\xbb\xbfx = 1\n", "x = 1\n"),
        ("x = 'é'\n".encode("utf-16"), "x = 'é'\n"),
        (b"\xfe\xff" + "x = '😀'\n".encode("utf-16-be"), "x = '😀'\n"),
        ("x = 1\n".encode("utf-32"), "x = 1\n"),
        ("# -*- coding: latin-1 -*-\nx = 'é'\n".encode("latin-1"), None),
        ("#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nx = '€'\n".encode("cp1252"), None),
        (b"# coding: utf_8\nx = '\xc3\xa9'\n", "# coding: utf_8\nx = 'é'\n"),
        (b"x = 1\n\n# coding: rot13\n", "x = 1\n\n# coding: rot13\n"),
        (b"x = 1\n# coding: rot13\n", "x = 1\n# coding: rot13\n"),
        (b"a\x0cb\xe2\x80\xa8c\rd\r\n", "a\x0cb\u2028c\rd\r\n"),
    ],
)
def test_what_says_its_encoding_is_read_exactly(
    tmp_path: Path, content: bytes, text: str | None
) -> None:
    """UTF-8, byte order marks and PEP 263 give the text an editor shows, without the mark."""
    found = read_source(write(tmp_path, content), cwd=tmp_path)
    assert isinstance(found, Source)
    if text is None:
        assert any(char in found.snapshot.text for char in "é€")
    else:
        assert found.snapshot.text == text


@pytest.mark.parametrize(
    ("name", "content", "kind", "part"),
    [
        ("a.py", "x = 'é'\n".encode("latin-1"), SkipKind.ENCODING, "looks like Latin-1"),
        ("a.py", "\n\nx = '€'\n".encode("cp1252"), SkipKind.ENCODING, "line 3; it looks like Wind"),
        ("a.py", "x = '日本語です'\n".encode("cp932") * 9, SkipKind.ENCODING, "not UTF-8"),
        ("a.py", b"# -*- coding: rot13 -*-\nk = 1\n", SkipKind.ENCODING, '"rot13"'),
        ("a.py", b"#!/x\n# coding=zlib_codec\nk = 1\n", SkipKind.ENCODING, '"zlib_codec"'),
        ("a.py", b"# coding: ascii\nx = '\xc3\xa9'\n", SkipKind.ENCODING, "not ASCII"),
        ("a.js", b"// coding: latin-1\nx = '\xe9'\n", SkipKind.ENCODING, "not UTF-8"),
        ("a.py", b"\xff\xfex", SkipKind.ENCODING, "not UTF-16-LE"),
        ("a.py", b"\xef\xbb\xbf\xff", SkipKind.ENCODING, "byte order mark"),
        ("a.py", b"\xff\xfe\x00\xd8", SkipKind.ENCODING, "UTF-16"),
        ("a.py", PNG, SkipKind.BINARY, "a PNG image"),
        ("a.py", b"\xff\xd8\xff\xe0\x90", SkipKind.BINARY, "a JPEG image"),
        ("a.py", b"x = 1\n\0", SkipKind.BINARY, "NUL"),
        ("a.py", b"\x7fELF\x02\x01\x01\0\0", SkipKind.BINARY, "a program"),
        ("a.py", b"", SkipKind.EMPTY, "empty"),
        ("a.py", b"\xef\xbb\xbf", SkipKind.EMPTY, "empty"),
        ("a.py", b" \n\t\n", SkipKind.EMPTY, "blanks only"),
    ],
)
def test_what_is_no_known_text_is_skipped_with_its_reason(
    tmp_path: Path, name: str, content: bytes, kind: SkipKind, part: str
) -> None:
    """A guess at the encoding would move every position, so there is none."""
    found = read_source(write(tmp_path, content, name), cwd=tmp_path)
    assert isinstance(found, Skipped)
    assert (found.name, found.kind) == (name, kind)
    assert part in found.reason
    assert found.asked


@how(deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda text: text.encode("utf-16")))
def test_any_bytes_are_text_or_a_reason(content: bytes) -> None:
    """Decoding never raises, and text never holds half a character."""
    for language in ("python", "go"):
        found = decode(content, language)
        if isinstance(found, NoText):
            assert shown(found.reason) == found.reason
        else:
            found.encode()


@how(deadline=None)
@given(st.text(max_size=60), st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]))
def test_text_survives_its_encoding(text: str, encoding: str) -> None:
    """Encoding and decoding are inverse for every encoding that marks itself."""
    marked = text.startswith("\ufeff") and encoding == "utf-8"
    found = decode(text.encode(encoding), "go")
    if "\0" in text and encoding == "utf-8" and not marked:
        assert isinstance(found, NoText)
    else:
        assert found == (text[1:] if marked else text)


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    """A 50 MB file is refused by its size; the limit can be moved and is a limit."""
    file = tmp_path / "big.py"
    with file.open("wb") as stream:
        stream.truncate(50_000_000)
    found = read_source(file, cwd=tmp_path)
    assert isinstance(found, Skipped)
    assert found.kind is SkipKind.LARGE
    assert found.reason == "too large: 50.0 MB; the limit is 10 MB"
    exact = write(tmp_path, b"x" * 100)
    assert isinstance(read_source(exact, cwd=tmp_path, max_bytes=100), Source)
    assert isinstance(read_source(exact, cwd=tmp_path, max_bytes=99), Skipped)


def make_fifo(path: Path) -> None:
    """A pipe nobody writes to."""
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    """A socket nobody listens at."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def make_device(path: Path) -> None:
    """A link to a file without an end."""
    path.symlink_to("/dev/zero")


def make_folder(path: Path) -> None:
    """A folder called like a file."""
    path.mkdir()


def make_dangling(path: Path) -> None:
    """A link to nothing."""
    path.symlink_to("nothing-here")


def make_loop(path: Path) -> None:
    """A link to itself."""
    path.symlink_to(path.name)


def make_nothing(path: Path) -> None:
    """Nothing."""


@pytest.mark.parametrize(
    ("make", "kind", "reason"),
    [
        (make_fifo, SkipKind.IRREGULAR, "a named pipe"),
        (make_socket, SkipKind.IRREGULAR, "a socket"),
        (make_device, SkipKind.IRREGULAR, "a device"),
        (make_folder, SkipKind.IRREGULAR, "a folder"),
        (make_dangling, SkipKind.MISSING, "a symbolic link to nothing"),
        (make_loop, SkipKind.LINK, "a symbolic link that leads nowhere"),
        (make_nothing, SkipKind.MISSING, "does not exist"),
    ],
)
def test_what_is_no_file_is_told_without_waiting(
    tmp_path: Path, make: Callable[[Path], None], kind: SkipKind, reason: str
) -> None:
    """A pipe, a device or a link in the place of a file neither blocks nor runs on."""
    make(tmp_path / "x.py")
    assert read_source("x.py", cwd=tmp_path) == Skipped("x.py", reason, kind)


@pytest.mark.parametrize("path", ["a\0b", "x" * 300, "d/" * 3000 + "x.py", "a.py/b.py", ""])
def test_impossible_paths_are_told(tmp_path: Path, path: str) -> None:
    """What no file can be called is skipped like what is not there."""
    write(tmp_path, b"x\n")
    found = read_source(path, cwd=tmp_path)
    assert isinstance(found, Skipped)
    assert found.kind is (SkipKind.MISSING if path else SkipKind.IRREGULAR)


def test_a_link_the_user_names_is_followed(tmp_path: Path) -> None:
    """Naming a link is asking for what it points at, under the link's name."""
    write(tmp_path, b"x = 1\n", "real.py")
    (tmp_path / "link.py").symlink_to("real.py")
    found = read_source("link.py", cwd=tmp_path)
    assert isinstance(found, Source)
    assert found.snapshot.name == "link.py"


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        (b"a\nb.py", "a b.py"),
        (b"caf\xe9.py", "caf\\xe9.py"),
        (b"\x1b[31mred.py", "[31mred.py"),
        ("\u202eyp.exe.py".encode(), "yp.exe.py"),
        ("日本.py".encode(), "日本.py"),
    ],
)
def test_odd_names_are_read_and_shown_safely(tmp_path: Path, name: bytes, seen: str) -> None:
    """Any bytes can be a name; what is shown is one visible line, what is opened is the file."""
    path = os.fsdecode(os.fsencode(tmp_path) + b"/" + name)
    Path(path).write_bytes(b"x = 1\n")
    found = read_source(path, cwd=tmp_path)
    assert isinstance(found, Source)
    assert found.snapshot.name == seen
    assert found.snapshot.path == path
    assert found.snapshot.uri.isascii()


def test_a_file_that_becomes_a_link_is_not_followed_out_of_the_tree(tmp_path: Path) -> None:
    """However the swap falls, a walk reads the file or skips it and never the link's target."""
    from mirador_lsp.workspace.reading import read_bytes  # noqa: PLC0415

    secret = write(tmp_path, b"secret", "secret")
    inner = tmp_path / "tree"
    inner.mkdir()
    plain_file, link, target = inner / "plain", inner / "link", inner / "a.py"
    over = threading.Event()

    def swap() -> None:
        while not over.is_set():
            plain_file.write_bytes(b"public")
            plain_file.replace(target)
            link.symlink_to(secret)
            link.replace(target)

    folder = os.open(inner, os.O_RDONLY)
    thread = threading.Thread(target=swap)
    thread.start()
    try:
        seen = {
            content if isinstance(content, bytes) else content.kind
            for content in (
                read_bytes("a.py", max_bytes=100, follow=False, folder=folder) for _ in range(3000)
            )
        }
    finally:
        over.set()
        thread.join()
        os.close(folder)
    assert b"secret" not in seen
    assert seen <= {b"public", SkipKind.LINK, SkipKind.MISSING}


AS_NOBODY = """
import os, sys
from pathlib import Path
from mirador_lsp.workspace import gather
# Only now: this user may not be able to reach the interpreter's own files.
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
for found in gather(sys.argv[2:], cwd=Path(sys.argv[1])):
    print(getattr(found, "kind", "source"), getattr(found, "asked"),
          getattr(found, "name", None) or found.snapshot.name,
          getattr(found, "reason", ""), sep="|")
"""


def test_what_may_not_be_read_is_told_and_the_rest_is_read() -> None:
    """An unreadable file or folder costs a line; run as another user, since root reads all."""
    with tempfile.TemporaryDirectory(prefix="mirador-test-") as name:
        root = Path(name)
        (root / "shut").mkdir()
        write(root / "shut", b"x = 1\n")
        write(root, b"x = 1\n", "secret.py")
        write(root, b"x = 1\n", "open.py")
        shut = (root / "shut", root / "secret.py")
        for path in shut:
            path.chmod(0)
        root.chmod(0o755)
        done = subprocess.run(
            [sys.executable, "-c", AS_NOBODY, name, ".", "secret.py", "shut", "shut/a.py"],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            check=False,
        )
        for path in shut:
            path.chmod(0o700)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "source|False|open.py|",
        "unreadable|False|secret.py|may not be read by this user",
        "unreadable|False|shut|may not be read by this user",
        "unreadable|True|secret.py|may not be read by this user",
        "unreadable|True|shut|may not be read by this user",
        "unreadable|True|shut/a.py|may not be read by this user",
    ]
