"""Every benchmark of the index."""

from benchmarks.index import build, lag, upkeep

BENCHMARKS = (build.BENCHMARK, lag.BENCHMARK, upkeep.BENCHMARK)
GROUPS = {"index": (build.BENCHMARK, lag.BENCHMARK), "index-upkeep": (upkeep.BENCHMARK,)}
"""Those that are asked for together, each group for some minutes, and have a part of the page."""
