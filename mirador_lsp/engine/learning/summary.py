"""What is learned at the moment, as a list that a user can read and undo."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mirador_lsp.core.feedback import Opinion, Verdict
from mirador_lsp.core.findings import Lens, Severity
from mirador_lsp.engine.learning.judging import Decisions, Effect, Lesson
from mirador_lsp.engine.learning.likeness import Told


@dataclass(frozen=True)
class Taught:
    """One lesson, told by the latest of the decisions that it follows from."""

    latest: Opinion
    lesson: Lesson
    guarded: bool = False
    """It has no effect: it is about security, and the user did not name its rule."""


@dataclass(frozen=True)
class OfRule:
    """What the user said of the findings of one rule."""

    rule: str
    counts: Counter[Verdict]
    withheld: int = 0
    """Lessons that withhold or lower findings of it."""
    favoured: int = 0
    """Lessons that rank them up."""


def lessons_of(
    opinions: Sequence[Opinion], now: float, security_rules: frozenset[str]
) -> list[Taught]:
    """What would become of a further finding like each of those decided about, without counting
    a kind twice. Compared by words alone, as where no index embeds; newest first.
    """
    decisions = Decisions(opinions)
    covered: set[str] = set()
    found: list[Taught] = []
    for opinion in opinions:
        if opinion.id in covered or opinion.lens is None:
            continue
        lesson = decisions.judge(Told.of(opinion), now, {})
        covered |= {each.id for each in lesson.because} | {opinion.id}
        if lesson.effect is not Effect.NONE:
            found.append(Taught(opinion, lesson, _is_guarded(opinion, lesson, security_rules)))
    return found


def by_rule(opinions: Sequence[Opinion], lessons: Sequence[Taught]) -> list[OfRule]:
    """The rules that were decided about, most often first."""
    counts: dict[str, Counter[Verdict]] = {}
    for opinion in opinions:
        counts.setdefault(opinion.rule, Counter())[opinion.verdict] += 1
    against = Counter(t.latest.rule for t in lessons if _is_against(t.lesson) and not t.guarded)
    favour = Counter(t.latest.rule for t in lessons if not _is_against(t.lesson))
    rows = [OfRule(rule, said, against[rule], favour[rule]) for rule, said in counts.items()]
    return sorted(rows, key=lambda row: (-row.counts.total(), row.rule))


def _is_guarded(opinion: Opinion, lesson: Lesson, security_rules: frozenset[str]) -> bool:
    severity = opinion.severity or Severity.ERROR
    return (
        _is_against(lesson)
        and opinion.lens is Lens.SECURITY
        and severity.at_least(Severity.WARNING)
        and opinion.rule not in security_rules
    )


def _is_against(lesson: Lesson) -> bool:
    return lesson.effect in {Effect.WITHHELD, Effect.LOWERED}
