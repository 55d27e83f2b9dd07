"""The embedder's folder: only what is as it was made is used."""

from pathlib import Path

import pytest

from fakes.embedder_folder import embedder_folder
from fakes.openai_server import OpenAIStandIn, openai_server
from mirador_lsp.core.errors import ModelUnavailable, UserError
from mirador_lsp.core.health import Health
from mirador_lsp.core.servers import ModelServer
from mirador_lsp.models.embedder_files import GRAPH, MANIFEST, TABLE, EmbedderFiles
from mirador_lsp.models.embedders import embedder_checks, make_embedder
from mirador_lsp.models.storage import Presence


def _flip(path: Path) -> None:
    """Change one byte in the middle."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


async def test_what_was_made_is_used(tmp_path: Path) -> None:
    """A whole folder is verified, and both embedders of it can be asked."""
    assert embedder_folder(tmp_path).verify().presence is Presence.VERIFIED
    for name in ("minilm", "static", "auto"):
        embedder = await make_embedder(name, models=tmp_path)
        assert len(await embedder.query("words")) == 384
        await embedder.close()


async def test_digest_is_of_what_computes(tmp_path: Path) -> None:
    """The same source gives the same digest anywhere; another one, or the table, another."""
    digests = []
    for folder, source in (("a", "5" * 64), ("b", "5" * 64), ("c", "6" * 64)):
        embedder_folder(tmp_path / folder, source=source)
        made = [
            await make_embedder(name, models=tmp_path / folder) for name in ("minilm", "static")
        ]
        digests += [embedder.card.digest for embedder in made]
    assert digests[:2] == digests[2:4]
    assert len(set(digests)) == 4


@pytest.mark.parametrize(("damaged", "name"), [(GRAPH, "minilm"), (TABLE, "static")])
async def test_what_was_changed_is_never_used(tmp_path: Path, damaged: str, name: str) -> None:
    """One other byte, and there is an error with a remedy instead of wrong vectors."""
    files = embedder_folder(tmp_path)
    _flip(files.path / damaged)
    assert files.verify().presence is Presence.BROKEN
    with pytest.raises(ModelUnavailable, match="broken") as caught:
        await make_embedder(name, models=tmp_path)
    assert "mirador models pull minilm" in caught.value.remedy


@pytest.mark.parametrize("name", [GRAPH, TABLE, MANIFEST])
async def test_what_is_missing_is_broken(tmp_path: Path, name: str) -> None:
    """A folder that lacks a file is broken, not half used."""
    files = embedder_folder(tmp_path)
    (files.path / name).unlink()
    assert files.look().presence is Presence.BROKEN
    with pytest.raises(ModelUnavailable, match="broken"):
        await make_embedder("minilm", models=tmp_path)


async def test_absent_says_how_to_get_it(tmp_path: Path) -> None:
    """Without the folder the error names the command."""
    with pytest.raises(ModelUnavailable) as caught:
        await make_embedder("minilm", models=tmp_path)
    assert caught.value.remedy == "Fetch it: mirador models pull minilm"


async def test_wrong_vectors_are_noticed(tmp_path: Path) -> None:
    """A processor that computes other vectors than known ones is not trusted with any."""
    files = embedder_folder(tmp_path)
    manifest = files.path / MANIFEST
    manifest.write_text(manifest.read_text().replace('"a probe"', '"other words"'))
    with pytest.raises(ModelUnavailable, match="wrong vectors"):
        await make_embedder("minilm", models=tmp_path)


def test_remove_takes_everything(tmp_path: Path) -> None:
    """Folder and downloads go, the bytes are counted, and what is not ours stays."""
    files = embedder_folder(tmp_path)
    older = tmp_path / "minilm-0"
    older.mkdir()
    (older / "graph.onnx").write_bytes(b"123")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "minilm-9").symlink_to(elsewhere)
    before = files.look().bytes_present
    assert files.remove() > before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["elsewhere", "minilm-9"]
    assert files.look().presence is Presence.ABSENT


async def test_names_that_mean_nothing(tmp_path: Path) -> None:
    """A name there is none of, a server there is none of, a model that may not be used: told."""
    served = ModelServer(name="box", kind="ollama", url="http://127.0.0.1:9", models=("a",))
    cloud = ModelServer(name="cloud", kind="gemini", url="https://example.invalid", models=("a",))
    for name, words in (
        ("miniml", "no embedder called"),
        ("elsewhere/model", "no server called"),
        ("box/", "no server called"),
        ("box/b", "not among the models"),
        ("cloud/a", "not asked for vectors"),
    ):
        with pytest.raises(UserError, match=words):
            await make_embedder(name, models=tmp_path, servers=[served, cloud])


async def test_doctor_says_what_there_is(tmp_path: Path) -> None:
    """Absent, broken and fine are told apart, each with what to do."""
    (absent,) = await embedder_checks(tmp_path)
    assert (absent.health, absent.remedy) == (Health.WARNING, "mirador models pull minilm")
    files = embedder_folder(tmp_path)
    (fine,) = await embedder_checks(tmp_path)
    assert fine.health is Health.OK
    _flip(files.path / GRAPH)
    (broken,) = await embedder_checks(tmp_path)
    assert broken.health is Health.WARNING
    assert "never used" in broken.detail
    assert (await embedder_checks(tmp_path, "none"))[0].health is Health.OK


async def test_doctor_asks_the_server_of_the_embedder(tmp_path: Path) -> None:
    """It says where code would go, or why no vectors come from there."""
    stand_in = OpenAIStandIn(answers={"/v1/embeddings": {"data": [{"index": 0, "embedding": [1]}]}})
    async with openai_server(stand_in):
        server = ModelServer(name="box", kind="openai", url=stand_in.address)
        (fine,) = await embedder_checks(tmp_path, "box/model", [server])
    assert fine.health is Health.OK
    assert "is sent to it" in fine.detail
    (away,) = await embedder_checks(tmp_path, "box/model", [server])
    assert (away.health, bool(away.remedy)) == (Health.WARNING, True)
    (unknown,) = await embedder_checks(tmp_path, "other/model", [server])
    assert "no server called" in unknown.detail


def test_the_built_in_entries_are_read() -> None:
    """What it is made from has licences, checksums and sources that need no trust."""
    entries = EmbedderFiles(Path("/nowhere")).store.catalogue
    assert [entry.name for entry in entries] == ["minilm", "minilm-ready"]
    assert all(entry.licence == "Apache-2.0" and entry.sources for entry in entries)
