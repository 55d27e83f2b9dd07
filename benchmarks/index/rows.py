"""Every benchmark of the index."""

from benchmarks.index import build, lag, upkeep

BENCHMARKS = (build.BENCHMARK, upkeep.BENCHMARK, lag.BENCHMARK)
