"""The queue of the engine host."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from mirador_lsp.core.dialogue import Priority
from mirador_lsp.models.turns import Turns


async def _take(turns: Turns, priority: int, number: int, order: list[int], owner: int = 0) -> None:
    async with turns.take(priority, number, owner):
        order.append(number)


async def test_order_is_priority_then_number() -> None:
    """The most urgent goes first; among equals the one that came first."""
    turns, order = Turns(), list[int]()
    async with asyncio.TaskGroup() as group, turns.take(Priority.SAVE, 0):
        for number, priority in enumerate((2, 1, 0, 1, 0), start=1):
            group.create_task(_take(turns, priority, number, order))
            await asyncio.sleep(0)
        assert turns.waiting == 5
    assert order == [3, 5, 2, 4, 1]


async def test_one_at_a_time() -> None:
    """Never are two turns held at once."""
    turns, held, most = Turns(), 0, 0

    async def work(number: int) -> None:
        nonlocal held, most
        async with turns.take(number % 3, number):
            held += 1
            most = max(most, held)
            await asyncio.sleep(0)
            held -= 1

    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(work(number))
    assert most == 1
    assert turns.running == 0


async def test_who_waits_is_told_how_many_go_first() -> None:
    """Those that run count; it is told anew when somebody more urgent comes, or leaves."""
    turns, told = Turns(), list[int]()
    urgent_may_end = asyncio.Event()

    async def urgent() -> None:
        async with turns.take(Priority.INTERACTIVE, 2):
            await urgent_may_end.wait()

    async def patient() -> None:
        async with turns.take(Priority.SAVE, 1, on_wait=told.append):
            pass

    async with asyncio.TaskGroup() as group:
        async with turns.take(Priority.SAVE, 0):
            group.create_task(patient())
            await asyncio.sleep(0)
            assert told == [1]
            group.create_task(urgent())
            await asyncio.sleep(0)
            assert told == [1, 2]
        assert told == [1, 2, 1]
        urgent_may_end.set()
    assert told == [1, 2, 1, 0]


async def test_who_leaves_the_queue_makes_the_rest_move_up() -> None:
    """A request that its user took back is nobody to wait for."""
    turns, told = Turns(), list[int]()

    async def wait(number: int) -> None:
        async with turns.take(Priority.SAVE, number, on_wait=told.append if number == 2 else None):
            pass

    async with asyncio.TaskGroup() as group, turns.take(Priority.SAVE, 0):
        first = group.create_task(wait(1))
        group.create_task(wait(2))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.sleep(0)
        assert told == [2, 1]
    assert told == [2, 1, 0]


async def test_who_has_not_to_wait_is_told_nothing() -> None:
    """There is nothing to say."""
    turns, told = Turns(), list[int]()

    async with turns.take(Priority.SAVE, 0, on_wait=told.append):
        pass

    assert told == []


async def test_cancelled_waiter_leaves_the_queue() -> None:
    """One that is cancelled while it waits, or just as its turn comes, does not block the rest."""
    turns, order = Turns(), list[int]()
    for grant_first in (False, True):
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(turns.take(1, 0))
            loop = asyncio.get_running_loop()
            waiter = loop.create_task(_take(turns, 1, 1, order))
            await asyncio.sleep(0)
            if grant_first:
                await stack.aclose()
            waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter
        async with asyncio.timeout(5):
            await _take(turns, 1, 2, order)
    assert order == [2, 2]


async def test_only_the_less_urgent_are_asked_to_give_way() -> None:
    """A holder is asked to give way for someone more urgent, not for an equal."""
    turns, asked, order = Turns(), list[str](), list[int]()
    async with asyncio.TaskGroup() as group, turns.take(Priority.BACKGROUND, 0) as turn:
        turn.give_way = lambda: asked.append("now")
        group.create_task(_take(turns, Priority.BACKGROUND, 1, order))
        await asyncio.sleep(0)
        assert not asked
        group.create_task(_take(turns, Priority.SAVE, 2, order))
        await asyncio.sleep(0)
        assert asked == ["now"]
    assert order == [2, 1]


async def test_owners_take_turns_with_one_another() -> None:
    """Who asks for much at once does not keep others of the same urgency waiting for all of it."""
    turns, order = Turns(), list[int]()
    greedy, modest, third = 1, 2, 3
    async with asyncio.TaskGroup() as group, turns.take(Priority.SAVE, 0, greedy):
        for number in range(1, 6):
            group.create_task(_take(turns, Priority.SAVE, number, order, greedy))
        group.create_task(_take(turns, Priority.SAVE, 6, order, modest))
        group.create_task(_take(turns, Priority.SAVE, 7, order, modest))
        group.create_task(_take(turns, Priority.BACKGROUND, 8, order, third))
        await asyncio.sleep(0)
    assert order == [6, 1, 7, 2, 3, 4, 5, 8]


async def test_an_owner_that_asks_again_and_again_starves_nobody() -> None:
    """Among owners that each wait for one thing at a time nobody waits for more than the others."""
    turns, order, numbers = Turns(), list[int](), iter(range(100))

    async def ask_again(owner: int, times: int) -> None:
        for _ in range(times):
            async with turns.take(Priority.SAVE, next(numbers), owner):
                order.append(owner)
                await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        for owner in (1, 2):
            group.create_task(ask_again(owner, 20))
        await asyncio.sleep(0)
        group.create_task(ask_again(3, 3))
    assert order.index(3) <= 2
    gaps = [index for index, owner in enumerate(order) if owner == 3]
    assert gaps[-1] - gaps[0] <= 6


async def test_as_many_at_a_time_as_there_are_slots() -> None:
    """Two slots hold two turns at once, never three, and both are used."""
    turns, held, most = Turns(2), 0, 0

    async def work(number: int) -> None:
        nonlocal held, most
        async with turns.take(number % 3, number):
            held += 1
            most = max(most, held)
            await asyncio.sleep(0)
            held -= 1

    async with asyncio.TaskGroup() as group:
        for number in range(20):
            group.create_task(work(number))
    assert most == 2
    assert turns.running == 0


async def test_only_the_least_urgent_is_asked_to_give_way() -> None:
    """One who waits needs one slot: one of those that run is asked, once."""
    turns, asked = Turns(2), list[int]()
    async with turns.take(1, 0) as one, turns.take(2, 1) as other:
        turns.interruptible(one, lambda: asked.append(0))
        turns.interruptible(other, lambda: asked.append(1))
        waiter = asyncio.get_running_loop().create_task(_take(turns, 0, 2, []))
        await asyncio.sleep(0)
        assert asked == [1]
    await waiter


async def test_one_who_came_before_the_holder_began_is_not_overlooked() -> None:
    """Between a turn being handed on and its holder starting to work, somebody urgent may come."""
    turns, asked = Turns(), list[int]()
    async with turns.take(2, 0) as turn:
        urgent = asyncio.get_running_loop().create_task(_take(turns, 0, 1, []))
        await asyncio.sleep(0)
        turns.interruptible(turn, lambda: asked.append(0))
        assert asked == [0]
    await urgent
