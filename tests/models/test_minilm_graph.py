"""The graph of MiniLM, with weights of chance, against the same model written out in numpy."""

import math
from pathlib import Path
from typing import Any

import pytest

from mirador_lsp.core.errors import DownloadError, ModelUnavailable
from mirador_lsp.models.minilm import Runner
from mirador_lsp.models.minilm_graph import DIMENSIONS, HEADS, LAYERS, by_rows, minilm_graph
from mirador_lsp.models.tensors import read_tensors, write_tensors

_WORDS, _PLACES, _INNER = 200, 32, 1536


@pytest.fixture(scope="module")
def weights() -> dict[str, Any]:
    """All tensors of the model, small."""
    import numpy as np

    chance = np.random.default_rng(1)

    def some(*shape: int, spread: float = 0.05) -> Any:
        return chance.normal(0, spread, shape).astype(np.float32)

    found = {
        "embeddings.word_embeddings.weight": some(_WORDS, DIMENSIONS),
        "embeddings.position_embeddings.weight": some(_PLACES, DIMENSIONS),
        "embeddings.token_type_embeddings.weight": some(2, DIMENSIONS),
    }
    norms = ["embeddings.LayerNorm"]
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}."
        for part in ("attention.self.query", "attention.self.key", "attention.self.value"):
            found[f"{at}{part}.weight"] = some(DIMENSIONS, DIMENSIONS)
            found[f"{at}{part}.bias"] = some(DIMENSIONS)
        shapes = {
            "attention.output.dense": (DIMENSIONS, DIMENSIONS),
            "intermediate.dense": (_INNER, DIMENSIONS),
            "output.dense": (DIMENSIONS, _INNER),
        }
        for part, shape in shapes.items():
            found[f"{at}{part}.weight"] = some(*shape)
            found[f"{at}{part}.bias"] = some(shape[0])
        norms += [f"{at}attention.output.LayerNorm", f"{at}output.LayerNorm"]
    for norm in norms:
        found[f"{norm}.weight"] = 1 + some(DIMENSIONS)
        found[f"{norm}.bias"] = some(DIMENSIONS)
    return found


def _expected(weights: dict[str, Any], ids: list[int]) -> Any:
    """BERT, step by step."""
    import numpy as np

    def dense(value: Any, name: str) -> Any:
        return value @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def norm(value: Any, name: str) -> Any:
        centred = value - value.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def heads(value: Any) -> Any:
        return value.reshape(len(ids), HEADS, -1).transpose(1, 0, 2)

    value = weights["embeddings.word_embeddings.weight"][ids]
    value = value + weights["embeddings.position_embeddings.weight"][: len(ids)]
    value = value + weights["embeddings.token_type_embeddings.weight"][0]
    value = norm(value, "embeddings.LayerNorm")
    gelu = np.vectorize(lambda x: x * 0.5 * (1 + math.erf(x / math.sqrt(2))))
    for layer in range(LAYERS):
        at = f"encoder.layer.{layer}."
        query, key, known = (
            heads(dense(value, f"{at}attention.self.{part}")) for part in ("query", "key", "value")
        )
        scores = query @ key.transpose(0, 2, 1) / math.sqrt(DIMENSIONS / HEADS)
        shares = np.exp(scores - scores.max(-1, keepdims=True))
        shares /= shares.sum(-1, keepdims=True)
        mixed = (shares @ known).transpose(1, 0, 2).reshape(len(ids), DIMENSIONS)
        mixed = dense(mixed, f"{at}attention.output.dense")
        value = norm(mixed + value, f"{at}attention.output.LayerNorm")
        inner = gelu(dense(value, f"{at}intermediate.dense"))
        value = norm(dense(inner, f"{at}output.dense") + value, f"{at}output.LayerNorm")
    return value


def test_the_exact_graph_is_the_model(weights: dict[str, Any]) -> None:
    """What onnxruntime computes with it is what the model's definition says."""
    import numpy as np

    ids = [101, 7, 8, 150, 9, 102]
    found = Runner(minilm_graph(weights, quantised=False)).each(np.array([ids], np.int64))[0]
    assert np.abs(found - _expected(weights, ids)).max() < 1e-3


def test_the_small_graph_is_nearly_the_model(weights: dict[str, Any]) -> None:
    """In 8 bits it is a third of the size and points the same way."""
    import numpy as np

    ids = np.array([[101, 7, 8, 150, 9, 102]], np.int64)
    exact, small = (minilm_graph(weights, quantised=quantised) for quantised in (False, True))
    assert len(small) < len(exact) / 3
    one, other = (Runner(graph).each(ids)[0].mean(0) for graph in (exact, small))
    assert one @ other / np.linalg.norm(one) / np.linalg.norm(other) > 0.99


def test_the_same_weights_give_the_same_bytes(weights: dict[str, Any]) -> None:
    """Nothing of the machine or the moment goes into the file."""
    assert minilm_graph(weights, quantised=True) == minilm_graph(dict(weights), quantised=True)


def test_weights_of_another_model_are_none(weights: dict[str, Any]) -> None:
    """A tensor that is missing is an error, not a guess."""
    less = {name: value for name, value in weights.items() if "layer.5.output" not in name}
    with pytest.raises(KeyError):
        minilm_graph(less, quantised=True)


def test_what_is_no_graph_is_unavailable() -> None:
    """Bytes that are no ONNX file raise our own error with a remedy."""
    with pytest.raises(ModelUnavailable) as caught:
        Runner(b"not a graph at all")
    assert "mirador models pull minilm" in caught.value.sentence()


def test_rows_keep_their_direction() -> None:
    """Each row is scaled by itself; a row of nothing stays nothing."""
    import numpy as np

    table = np.array([[1.0, -0.5], [100, 1], [0, 0]], np.float32)
    rows, factors = by_rows(table)
    assert rows.dtype == np.int8
    assert np.abs(rows * factors - table).max() <= 0.5


def test_tensors_survive_the_file(tmp_path: Path) -> None:
    """What is written is read, names, shapes and types alike."""
    import numpy as np

    told = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.array([[-3]], np.int8)}
    write_tensors(tmp_path / "t.safetensors", told)
    found = read_tensors(tmp_path / "t.safetensors")
    assert list(found) == ["a", "b"]
    assert all((found[name] == told[name]).all() for name in told)
    assert found["b"].dtype == np.int8


def _claiming(header: bytes) -> bytes:
    return len(header).to_bytes(8, "little") + header + b"1234"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff" * 8,
        b"\x40\0\0\0\0\0\0\0{}",
        _claiming(b'{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,36]}}'),
        _claiming(b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}'),
        _claiming(b'{"a":{"dtype":"I8","shape":[-1],"data_offsets":[0,4]}}'),
        _claiming(b'{"a":{"dtype":"I8","shape":[1],"data_offsets":[-3,-2]}}'),
        _claiming(b'{"a":1}'),
        _claiming(b"[" * 100_000),
    ],
)
def test_files_that_are_none_are_refused(tmp_path: Path, data: bytes) -> None:
    """A header that lies about its file raises our own error."""
    path = tmp_path / "t.safetensors"
    path.write_bytes(data)
    with pytest.raises(DownloadError, match=r"t\.safetensors"):
        read_tensors(path)
