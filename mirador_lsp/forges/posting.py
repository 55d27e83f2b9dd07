"""Says on a pull request what a plan wants said, in an order that an interruption cannot spoil.

Remarks come first and the summary last: it remembers what was said, so it must not run ahead.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mirador_lsp.core.errors import UserError
from mirador_lsp.core.pulls import Forge, PullRequest, Remark, Thread
from mirador_lsp.forges.marks import remark_mark, summary_mark, without_mark
from mirador_lsp.forges.planning import Plan, Wanted, make_plan

Summarise = Callable[[Plan], str]
"""Writes the summary of a plan, without the mark that ends it."""
_MOST = 60_000
"""Characters of a comment; forges take 65,536 at least, some as bytes."""
_CUT = "\n\n_The rest does not fit here._"


@dataclass(frozen=True)
class Posted:
    """What was said, or with a dry run would be."""

    plan: Plan
    refused: tuple[Remark, ...]
    """What the forge took for no line of the diff."""
    summary: str
    """The whole comment."""
    wrote_summary: bool
    """False where the one that is there says the same."""

    @property
    def writes(self) -> int:
        """How many things were said, changed or closed."""
        plan = self.plan
        said = len(plan.post) - len(self.refused) + len(plan.reopen) + len(plan.settle)
        return said + self.wrote_summary


async def post(
    forge: Forge,
    pull: PullRequest,
    wanted: Sequence[Wanted],
    summarise: Summarise,
    *,
    is_mended: Callable[[Thread], bool],
    cap: int,
    dry: bool = False,
) -> Posted:
    """Say what is not said yet, close what was mended, bring the summary up to date.

    Raises `UserError` where the pull request is not what was reviewed any more, and what `Forge`
    raises; a later run completes what was begun.
    """
    await _check_same(forge, pull)
    conversation = await forge.conversation()
    plan = make_plan(wanted, conversation, is_mended, cap)
    refused: Sequence[Remark] = ()
    if not dry:
        refused = await forge.remark(pull, plan.post) if plan.post else ()
        for thread, remark in plan.reopen:
            await forge.reopen(thread, remark.body)
        for thread in plan.settle:
            await forge.settle(thread, mended_body(thread))
    gone = {id(each) for each in refused}
    made = [*plan.made, *(each.marks.place for each in plan.post if id(each) not in gone)]
    text = _shortened(summarise(plan))
    body = f"{text}\n\n{summary_mark(made)}"
    known = conversation.summary
    # Nobody wants to be told that there is nothing to tell; once there is a summary, it is kept.
    silent = known is None and not wanted and not conversation.threads
    same = known is not None and _plain(known.body) == _plain(body)
    if not dry and not same and not silent:
        await forge.summarise(body, known)
    return Posted(plan, tuple(refused), body, not same and not silent)


def mended_body(thread: Thread) -> str:
    """What a remark says once it was mended: that first, and below it what it said."""
    said = without_mark(thread.body)
    mark = remark_mark(thread.marks, mended=True)
    return (
        "_Mended: this is not found any more._\n\n"
        f"<details><summary>What it said</summary>\n\n{said}\n\n</details>\n\n{mark}"
    )


async def _check_same(forge: Forge, pull: PullRequest) -> None:
    now = await forge.pull()
    if now.head != pull.head:
        message = (
            f"Somebody pushed to {pull.place.called} while it was reviewed "
            f"({pull.head[:10]} → {now.head[:10]}): nothing is posted."
        )
        raise UserError(message, remedy="Run it again, to review what is there now.")
    if not now.open:
        message = f"The {pull.place.called} is closed: nothing is posted."
        raise UserError(message, remedy="Leave out --post to review it all the same.")


def _shortened(text: str) -> str:
    return text if len(text.encode()) <= _MOST else _cut(text)


def _cut(text: str) -> str:
    """At the end of a line, so that no markup stays open."""
    kept = text.encode()[: _MOST - len(_CUT)].decode("utf-8", "ignore")
    return kept.rpartition("\n")[0] + _CUT


def _plain(body: str) -> str:
    """As forges may hand it back."""
    return body.replace("\r\n", "\n").strip()
