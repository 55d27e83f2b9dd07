"""all-MiniLM-L6-v2 as a graph of onnxruntime's fused operators, from its published weights.

Six layers of BERT: attention over 12 heads, then two dense layers with GELU between them. Written
as eight steps a layer, which is what makes it fast. Quantised, every product is of 8-bit integers:
the weights' columns are scaled once, the other side's whole tensor each time.

The bytes that come out depend on the weights alone: every number is the result of a single IEEE
operation, so that two machines with the same weights have the same file.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mirador_lsp.models.onnx_bytes import FLOAT, FUSED, INT64, Graph

if TYPE_CHECKING:
    import numpy as np

    Tensor = np.ndarray[Any, np.dtype[Any]]

DIMENSIONS = 384
LAYERS = 6
HEADS = 12
_EPSILON = 1e-12
_LARGEST = 127
_EXACT = ("encoder.layer.2.output.dense",)
"""Products that are not quantised: this one alone costs half of the distance to the exact vectors,
and a twelfth of the speed."""


def minilm_graph(weights: "Mapping[str, Tensor]", *, quantised: bool) -> bytes:
    """The ONNX file: the numbers of the pieces of texts of one length in, a vector for each out.

    Raises KeyError for weights of another model.
    """
    return _Writer(weights, quantised=quantised).write()


def by_rows(table: "Tensor") -> "tuple[Tensor, Tensor]":
    """8-bit integers and, for each row, what they are to be multiplied with."""
    import numpy as np

    scale = np.abs(table).max(axis=1, keepdims=True).astype(np.float32) / np.float32(_LARGEST)
    scale[scale == 0] = 1
    return np.rint(table / scale).astype(np.int8), scale


class _Writer:
    def __init__(self, weights: "Mapping[str, Tensor]", *, quantised: bool) -> None:
        self._weights = weights
        self._quantised = quantised
        self._graph = Graph("minilm")

    def write(self) -> bytes:
        value = self._embeddings()
        for layer in range(LAYERS):
            value = self._layer(layer, value)
        self._graph.node("Identity", [value], ["last_hidden_state"])
        return self._graph.to_bytes(
            [("input_ids", INT64, ("batch", "length"))],
            [("last_hidden_state", FLOAT, ("batch", "length", DIMENSIONS))],
        )

    def _embeddings(self) -> str:
        """Word plus position plus the type of the only sentence."""
        import numpy as np

        graph = self._graph
        words, kind = self._weight("embeddings.word_embeddings"), np.int64
        if self._quantised:
            numbers, scale = by_rows(words)
            graph.constant("words", numbers)
            graph.constant("words.scale", scale)
            graph.node("Gather", ["words", "input_ids"], ["words.8"])
            graph.node("Cast", ["words.8"], ["words.float"], to=FLOAT)
            graph.node("Gather", ["words.scale", "input_ids"], ["words.factor"])
            graph.node("Mul", ["words.float", "words.factor"], ["words.found"])
        else:
            graph.constant("words", words)
            graph.node("Gather", ["words", "input_ids"], ["words.found"])
        types = self._weight("embeddings.token_type_embeddings")
        graph.constant("places", self._weight("embeddings.position_embeddings") + types[0])
        for name, number in (("zero", 0), ("one", 1), ("two", 2)):
            graph.constant(name, np.array([number], kind))
        graph.node("Shape", ["input_ids"], ["shape"])
        graph.node("Slice", ["shape", "one", "two"], ["length"])
        graph.node("Slice", ["places", "zero", "length", "zero"], ["places.found"])
        graph.node("Add", ["words.found", "places.found"], ["embedded"])
        norm = self._norm("embeddings.LayerNorm")
        return graph.node(
            "LayerNormalization", ["embedded", *norm], ["layer0"], axis=-1, epsilon=_EPSILON
        )

    def _layer(self, number: int, value: str) -> str:
        import numpy as np

        graph, at = self._graph, f"encoder.layer.{number}."
        parts = [f"{at}attention.self.{part}" for part in ("query", "key", "value")]
        joined = np.concatenate([self._weight(part).T for part in parts], axis=1)
        bias = np.concatenate([self._weights[f"{part}.bias"] for part in parts])
        mixed = self._product(value, f"{at}attention", joined)
        sizes = graph.constant(f"{at}sizes", np.full(3, DIMENSIONS, np.int64))
        split = [f"{part}.out" for part in parts]
        graph.node("Split", [mixed, sizes], split, axis=-1)
        added = graph.constant(f"{at}attention.bias", bias)
        heads = f"{at}heads"
        graph.node("MultiHeadAttention", [*split, added], [heads], domain=FUSED, num_heads=HEADS)
        attended = self._dense(heads, f"{at}attention.output", value)
        inner = f"{at}intermediate.dense"
        product = self._product(attended, inner, self._weight(inner).T)
        added = graph.constant(f"{inner}.bias", self._weights[f"{inner}.bias"])
        graph.node("BiasGelu", [product, added], [f"{inner}.gelu"], domain=FUSED)
        return self._dense(f"{inner}.gelu", f"{at}output", attended)

    def _dense(self, value: str, name: str, skip: str) -> str:
        """A dense layer whose result is added to `skip` and normalised."""
        dense = f"{name}.dense"
        product = self._product(value, dense, self._weight(dense).T)
        bias = self._graph.constant(f"{dense}.bias", self._weights[f"{dense}.bias"])
        inputs = [product, skip, *self._norm(f"{name}.LayerNorm"), bias]
        return self._graph.node(
            "SkipLayerNormalization", inputs, [f"{name}.out"], domain=FUSED, epsilon=_EPSILON
        )

    def _product(self, value: str, name: str, matrix: "Tensor") -> str:
        graph, out = self._graph, f"{name}.product"
        if not self._quantised or name in _EXACT:
            graph.constant(f"{name}.matrix", matrix)
            return graph.node("MatMul", [value, f"{name}.matrix"], [out])
        numbers, scale = by_rows(matrix.T)
        graph.constant(f"{name}.matrix", numbers.T)
        graph.constant(f"{name}.scale", scale[:, 0])
        inputs = [value, f"{name}.matrix", f"{name}.scale"]
        return graph.node("DynamicQuantizeMatMul", inputs, [out], domain=FUSED)

    def _norm(self, name: str) -> list[str]:
        kinds = ("weight", "bias")
        return [
            self._graph.constant(f"{name}.{kind}", self._weights[f"{name}.{kind}"])
            for kind in kinds
        ]

    def _weight(self, name: str) -> "Tensor":
        return self._weights[f"{name}.weight"]
