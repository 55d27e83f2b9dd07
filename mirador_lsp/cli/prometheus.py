"""Figures in the text format of Prometheus (version 0.0.4).

Counters count since the first request that is still remembered; `mirador history forget` may make
them smaller, which a scraper takes for a restart.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from mirador_lsp import __version__
from mirador_lsp.core.dialogue import Queue
from mirador_lsp.core.figures import Summary
from mirador_lsp.core.metrics import Sums, merged, seconds_of

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BORDERS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0)

Labels = Mapping[str, str]


@dataclass(frozen=True)
class _Family:
    """All samples of one metric."""

    name: str
    kind: str
    help: str
    samples: Sequence[tuple[Labels, float]]


def render(summary: Summary, sums: Sums, queues: Sequence[Queue] = ()) -> str:
    """The whole text. `summary` has to be of all time; `queues` are those of now."""
    lines: list[str] = []
    told = (_requests(sums), _stages(summary), _outcomes(summary), _decided(summary))
    for family in (*chain.from_iterable(told), *_queues(queues)):
        if family.samples:
            lines += _head(family.name, family.kind, family.help)
            lines += [_sample(family.name, labels, value) for labels, value in family.samples]
    lines += _histograms(sums)
    return "\n".join(lines) + "\n"


def _requests(sums: Sums) -> Iterator[_Family]:
    counts: dict[tuple[str, str, str], float] = {}
    for each in sums.requests:
        key = (each.kind, each.surface.value, each.ending.value)
        counts[key] = counts.get(key, 0) + each.count
    yield _Family(
        "mirador_info", "gauge", "The version that wrote this.", [({"version": __version__}, 1)]
    )
    yield _Family(
        "mirador_requests_total",
        "counter",
        "Reviews, answers and changes that have ended.",
        [
            ({"kind": kind, "surface": surface, "ending": ending}, count)
            for (kind, surface, ending), count in sorted(counts.items())
        ],
    )


def _stages(summary: Summary) -> Iterator[_Family]:
    rows = [({"stage": row.stage, "model": row.model}, row.costs) for row in summary.stages]
    asked = [(labels, costs) for labels, costs in rows if labels["model"]]
    yield _Family(
        "mirador_stage_runs_total",
        "counter",
        "Runs of stages.",
        [(labels, costs.runs) for labels, costs in rows],
    )
    yield _Family(
        "mirador_stage_failures_total",
        "counter",
        "Runs of stages that ended in an error.",
        [(labels, costs.failures) for labels, costs in rows],
    )
    yield _Family(
        "mirador_tokens_total",
        "counter",
        "Tokens of prompts, of prompts that had been read before (cached), and of replies.",
        [
            ({**labels, "of": name}, value)
            for labels, costs in asked
            for name, value in (
                ("prompt", costs.prompt_tokens),
                ("cached", costs.cached_tokens),
                ("completion", costs.completion_tokens),
            )
        ],
    )
    yield _Family(
        "mirador_questions_total",
        "counter",
        "Questions that a model answered (asked) or whose answer was known (kept).",
        [
            ({**labels, "answer": name}, value)
            for labels, costs in asked
            for name, value in (("asked", costs.asked), ("kept", costs.kept))
        ],
    )
    yield _Family(
        "mirador_rejected_lines_total",
        "counter",
        "Lines of replies that were dropped.",
        [(labels, costs.rejected) for labels, costs in asked],
    )


def _outcomes(summary: Summary) -> Iterator[_Family]:
    found = summary.findings
    yield _Family(
        "mirador_findings_total",
        "counter",
        "What became of findings.",
        [
            ({"state": "reported"}, found.reported),
            ({"state": "revised"}, found.revised),
            ({"state": "withdrawn"}, found.withdrawn),
            ({"state": "shown"}, found.shown),
            ({"state": "withheld"}, found.withheld),
            ({"state": "hushed"}, found.hushed),
        ],
    )
    yield _Family(
        "mirador_changes_total",
        "counter",
        "Changes that were asked for, by how far they got.",
        [
            (
                {
                    "kind": row.kind,
                    "offered": "yes" if row.offered else "no",
                    "rung": row.rung,
                    "failed": row.failed,
                },
                row.count,
            )
            for row in summary.fixes
        ],
    )


def _decided(summary: Summary) -> Iterator[_Family]:
    taken = summary.acceptance
    yield _Family(
        "mirador_decisions",
        "gauge",
        "Decisions of the user that hold.",
        [
            ({"verdict": "accepted"}, taken.accepted),
            ({"verdict": "edited"}, taken.edited),
            ({"verdict": "undone"}, taken.undone),
            ({"verdict": "dismissed"}, taken.dismissed),
        ],
    )
    energy = summary.energy
    yield _Family(
        "mirador_energy_joules_total",
        "counter",
        "What requests took, where it can be measured.",
        [({}, energy.joules)] if energy.measured else [],
    )


def _queues(queues: Sequence[Queue]) -> Iterator[_Family]:
    yield _Family(
        "mirador_engine_running",
        "gauge",
        "Replies that are being computed.",
        [({"engine": queue.name}, queue.running) for queue in queues],
    )
    yield _Family(
        "mirador_engine_waiting",
        "gauge",
        "Requests that wait for an engine.",
        [({"engine": queue.name}, queue.waiting) for queue in queues],
    )


def _histograms(sums: Sums) -> Iterator[str]:
    """First tokens and whole stages; values lie within 2.2 % of what was measured."""
    for name, text, first in (
        ("mirador_first_token_seconds", "From the start of a stage to its first token.", True),
        ("mirador_stage_seconds", "From the start of a stage to its end.", False),
    ):
        groups: dict[tuple[str, str], list[Mapping[int, int]]] = {}
        for each in sums.times:
            histogram = each.first_token if first else each.total
            if each.stage and histogram:
                groups.setdefault((each.stage, each.model), []).append(histogram)
        if groups:
            yield from _head(name, "histogram", text)
        for (stage, model), histograms in sorted(groups.items()):
            labels = {"stage": stage, "model": model}
            yield from _histogram(name, labels, merged(histograms))


def _histogram(name: str, labels: Labels, histogram: Mapping[int, int]) -> Iterator[str]:
    times = [(seconds_of(bucket), count) for bucket, count in histogram.items()]
    for border in _BORDERS:
        below = sum(count for seconds, count in times if seconds <= border)
        yield _sample(f"{name}_bucket", {**labels, "le": _number(border)}, below)
    count = sum(histogram.values())
    yield _sample(f"{name}_bucket", {**labels, "le": "+Inf"}, count)
    yield _sample(f"{name}_sum", labels, sum(seconds * count for seconds, count in times))
    yield _sample(f"{name}_count", labels, count)


def _head(name: str, kind: str, text: str) -> Iterable[str]:
    return (f"# HELP {name} {text}", f"# TYPE {name} {kind}")


def _sample(name: str, labels: Labels, value: float) -> str:
    inside = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
    return f"{name}{{{inside}}} {_number(value)}" if inside else f"{name} {_number(value)}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(round(value, 6))
