"""What is said, given what was said: nothing twice, nothing unwanted, nothing in silence."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from mirador_lsp.core.findings import Lens
from mirador_lsp.core.pulls import Conversation, Marks, Remark, Standing, Thread, Told
from mirador_lsp.forges.marks import digest, summary_mark
from mirador_lsp.forges.planning import Wanted, make_plan

OPEN, MENDED, DECLINED = Standing.OPEN, Standing.MENDED, Standing.DECLINED


def wanted(name: str, *, words: str = "", file: str = "a.py", line: bool = True) -> Wanted:
    """A finding; `name` is what makes it itself."""
    marks = Marks(digest(name), digest(words or name), digest("q"), Lens.BUG, by_model=False)
    remark = Remark(file, file, 1, 1, None, marks, name) if line else None
    return Wanted(marks, file, remark)


def thread(each: Wanted, standing: Standing = OPEN, number: str = "") -> Thread:
    """What was said of it."""
    key = number or each.marks.place
    return Thread(key, key, each.name, each.marks, standing, "body")


def places(*each: Wanted) -> frozenset[str]:
    """Of findings."""
    return frozenset(w.marks.place for w in each)


def yes(_thread: Thread) -> bool:
    """Everything was looked for."""
    return True


def test_what_is_new_is_said_and_what_was_said_is_not() -> None:
    """The very second run says nothing."""
    one, two = wanted("one"), wanted("two")
    first = make_plan([one, two], Conversation(), yes, 9)
    assert first.post == (one.remark, two.remark)
    again = make_plan([one, two], Conversation((thread(one), thread(two))), yes, 9)
    assert (again.post, again.reopen, again.settle) == ((), (), ())
    assert again.standing == places(one, two)


def test_what_people_declined_is_not_said_again() -> None:
    """Nor closed, nor opened."""
    one = wanted("one")
    plan = make_plan([one], Conversation((thread(one, DECLINED),)), yes, 9)
    assert (plan.post, plan.reopen, plan.settle) == ((), (), ())
    assert plan.declined == places(one)


def test_what_was_deleted_is_declined() -> None:
    """The summary remembers that it was said."""
    one = wanted("one")
    told = Told("1", f"x\n{summary_mark([one.marks.place])}")
    plan = make_plan([one], Conversation((), told), yes, 9)
    assert plan.post == ()
    assert plan.declined == places(one)
    assert plan.made == (one.marks.place,)


def test_what_is_gone_is_closed_where_it_was_looked_for() -> None:
    """And nowhere else; what people declined stays as they left it."""
    gone, unseen, unwanted = wanted("gone"), wanted("unseen"), wanted("unwanted")
    said = Conversation((thread(gone), thread(unseen), thread(unwanted, DECLINED)))
    plan = make_plan([], said, lambda t: t.marks != unseen.marks, 9)
    assert [t.marks for t in plan.settle] == [gone.marks]
    assert plan.mended == 1


def test_what_comes_back_is_opened_again() -> None:
    """It is not said anew."""
    one = wanted("one")
    plan = make_plan([one], Conversation((thread(one, MENDED),)), yes, 9)
    assert [remark for _, remark in plan.reopen] == [one.remark]
    assert plan.post == ()


def test_code_that_moved_keeps_its_remark() -> None:
    """Its words are the same in another file; one remark stands for one finding."""
    old = wanted("old", words="w", file="a.py")
    new = wanted("new", words="w", file="b.py")
    other = wanted("other", words="w", file="c.py")
    plan = make_plan([new, other], Conversation((thread(old, DECLINED),)), yes, 9)
    assert plan.declined == places(new)
    assert plan.post == (other.remark,)


def test_an_edited_line_is_likelier_than_one_that_moved() -> None:
    """Of two with the same words, the one of the same file."""
    here, there = wanted("h", words="w", file="a.py"), wanted("t", words="w", file="b.py")
    now = wanted("now", words="w", file="b.py")
    plan = make_plan([now], Conversation((thread(here), thread(there, DECLINED))), yes, 9)
    assert plan.declined == places(now)
    assert [t.marks for t in plan.settle] == [here.marks]


def test_the_cap_counts_what_is_open() -> None:
    """The most important first; what is above is in the summary."""
    one, two, three = wanted("one"), wanted("two"), wanted("three")
    plan = make_plan([one, two, three], Conversation((thread(three),)), yes, 2)
    assert plan.post == (one.remark,)
    assert plan.over_cap == places(two)
    assert make_plan([one], Conversation(), yes, 0).over_cap == places(one)


def test_what_is_on_no_line_is_said_nowhere_but_in_the_summary() -> None:
    """It takes no place of the cap."""
    one, two = wanted("one", line=False), wanted("two")
    plan = make_plan([one, two], Conversation(), yes, 1)
    assert plan.post == (two.remark,)
    assert plan.over_cap == frozenset()


def test_a_remark_that_was_said_twice_is_declined_once() -> None:
    """An interrupted run of two at a time may have left a double."""
    one = wanted("one")
    said = Conversation((thread(one, DECLINED, "1"), thread(one, OPEN, "2")))
    assert make_plan([one], said, yes, 9).declined == places(one)


NAMES = st.sampled_from("abcdefgh")


@given(
    st.lists(st.tuples(NAMES, NAMES, NAMES), max_size=8, unique_by=lambda t: t[0]),
    st.lists(st.tuples(NAMES, NAMES, st.sampled_from(Standing)), max_size=8),
    st.integers(0, 9),
)
def test_done_once_there_is_nothing_to_do(
    found: list[tuple[str, str, str]], said: list[tuple[str, str, Standing]], cap: int
) -> None:
    """Whatever was said, a run leaves a state in which the next one does nothing."""
    now = [wanted(name, words=words, file=file) for name, words, file in found]
    before = tuple(
        thread(wanted(name, words=words), standing, str(at))
        for at, (name, words, standing) in enumerate(said)
    )
    plan = make_plan(now, Conversation(before), yes, cap)
    reopened = {t.id: r for t, r in plan.reopen}
    closed = {t.id for t in plan.settle}
    after = [
        replace(t, standing=OPEN, marks=reopened[t.id].marks)
        if t.id in reopened
        else replace(t, standing=MENDED)
        if t.id in closed
        else t
        for t in before
    ]
    after += [thread(Wanted(r.marks, r.name, r), OPEN, f"n{r.body}") for r in plan.post]
    again = make_plan(now, Conversation(tuple(after)), yes, cap)
    assert (again.post, again.reopen, again.settle) == ((), (), ())
    assert again.declined == plan.declined
