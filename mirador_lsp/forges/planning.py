"""What to say on a pull request, given what was said before: nothing twice, nothing unwanted.

Pure: it asks nobody. A remark is known again by its place, and where code moved to another file by
its words, each earlier one standing for one later one at most.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from mirador_lsp.core.pulls import Conversation, Marks, Remark, Standing, Thread
from mirador_lsp.forges.marks import read_summary


@dataclass(frozen=True)
class Wanted:
    """A finding that holds, and how it would be said."""

    marks: Marks
    name: str
    """The file."""
    remark: Remark | None
    """None where it is on no line of the diff: it is told in the summary alone."""


@dataclass(frozen=True)
class Plan:
    """What a run does. Each number of `wanted` is in one of the groups at most."""

    post: tuple[Remark, ...]
    """New."""
    reopen: tuple[tuple[Thread, Remark], ...]
    """Said before, mended since, and there again."""
    settle: tuple[Thread, ...]
    """What they speak of was mended."""
    standing: frozenset[str]
    """Places of findings that have an open remark already."""
    declined: frozenset[str]
    """Places of findings that people do not want to hear of: they said so, or deleted the remark.
    """
    over_cap: frozenset[str]
    """Places of findings that only the summary tells, because there are too many."""
    made: tuple[str, ...]
    """Places of all remarks that are there, or were, oldest first; those to be posted are not."""
    mended: int
    """Remarks that were mended, in this run and before."""


def make_plan(
    wanted: Sequence[Wanted],
    conversation: Conversation,
    is_mended: Callable[[Thread], bool],
    cap: int,
) -> Plan:
    """The plan. `wanted` is in the order of importance, and of it the first `cap` remarks are open
    at a time. `is_mended` judges remarks for which no finding holds any more.
    """
    known = _matched(wanted, conversation.threads)
    remembered = _remembered(conversation)
    there = {thread.marks.place for thread in conversation.threads}
    deleted = set(remembered) - there
    post: list[Remark] = []
    reopen: list[tuple[Thread, Remark]] = []
    standing, declined, over_cap = set[str](), set[str](), set[str]()
    said = sum(thread.standing is Standing.OPEN for thread in known.values())
    for each in wanted:
        place = each.marks.place
        thread = known.get(place)
        if thread is not None and thread.standing is Standing.OPEN:
            standing.add(place)
        elif (thread is not None and thread.standing is Standing.DECLINED) or (
            thread is None and place in deleted
        ):
            declined.add(place)
        elif each.remark is None:
            continue
        elif said >= cap:
            over_cap.add(place)
        else:
            said += 1
            if thread is None:
                post.append(each.remark)
            else:
                reopen.append((thread, each.remark))
    held = {thread.id for thread in known.values()}
    silent = [thread for thread in conversation.threads if thread.id not in held]
    settle = [t for t in silent if t.standing is Standing.OPEN and is_mended(t)]
    before = sum(thread.standing is Standing.MENDED for thread in silent)
    return Plan(
        post=tuple(post),
        reopen=tuple(reopen),
        settle=tuple(settle),
        standing=frozenset(standing),
        declined=frozenset(declined),
        over_cap=frozenset(over_cap),
        made=tuple(dict.fromkeys([*remembered, *(t.marks.place for t in conversation.threads)])),
        mended=before + len(settle),
    )


def _remembered(conversation: Conversation) -> tuple[str, ...]:
    """Places of the remarks that were made in earlier runs."""
    summary = conversation.summary
    return (read_summary(summary.body) or ()) if summary is not None else ()


def _matched(wanted: Iterable[Wanted], threads: Sequence[Thread]) -> dict[str, Thread]:
    """Place of a finding → the earlier remark about it."""
    by_place: dict[str, Thread] = {}
    for thread in threads:
        earlier = by_place.get(thread.marks.place)
        # Of several with one mark, which an interrupted run may have left, people's word counts.
        if earlier is None or earlier.standing is not Standing.DECLINED:
            by_place[thread.marks.place] = thread
    found = {
        each.marks.place: by_place[each.marks.place]
        for each in wanted
        if (each.marks.place in by_place)
    }
    places = {each.marks.place for each in wanted}
    spare = [thread for thread in threads if thread.marks.place not in places]
    for each in wanted:
        if each.marks.place in found:
            continue
        alike = [thread for thread in spare if thread.marks.words == each.marks.words]
        # The same file first: an edited line is likelier than one that moved.
        alike.sort(key=lambda thread: thread.name != each.name)
        if alike:
            found[each.marks.place] = alike[0]
            spare.remove(alike[0])
    return found
