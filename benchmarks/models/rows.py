"""Every benchmark of models."""

from benchmarks.models import clients, engine, residents, reuse

BENCHMARKS = (
    engine.BENCHMARK,
    reuse.LENSES,
    reuse.REOPENED,
    reuse.AGAIN,
    residents.BENCHMARK,
    clients.CROWDS,
    clients.FLOOD,
)
"""All of them; `--only models` runs them, those that take minutes included."""
