"""Requests to write something: a doc comment, tests, what a user's own prompt asks."""

from fakes.changes import Desk
from fakes.samples import SAMPLES
from mirador_lsp.core.changes import ChangeRequest, Intent
from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.text import Span
from mirador_lsp.syntax.outline import outline_of
from mirador_lsp.syntax.parser import parse


def wanted(
    desk: Desk, intent: Intent, snapshot: Snapshot, at: str, until: str = "", **options: object
) -> ChangeRequest:
    """A request about the first place of `at`, or from there to the end of `until`."""
    start = snapshot.text.index(at)
    end = snapshot.text.index(until, start) + len(until) if until else start
    return ChangeRequest(
        snapshot=snapshot,
        intent=intent,
        policy=desk.policy,
        span=Span(start, end),
        **options,  # type: ignore[arg-type]
    )


def read_grammars(*languages: str) -> None:
    """Have grammars read: the engine must not wait for disks; in life the parse worker does."""
    for language in languages:
        outline_of(parse(SAMPLES[language], language, budget_seconds=10))
