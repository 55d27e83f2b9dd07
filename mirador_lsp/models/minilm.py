"""all-MiniLM-L6-v2 on this machine's processor: one thread, one text at a time.

Several texts at once would be slower on one thread, and since a quantised graph scales its inputs
together, the vector of a text would depend on its neighbours. So it depends on the text alone.
"""

import asyncio
from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mirador_lsp.core.errors import ModelUnavailable
from mirador_lsp.core.retrieval import EmbedderCard
from mirador_lsp.models.wordpieces import BEGIN, END, WordPieces

if TYPE_CHECKING:
    import numpy as np

MAX_TOKENS = 256
"""What the model was trained with; the ones around the text count."""
_AT_ONCE = 8
"""Texts that a thread takes on at once: a fifth of a second, after which a cancelled call is over.
"""


class MiniLm:
    """Implements `core.ports.Embedder`. A query need not wait for documents that are worked on."""

    def __init__(self, runner: "Runner", card: EmbedderCard) -> None:
        self.card = card
        self._runner: Runner | None = runner
        self._turn = asyncio.Lock()

    async def documents(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """Vectors, computed on one thread whatever the number of texts."""
        found: list[array[float]] = []
        for start in range(0, len(texts), _AT_ONCE):
            async with self._turn:
                found += await asyncio.to_thread(self._vectors, texts[start : start + _AT_ONCE])
        return found

    async def query(self, text: str) -> Sequence[float]:
        """The vector of `text`, at once."""
        return (await asyncio.to_thread(self._vectors, [text]))[0]

    async def close(self) -> None:
        """Let go of the graph, once the texts that a thread has taken on are through."""
        self._runner = None

    def _vectors(self, texts: Sequence[str]) -> "list[array[float]]":
        runner = self._runner
        if runner is None:
            message = f"The embedder {self.card.name} was closed."
            raise ModelUnavailable(message)
        return [array("f", runner.vector(text).tobytes()) for text in texts]


class Runner:
    """A graph that gives a vector for each of the pieces of a text. Several threads may use it."""

    def __init__(self, graph: bytes) -> None:
        """`graph` is an ONNX file. Blocks for about a fifth of a second.

        Raises `ModelUnavailable` for a file that onnxruntime does not take.
        """
        import onnxruntime
        from onnxruntime.capi import onnxruntime_pybind11_state as wrong

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        # Threads that spin while they wait make everything slow that wants the processor.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 4  # it would write to the standard error of the host
        try:
            session = onnxruntime.InferenceSession(
                graph, options, providers=["CPUExecutionProvider"]
            )
        except (
            wrong.Fail,
            wrong.InvalidArgument,
            wrong.InvalidGraph,
            wrong.InvalidProtobuf,
            wrong.NotImplemented,
            wrong.RuntimeException,
        ) as error:
            message = "onnxruntime cannot load the graph of the embedder."
            raise ModelUnavailable(message, remedy=REMEDY) from error
        self._session = session
        self._inputs = [told.name for told in session.get_inputs()]
        self._pieces = WordPieces()

    def each(self, ids: "np.ndarray[Any, np.dtype[Any]]") -> "np.ndarray[Any, np.dtype[Any]]":
        """The vectors of the pieces of several texts of one length: by text, by piece."""
        import numpy as np

        # The graph that Mirador writes takes the first one alone.
        given = {
            "input_ids": ids,
            "attention_mask": np.ones_like(ids),
            "token_type_ids": np.zeros_like(ids),
        }
        asked: list[Any] = self._session.run(None, {name: given[name] for name in self._inputs})
        found: np.ndarray[Any, np.dtype[Any]] = asked[0]
        return found

    def vector(self, text: str) -> "np.ndarray[Any, np.dtype[Any]]":
        """The vector of a text: the mean of those of its pieces, of length 1."""
        import numpy as np

        ids = [BEGIN, *self._pieces.numbers(text, MAX_TOKENS - 2), END]
        pooled = self.each(np.array([ids], np.int64))[0].mean(axis=0, dtype=np.float32)
        unit: np.ndarray[Any, np.dtype[Any]] = pooled / np.linalg.norm(pooled)
        return unit


REMEDY = "Fetch it anew: `mirador models remove minilm`, then `mirador models pull minilm`."
