"""Files of vectors: what is written is found again, and nothing of a stranger's is believed."""

import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from fakes.embedder import HashEmbedder
from mirador_lsp.core.errors import IndexUnavailable
from mirador_lsp.core.retrieval import EmbedderCard
from mirador_lsp.index.prebuilt import Prebuilt, new_file, write
from mirador_lsp.index.shelved import PrebuiltFolder, take_in

CARD = HashEmbedder(dimensions=8).card
_HEAD, _WIDTH = 1024, 16 + 2 * 8


def _ids(count: int) -> list[str]:
    return sorted(
        hashlib.md5(str(n).encode(), usedforsecurity=False).hexdigest() for n in range(count)
    )


def _file(path: Path, count: int = 100, card: EmbedderCard = CARD) -> list[str]:
    """A file of unit vectors, each of its own; its ids."""
    ids = _ids(count)
    with new_file(path) as file:
        for _ in write(file, card, (([chunk], _vector(chunk)) for chunk in ids)):
            pass
    return ids


def _vector(chunk: str) -> bytes:
    import numpy as np

    row = np.frombuffer(bytes.fromhex(chunk)[:8], np.uint8).astype(np.float32) + 1
    return bytes((row / np.linalg.norm(row)).astype("<f2").tobytes())


def test_what_is_written_is_found(tmp_path: Path) -> None:
    """Every id has its own vector; what is not in it is left out; no part of it is a text."""
    path = tmp_path / "some.vectors"
    ids = _file(path)
    file = Prebuilt.open(path)
    assert file.head.count == 100
    assert file.is_of(CARD)
    found = file.vectors_of([*ids, "00" * 16, "ff" * 16])
    assert list(found) == ids
    for chunk in ids:
        assert bytes.fromhex(chunk) + _vector(chunk) in path.read_bytes()
        assert abs(sum(value * value for value in found[chunk]) - 1) < 0.01
    file.close()
    file.close()


def test_an_empty_file_is_one(tmp_path: Path) -> None:
    """Nothing is found in it."""
    path = tmp_path / "some.vectors"
    _file(path, 0)
    file = Prebuilt.open(path)
    assert file.vectors_of(_ids(3)) == {}
    file.close()


def _cut(data: bytes) -> bytes:
    return data[:-1]


def _grown(data: bytes) -> bytes:
    return data + b"\0"


def _no_head(data: bytes) -> bytes:
    return b"PK\x03\x04" + data[4:]


def _pickle(data: bytes) -> bytes:
    return b"\x80\x04cposix\nsystem\n"


def _flipped(data: bytes) -> bytes:
    at = _HEAD + 5 * _WIDTH + 20
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def _head(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        assert old in data[:_HEAD]
        return signed(data[:_HEAD].replace(old, new).ljust(_HEAD)[:_HEAD] + data[_HEAD:])

    return change


def signed(data: bytes) -> bytes:
    """With the checksum that belongs to it: whoever makes a file can make that, too."""
    records = hashlib.sha256(data[_HEAD:-32]).digest()
    return data[:-32] + hashlib.sha256(data[:_HEAD] + records).digest()


def _swapped(data: bytes) -> bytes:
    first, second = data[_HEAD : _HEAD + _WIDTH], data[_HEAD + _WIDTH : _HEAD + 2 * _WIDTH]
    return signed(data[:_HEAD] + second + first + data[_HEAD + 2 * _WIDTH :])


def _twice(data: bytes) -> bytes:
    first = data[_HEAD : _HEAD + _WIDTH]
    return signed(data[:_HEAD] + first + first + data[_HEAD + 2 * _WIDTH :])


def _not_a_number(data: bytes) -> bytes:
    at = _HEAD + 16
    return signed(data[:at] + b"\x00\x7e" + data[at + 2 :])


def _endless(data: bytes) -> bytes:
    at = _HEAD + 16
    return signed(data[:at] + b"\x00\x7c" + data[at + 2 :])


def _long(data: bytes) -> bytes:
    at = _HEAD + 16
    return signed(data[:at] + b"\x00\x50" * 8 + data[at + 16 :])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_cut, "not whole"),
        (_grown, "not whole"),
        (_no_head, "no file of vectors"),
        (_pickle, "no file of vectors"),
        (lambda data: b"", "no file of vectors"),
        (lambda data: data[:20], "head cannot be read"),
        (_flipped, "checksum"),
        (_head(b'"count":100', b'"count":99 '), "not whole"),
        (_head(b'"count":100', b'"count":-1 '), "cannot be"),
        (_head(b'"count":100', b'"count":9e99'), "head cannot be read"),
        (_head(b'"count":100', b'"count":99999999999'), "cannot be"),
        (_head(b'"dimensions":8', b'"dimensions":0'), "cannot be"),
        (_head(b'"dimensions":8', b'"dimensions":99999999'), "cannot be"),
        (_head(b'"count":100', b'"more":1,"count":100'), "head cannot be read"),
        (_head(b'"digest":"', b'"digest":"../../'), "cannot be"),
        (_swapped, "not in order"),
        (_twice, "not in order"),
        (_not_a_number, "no vector"),
        (_endless, "no vector"),
        (_long, "no vector"),
    ],
)
def test_a_hostile_file_is_refused(
    tmp_path: Path, change: Callable[[bytes], bytes], said: str
) -> None:
    """With one sentence and a remedy, whatever was done to it; a right checksum does not help."""
    path = tmp_path / "some.vectors"
    _file(path)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(IndexUnavailable, match=said) as raised:
        Prebuilt.open(path)
    assert raised.value.remedy


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """A folder, a pipe that nobody writes to, a device, and nothing at all."""
    os.mkfifo(tmp_path / "pipe.vectors")
    for path in (tmp_path, tmp_path / "pipe.vectors", Path("/dev/zero"), tmp_path / "none"):
        with pytest.raises(IndexUnavailable):
            Prebuilt.open(path)


def test_a_file_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    """Its size is looked at before anything else; holes make it cheap to be large."""
    path = tmp_path / "some.vectors"
    _file(path)
    os.truncate(path, 1 << 40)
    with pytest.raises(IndexUnavailable, match="larger than"):
        Prebuilt.open(path)


def test_a_file_that_shrinks_while_it_is_open_is_given_up(tmp_path: Path) -> None:
    """What was taken from it before stays right, and the note says what happened."""
    path = tmp_path / "some.vectors"
    ids = _file(path)
    folder = PrebuiltFolder(tmp_path)
    assert len(folder.vectors_of(CARD, ids)) == 100
    held = Prebuilt.open(path)
    os.truncate(path, _HEAD)
    with pytest.raises(IndexUnavailable, match="cut while"):
        held.vectors_of(ids)
    held.close()
    assert folder.vectors_of(CARD, ids) == {}
    assert "not whole" in folder.notes[0]
    folder.close()


def test_a_folder_is_followed(tmp_path: Path) -> None:
    """Files come, are replaced and go; others of another embedder and hidden ones do not count."""
    folder = PrebuiltFolder(tmp_path)
    assert folder.vectors_of(CARD, _ids(9)) == {}
    assert PrebuiltFolder(tmp_path / "none").vectors_of(CARD, _ids(9)) == {}
    ids = _file(tmp_path / "a.vectors", 4)
    _file(tmp_path / "b.vectors", 4, HashEmbedder(name="other", dimensions=8).card)
    (tmp_path / ".c.vectors").write_bytes(b"rubbish")
    (tmp_path / "d.txt").write_bytes(b"rubbish")
    assert set(folder.vectors_of(CARD, _ids(9))) == set(ids)
    assert folder.notes == ()
    more = _file(tmp_path / "a.vectors", 9)
    assert set(folder.vectors_of(CARD, _ids(9))) == set(more)
    (tmp_path / "a.vectors").unlink()
    assert folder.vectors_of(CARD, _ids(9)) == {}
    folder.close()
    single = PrebuiltFolder(tmp_path / "b.vectors")
    assert single.vectors_of(CARD, _ids(9)) == {}
    assert single.notes == ()
    single.close()


def test_a_place_that_the_user_named_and_that_is_not_there_is_told(tmp_path: Path) -> None:
    """With the setting to correct; once the folder is there, no more is said."""
    folder = PrebuiltFolder(tmp_path / "none", named=True)
    assert folder.vectors_of(CARD, _ids(9)) == {}
    (note,) = folder.notes
    assert "No such file" in note
    assert "index.shared" in note
    (tmp_path / "none").mkdir()
    assert folder.vectors_of(CARD, _ids(9)) == {}
    assert folder.notes == ()
    folder.close()


def test_a_file_that_is_taken_in_is_a_copy(tmp_path: Path) -> None:
    """It stays when the original goes; at most eight are kept; a refused one leaves nothing."""
    kept = tmp_path / "kept"
    path = tmp_path / "some.vectors"
    for count in range(1, 11):
        _file(path, count)
        told, digest = take_in(path, kept, 1 << 20)
        assert (told.vectors, told.embedder, digest) == (count, "hash", CARD.digest)
    path.write_bytes(b"rubbish")
    with pytest.raises(IndexUnavailable):
        take_in(path, kept, 1 << 20)
    path.unlink()
    assert len(list(kept.iterdir())) == 8
    assert kept.stat().st_mode & 0o077 == 0
    folder = PrebuiltFolder(kept)
    assert len(folder.vectors_of(CARD, _ids(10))) == 10
    folder.close()


def test_a_file_that_is_not_finished_is_not_there(tmp_path: Path) -> None:
    """An error or a full disk in the middle leaves what was there before."""
    path = tmp_path / "some.vectors"
    _file(path, 3)
    before = path.read_bytes()

    def fail() -> None:
        with new_file(path) as file:
            file.write(b"half")
            raise OSError(28, "No space left on device")

    with pytest.raises(IndexUnavailable, match="No space"):
        fail()
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_long_name_of_an_embedder_fits(tmp_path: Path) -> None:
    """The head has room for any name."""
    card = EmbedderCard("x" * 400, "0" * 64, 8, 256)
    out = io.BytesIO()
    for _ in write(out, card, ()):
        pass
    path = tmp_path / "some.vectors"
    path.write_bytes(out.getvalue())
    Prebuilt.open(path).close()
