"""Chroma's folder after an accident or an attack: a process may die of it once, never twice.

Each opening is a process of its own, as a damaged folder may end it without a word.
"""

import json
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from fakes.indexed import ScatteredEmbedder, catalogue_in, embed_all, put

EMBEDDER = ScatteredEmbedder(dimensions=32)
COUNT = 60
PATIENCE = 90.0
CHILD = """
import asyncio, json, sys
from pathlib import Path
from fakes.indexed import ScatteredEmbedder, catalogue_in
from mirador_lsp.index import chroma, vectors
chroma._WRITTEN_AFTER = 20
vectors.FEW = 0
vectors.BATCH = 20
from mirador_lsp.index.vectors import Shelf

async def main(folder, count):
    embedder = ScatteredEmbedder(dimensions=32)
    catalogue = catalogue_in(Path(folder))
    shelf = Shelf(catalogue, embedder.card, Path(folder) / "chroma")
    for _ in shelf.settle():
        pass
    lost = 0
    for number in range(count):
        text = f"# name{number}\\ndef name{number}():\\n    return word{number}\\n"
        found = shelf.nearest(await embedder.query(text), 1)
        lost += not found or found[0][1] < 0.99
    notes = list(catalogue.notes + shelf.notes)
    print(json.dumps({"lost": lost, "notes": notes, "settled": shelf.settled}))
    shelf.close()
    catalogue.close()

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


async def filled(folder: Path) -> Path:
    """An index with vectors in Chroma, closed; the folder of its vectors."""
    with closing(catalogue_in(folder)) as catalogue:
        for number in range(COUNT):
            put(catalogue, f"{number}.py", f"def name{number}():\n    return word{number}\n")
        await embed_all(catalogue, EMBEDDER)
    assert opened(folder) == {"lost": 0, "notes": [], "settled": True}
    return folder / "chroma" / EMBEDDER.card.digest[:16]


def opened(folder: Path, **more: str) -> dict[str, object] | None:
    """What a process of its own finds; None where it dies of it."""
    tests = Path(__file__).parents[1]
    env = os.environ | {"PYTHONPATH": f"{tests}{os.pathsep}{tests.parent}"}
    cwd = more.pop("cwd", str(folder))
    done = subprocess.run(
        [sys.executable, "-c", CHILD, str(folder), str(COUNT)],
        capture_output=True,
        env=env | more,
        cwd=cwd,
        timeout=PATIENCE,
        check=False,
    )
    if done.returncode < 0:
        return None
    assert done.returncode == 0, done.stderr.decode()
    return dict(json.loads(done.stdout))


def zeroed(file: Path) -> None:
    """Its size is right, and nothing else."""
    file.write_bytes(bytes(file.stat().st_size))


def cut(file: Path) -> None:
    """Half of it is gone."""
    os.truncate(file, file.stat().st_size // 2)


def scrambled(file: Path) -> None:
    """Every byte is another."""
    file.write_bytes(bytes(byte ^ 0x5A for byte in file.read_bytes()))


SLOW = pytest.mark.endurance
HARMS = [
    (scrambled, "*/data_level0.bin"),
    (cut, "chroma.sqlite3"),
    *(
        pytest.param(harm, pattern, marks=SLOW)
        for harm in (zeroed, cut, scrambled, Path.unlink)
        for pattern in ("chroma.sqlite3", "*/data_level0.bin", "*/*.bin", "*/*.pickle")
    ),
]


@pytest.mark.parametrize(("harm", "pattern"), HARMS)
async def test_every_vector_is_found_after_damage(
    tmp_path: Path, harm: Callable[[Path], None], pattern: str
) -> None:
    """Whether the first to open it sees it, or dies of it: the second has everything."""
    folder = tmp_path / "index"
    vectors = await filled(folder)
    files = sorted(vectors.glob(pattern))
    assert files
    for file in files:
        harm(file)

    first = opened(folder)
    if first is None:
        first = opened(folder)

    assert first is not None
    assert (first["lost"], first["settled"]) == (0, True), first["notes"]
    assert opened(folder) == {"lost": 0, "notes": [], "settled": True}


async def test_a_folder_that_names_a_function_is_dropped(tmp_path: Path) -> None:
    """A planted embedding function would send texts to where it likes."""
    folder = tmp_path / "index"
    vectors = await filled(folder)
    function = {
        "type": "known",
        "name": "huggingface_server",
        "config": {"url": "http://127.0.0.1:9/", "api_key_env_var": "HOME"},
    }
    with closing(sqlite3.connect(vectors / "chroma.sqlite3")) as connection:
        (schema,) = connection.execute("SELECT schema_str FROM collections").fetchone()
        planted = json.loads(schema)
        index = planted["keys"]["#embedding"]["float_list"]["vector_index"]
        index["config"]["embedding_function"] = function
        connection.execute("UPDATE collections SET schema_str = ?", (json.dumps(planted),))
        connection.commit()

    found = opened(folder)

    assert found is not None
    assert found["lost"] == 0
    assert "function of somebody else's" in str(found["notes"])


async def test_a_folder_of_another_digest_is_dropped(tmp_path: Path) -> None:
    """Whatever its name says: what it says of itself counts."""
    folder = tmp_path / "index"
    vectors = await filled(folder)
    with closing(sqlite3.connect(vectors / "chroma.sqlite3")) as connection:
        connection.execute(
            "UPDATE collection_metadata SET str_value = 'another' WHERE key = 'digest'"
        )
        connection.commit()

    found = opened(folder)

    assert found is not None
    assert found["lost"] == 0
    assert "for another embedder" in str(found["notes"])


async def test_settings_of_somebody_else_are_not_obeyed(tmp_path: Path) -> None:
    """Neither a file in the current folder nor the environment makes Chroma speak to anybody."""
    folder = tmp_path / "index"
    await filled(folder)
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0.5)
        port = trap.getsockname()[1]
        wishes = {
            "CHROMA_API_IMPL": "chromadb.api.fastapi.FastAPI",
            "CHROMA_SERVER_HOST": "127.0.0.1",
            "CHROMA_SERVER_HTTP_PORT": str(port),
            "CHROMA_OTEL_COLLECTION_ENDPOINT": f"http://127.0.0.1:{port}",
            "CHROMA_OTEL_GRANULARITY": "all",
            "ANONYMIZED_TELEMETRY": "True",
        }
        place = tmp_path / "workspace"
        place.mkdir()
        (place / ".env").write_text("".join(f"{key}={value}\n" for key, value in wishes.items()))

        by_file = opened(folder, cwd=str(place))
        by_environment = opened(folder, **wishes)

        assert by_file == by_environment == {"lost": 0, "notes": [], "settled": True}
        with pytest.raises(TimeoutError):
            trap.accept()


async def test_settings_that_make_no_sense_cost_no_search(tmp_path: Path) -> None:
    """Chroma cannot even be loaded then; vectors are compared one by one."""
    folder = tmp_path / "index"
    await filled(folder)
    (tmp_path / ".env").write_text("ALLOW_RESET=perhaps\n")

    found = opened(folder, cwd=str(tmp_path))

    assert found is not None
    assert (found["lost"], found["settled"]) == (0, True)
