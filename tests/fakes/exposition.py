"""A strict reader of Prometheus' text format (version 0.0.4): what it takes, a server takes."""

import re
from dataclasses import dataclass, field

_NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
_LABEL = r"[a-zA-Z_][a-zA-Z0-9_]*"
_TEXT = r'"(?:[^"\\\n]|\\\\|\\"|\\n)*"'
_HELP = re.compile(rf"# HELP ({_NAME}) (.+)")
_TYPE = re.compile(rf"# TYPE ({_NAME}) (counter|gauge|histogram)")
_SAMPLE = re.compile(rf"({_NAME})(?:\{{((?:{_LABEL}={_TEXT})(?:,{_LABEL}={_TEXT})*)\}})? (\S+)")
_PAIR = re.compile(rf"({_LABEL})=({_TEXT})")
_PARTS = ("_bucket", "_sum", "_count")


@dataclass
class Family:
    """A metric with its samples."""

    kind: str
    samples: dict[tuple[str, frozenset[tuple[str, str]]], float] = field(default_factory=dict)


def read(text: str) -> dict[str, Family]:
    """The metrics of a text. Raises AssertionError for anything the format forbids."""
    assert text.endswith("\n")
    families: dict[str, Family] = {}
    helped = ""
    for line in text[:-1].split("\n"):
        if match := _HELP.fullmatch(line):
            helped = match[1]
            assert helped not in families, f"{helped} comes twice"
        elif match := _TYPE.fullmatch(line):
            assert match[1] == helped, "the type follows the help"
            families[match[1]] = Family(match[2])
        else:
            match = _SAMPLE.fullmatch(line)
            assert match, f"no line of the format: {line!r}"
            _add(families, match)
    for name, family in families.items():
        assert family.samples, f"{name} has no samples"
        if family.kind == "histogram":
            _check(name, family)
        if family.kind == "counter":
            assert name.endswith("_total"), name
    return families


def _add(families: dict[str, Family], match: re.Match[str]) -> None:
    name, labels, value = match.groups()
    last = list(families)[-1]
    ends = [last + part for part in _PARTS] if families[last].kind == "histogram" else [last]
    assert name in ends, f"{name} stands among the samples of {last}"
    pairs = _PAIR.findall(labels or "")
    assert len({key for key, _ in pairs}) == len(pairs), "a label comes twice"
    key = name, frozenset(pairs)
    assert key not in families[last].samples, f"{key} comes twice"
    families[last].samples[key] = float(value)


def _check(name: str, family: Family) -> None:
    """Buckets grow with their border, and the last one holds all."""
    series: dict[frozenset[tuple[str, str]], dict[float, float]] = {}
    for (sample, labels), value in family.samples.items():
        if sample.endswith("_bucket"):
            border = next(text for key, text in labels if key == "le")
            rest = frozenset(pair for pair in labels if pair[0] != "le")
            series.setdefault(rest, {})[float(border.strip('"').replace("+Inf", "inf"))] = value
    for labels, buckets in series.items():
        counts = [buckets[border] for border in sorted(buckets)]
        assert counts == sorted(counts), name
        assert buckets[float("inf")] == family.samples[f"{name}_count", labels], name
        assert (f"{name}_sum", labels) in family.samples
