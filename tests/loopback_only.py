"""Runs a command with no network but loopback, in a namespace of its own (Linux).

    python tests/loopback_only.py COMMAND [ARGUMENT …]

Proves that nothing the command does needs, or reaches, another machine. Exits with 77 where the
system does not allow a namespace; otherwise with the command's own status.
"""

import fcntl
import os
import socket
import struct
import subprocess
import sys

_NO_NAMESPACE = 77
_SIOCGIFFLAGS, _SIOCSIFFLAGS, _IFF_UP = 0x8913, 0x8914, 1
_INSIDE = "LOOPBACK_ONLY"


def main(command: list[str]) -> int:
    """Enter the namespace, then become the command."""
    if os.environ.get(_INSIDE):
        _bring_up_loopback()
        os.execvp(command[0], command)  # noqa: S606 — no shell is wanted
    how = ["--net"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--net"]
    probe = subprocess.run(["unshare", *how, "true"], check=False, capture_output=True)  # noqa: S607
    if probe.returncode != 0:
        print("This system allows no network namespace.", file=sys.stderr)
        return _NO_NAMESPACE
    inside = ["unshare", *how, sys.executable, __file__, *command]
    return subprocess.run(inside, check=False, env={**os.environ, _INSIDE: "1"}).returncode


def _bring_up_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        request = struct.pack("16sh14x", b"lo", 0)
        flags = struct.unpack("16sh14x", fcntl.ioctl(any_socket, _SIOCGIFFLAGS, request))[1]
        fcntl.ioctl(any_socket, _SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | _IFF_UP))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
