"""Every benchmark of models."""

from benchmarks.models import clients, engine, residents, reuse

BENCHMARKS = (
    engine.BENCHMARK,
    reuse.LENSES,
    reuse.REOPENED,
    residents.BENCHMARK,
    clients.CROWDS,
    clients.FLOOD,
    reuse.AGAIN,
)
GROUPS = {
    "models": (engine.BENCHMARK, reuse.REOPENED, residents.BENCHMARK),
    "prefill": (reuse.LENSES,),
    "clients": (clients.CROWDS, clients.FLOOD),
    "long-file": (reuse.AGAIN,),
}
"""Those that are asked for together, each group for some minutes, and have a part of the page."""
