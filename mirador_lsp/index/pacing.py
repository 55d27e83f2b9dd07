"""How many texts are embedded at once."""

SECONDS = 0.5
"""How long one batch of texts should take to embed: so long a user who waits for a model has to
share the processor."""
FIRST, MOST = 4, 256


class Pace:
    """That of one embedder: another one may be a hundred times as slow."""

    def __init__(self) -> None:
        self.texts = FIRST
        """So many at once take about as long as a batch should, as far as is known."""

    def took(self, texts: int, seconds: float) -> None:
        """A batch of so many took so long."""
        fitting = int(texts * SECONDS / max(seconds, 0.001))
        self.texts = min(max(1, fitting, self.texts // 2), self.texts * 2, MOST)
