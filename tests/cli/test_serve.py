"""`mirador serve`: where it listens, and that it leaves with its client."""

import subprocess
import sys
from pathlib import Path

import pytest

from fakes.folders import own_folders
from mirador_lsp.cli.serve import Address, address
from mirador_lsp.core.errors import UserError


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("2087", "127.0.0.1", 2087),
        ("127.0.0.1:0", "127.0.0.1", 0),
        ("localhost:99", "127.0.0.1", 99),
        ("127.1.2.3:99", "127.1.2.3", 99),
        ("[::1]:2087", "::1", 2087),
        (":2087", "127.0.0.1", 2087),
    ],
)
def test_an_address_of_this_machine(text: str, host: str, port: int) -> None:
    """A port alone, or a loopback host and a port."""
    assert address(text) == Address(host, port)


@pytest.mark.parametrize(
    "text",
    ["0.0.0.0:2087", "192.168.1.4:2087", "[::]:2087", "example.org:2087", "x", "", "127.0.0.1:"],
)
def test_no_other_address_will_do(text: str) -> None:
    """Anything that is not loopback, or no address at all, is refused."""
    with pytest.raises(UserError):
        address(text)


def test_a_port_that_does_not_exist() -> None:
    """Ports end at 65535."""
    with pytest.raises(UserError, match="no port 70000"):
        address("70000")


def test_the_server_ends_with_its_client(tmp_path: Path) -> None:
    """`mirador serve` on a stdin that ends at once leaves by itself, and stdout stays clean."""
    ended = subprocess.run(
        [sys.executable, "-m", "mirador_lsp", "serve", "--stdio", "--clientProcessId", "1"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
        env={"PATH": "/usr/bin:/bin", **own_folders(tmp_path)},
    )
    assert ended.returncode == 1
    assert ended.stdout == b""
