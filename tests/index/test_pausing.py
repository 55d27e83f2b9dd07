"""When building stands still."""

from mirador_lsp.index.pausing import BATTERY_SECONDS, BUSY_SECONDS, Gate


class World:
    """Time and power, as a test wants them."""

    def __init__(self) -> None:
        self.now = 100.0
        self.battery = False
        self.stirred = 0
        self.gate = Gate(lambda: self.battery, lambda: self.now, self.stir)

    def stir(self) -> None:
        self.stirred += 1


async def test_nothing_stands_in_the_way() -> None:
    """On mains, with nobody waiting, building goes on."""
    world = World()
    await world.gate.look_at_power()
    assert (world.gate.reason, world.gate.patience) == ("", None)


async def test_each_client_that_waits_counts() -> None:
    """It stands still until the last of those who wait has said that it is over."""
    world = World()
    world.gate.busy("a", waiting=True)
    world.gate.busy("b", waiting=True)
    world.gate.busy("a", waiting=False)
    assert world.gate.reason
    world.gate.busy("b", waiting=False)
    assert world.gate.reason == ""
    assert world.stirred == 4


async def test_who_never_says_that_it_is_over_is_not_believed_for_ever() -> None:
    """After two minutes without a word building goes on."""
    world = World()
    world.gate.busy("a", waiting=True)
    world.now += BUSY_SECONDS - 1
    assert world.gate.patience == 1
    world.now += 1
    assert world.gate.reason == ""


async def test_battery_holds_until_it_is_asked() -> None:
    """The battery is looked at now and then; what the user asks for is built all the same."""
    world = World()
    world.battery = True
    await world.gate.look_at_power()
    assert "battery" in world.gate.reason
    assert world.gate.patience == BATTERY_SECONDS
    world.battery = False
    await world.gate.look_at_power()
    assert world.gate.reason, "it was looked at a moment ago"
    world.now += BATTERY_SECONDS
    await world.gate.look_at_power()
    assert world.gate.reason == ""
    world.battery = True
    world.now += BATTERY_SECONDS
    await world.gate.look_at_power()
    world.gate.ask()
    assert world.gate.reason == ""


async def test_a_stop_holds_until_it_is_asked() -> None:
    """What the user stopped stays stopped, whoever else comes and goes."""
    world = World()
    world.gate.stop()
    world.gate.busy("a", waiting=False)
    assert "mirador index build" in world.gate.reason
    assert world.gate.patience is None
    world.gate.ask()
    assert world.gate.reason == ""
