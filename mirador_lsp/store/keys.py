"""Where the key of an encrypted store lies: the system's keyring, or a file of the user's alone.

Everything here blocks and is meant for a thread.
"""

import hashlib
import logging
import os
import re
import secrets
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from mirador_lsp.core.errors import ServiceError

_SERVICE = "mirador"
_BYTES = 32
_NAME = re.compile(r"store-[0-9a-f]{16}")
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Key:
    """A raw key, and what the seal of a file says of it."""

    secret: bytes
    name: str
    """By which the keyring knows it; part of no secret."""
    kept: str
    """"keyring" or "file"."""

    @property
    def check(self) -> str:
        """Tells whether a key is the right one, and nothing more."""
        return hashlib.sha256(b"mirador store" + self.secret).hexdigest()[:16]


class Seal(msgspec.Struct, frozen=True):
    """What lies beside an encrypted file, so that its key is found again."""

    name: str
    kept: str
    check: str


def read_seal(file: Path) -> Seal | None:
    """The seal; None where there is none. Raises `ServiceError` where it cannot be read."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=Seal)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        message = f"{file}, which says where the key of the store lies, cannot be read."
        raise ServiceError(message, remedy="Put it back from a backup of your own.") from error


def write_seal(file: Path, key: Key) -> None:
    """Put the seal there, whole or not at all. Raises `OSError`."""
    data = msgspec.json.encode(Seal(key.name, key.kept, key.check))
    _write(file.with_name(f"{file.name}.part"), data)
    file.with_name(f"{file.name}.part").replace(file)


class Keys:
    """The keys of one user. Nothing is asked before it is needed."""

    def __init__(self, folder: Path, *, use_keyring: bool = True) -> None:
        """`folder` holds keys where the system has no keyring that can be trusted with them."""
        self._folder = folder
        self._use_keyring = use_keyring

    def find(self, seal: Seal) -> Key:
        """The key of a seal. Raises `ServiceError` where it is missing or another one."""
        if not _NAME.fullmatch(seal.name):
            message = "What says where the key of the store lies is broken."
            raise ServiceError(message, remedy="Put it back from a backup of your own.")
        in_ring = seal.kept == "keyring"
        secret = self._from_keyring(seal.name) if in_ring else self._from_file(seal.name)
        key = Key(secret, seal.name, seal.kept)
        if key.check != seal.check:
            where = "the keyring" if in_ring else self._file(seal.name)
            message = f"The key in {where} is not that of the store."
            raise ServiceError(message, remedy="Put the right key back; nothing was changed.")
        return key

    def make(self) -> Key:
        """A new key, kept before this returns. Raises `ServiceError` where it cannot be."""
        secret, name = secrets.token_bytes(_BYTES), f"store-{secrets.token_hex(8)}"
        ring = trusted_keyring() if self._use_keyring else None
        if ring is not None:
            try:
                ring.set_password(_SERVICE, name, secret.hex())
                if ring.get_password(_SERVICE, name) == secret.hex():
                    return Key(secret, name, "keyring")
            except _ring_errors() as error:
                _log.warning("the keyring does not keep the key: %s", error)
        file = self._file(name)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(file, secret.hex().encode() + b"\n")
        except OSError as error:
            message = f"The key cannot be kept in {file}: {error.strerror}."
            raise ServiceError(message, remedy="Check who owns its folder.") from error
        return Key(secret, name, "file")

    def remove(self, key: Key) -> None:
        """Forget a key that nothing is encrypted with any more."""
        try:
            if key.kept == "file":
                self._file(key.name).unlink(missing_ok=True)
            elif (ring := trusted_keyring()) is not None:
                ring.delete_password(_SERVICE, key.name)
        except _ring_errors() as error:
            _log.warning("a key that is not used any more stays: %s", error)

    def told(self, name: str, kept: str) -> str:
        """Where a key is, one sentence for the user; what it means where it is a file."""
        if kept == "keyring":
            return "Its key is in the keyring of your system."
        return (
            f"Its key is in {self._file(name)}, readable by you alone, because this system has no "
            "keyring: who can read that file can read the store."
        )

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.key"

    def _from_keyring(self, name: str) -> bytes:
        ring = trusted_keyring() if self._use_keyring else None
        text = None
        if ring is not None:
            try:
                text = ring.get_password(_SERVICE, name)
            except _ring_errors() as error:
                message = f"The key of the store cannot be had from the keyring: {error}."
                raise ServiceError(message, remedy="Unlock the keyring.") from error
        if text is None:
            message = "The store is encrypted, and its key is not in the keyring of this system."
            remedy = "Unlock the keyring or put the key back; nothing was changed."
            raise ServiceError(message, remedy=remedy)
        return _secret(text, "the keyring")

    def _from_file(self, name: str) -> bytes:
        file = self._file(name)
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            descriptor = os.open(file, flags)
            try:
                facts = os.fstat(descriptor)
                text = os.read(descriptor, 4096).decode("ascii", "replace")
            finally:
                os.close(descriptor)
        except OSError as error:
            message = f"The store is encrypted, and its key is not in {file}."
            raise ServiceError(message, remedy="Put the key back; nothing was changed.") from error
        if facts.st_uid != os.geteuid() or stat.S_IMODE(facts.st_mode) & 0o077:
            message = f"Others can read the key of the store in {file}."
            raise ServiceError(message, remedy=f"Take it from them: chmod 600 {file}")
        return _secret(text, str(file))


def _secret(text: str, where: str) -> bytes:
    try:
        secret = bytes.fromhex(text.strip())
    except ValueError:
        secret = b""
    if len(secret) != _BYTES:
        message = f"What {where} holds is no key of a store."
        raise ServiceError(message, remedy="Put the right key back; nothing was changed.")
    return secret


def _write(file: Path, data: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(file, flags, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
        os.write(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def trusted_keyring() -> Any | None:
    """The keyring of the system; None where there is none, or one that keeps keys in the clear."""
    try:
        import keyring  # noqa: PLC0415 — an extra, and slow
    except ImportError:
        return None
    try:
        ring = keyring.get_keyring()
    except _ring_errors() as error:
        _log.info("no keyring: %s", error)
        return None
    rings = [ring, *getattr(ring, "backends", ())]
    return ring if all(_is_trusted(each) for each in rings) else None


def _is_trusted(ring: object) -> bool:
    """Packages may bring backends that write keys to a file as they are."""
    module, name = type(ring).__module__.lower(), type(ring).__name__.lower()
    if module.startswith(("keyrings.", "keyring.backends.fail", "keyring.backends.null")):
        return False
    return "plaintext" not in name and "plaintext" not in module


def _ring_errors() -> tuple[type[Exception], ...]:
    """What a keyring raises: its own errors, and those of the bus it speaks over."""
    those: tuple[type[Exception], ...] = (OSError, RuntimeError, ValueError, EOFError)
    try:
        from keyring.errors import KeyringError  # noqa: PLC0415 — an extra
    except ImportError:
        return those
    return (*those, KeyringError)
