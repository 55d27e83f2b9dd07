"""Limits, faults and refusals: what is tried again, what is waited for, and what is said."""

import time

import pytest

from fakes.forges.opened import VARIABLES, opened
from fakes.forges.serving import Fault, File
from mirador_lsp.core.errors import ServiceError, UserError
from mirador_lsp.core.pulls import ForgeKind

FILES = [File("a.py", "a = 1\n", "a = 2\n")]
WALL = 1_700_000_000 + 1000
"""What the tests' clock shows."""


@pytest.mark.parametrize("kind", list(ForgeKind))
async def test_reading_is_tried_again_after_a_fault(kind: ForgeKind) -> None:
    """A broken gateway or connection is over in a moment."""
    async with opened(kind, FILES) as it:
        it.stand_in.faults = [Fault("GET", 502), Fault("GET", 0, cut=True)]
        assert (await it.forge.pull()).open
        assert len(it.waits) == 2


@pytest.mark.parametrize("kind", list(ForgeKind))
async def test_a_fault_that_stays_is_told(kind: ForgeKind) -> None:
    """In a sentence, and not for ever tried."""
    async with opened(kind, FILES) as it:
        it.stand_in.faults = [Fault("GET", 503, times=99)]
        with pytest.raises(ServiceError, match="fault of its own"):
            await it.forge.pull()
        assert len(it.stand_in.asked) == 3


@pytest.mark.parametrize(
    ("status", "headers", "body", "seconds"),
    [
        (429, {"Retry-After": "7"}, b"{}", 7.0),
        (403, {"Retry-After": "30"}, b'{"message": "secondary"}', 30.0),
        (
            403,
            {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(WALL + 40)},
            b'{"message": "API rate limit exceeded"}',
            41.0,
        ),
        (403, {}, b'{"message": "You have exceeded a secondary rate limit."}', 60.0),
        (429, {"RateLimit-Remaining": "0", "RateLimit-Reset": str(WALL + 9)}, b"Retry later", 10.0),
        (429, {}, b"", 60.0),
        (429, {"Retry-After": "-5"}, b"", 60.0),
    ],
)
async def test_a_limit_is_waited_for_as_long_as_the_forge_says(
    status: int, headers: dict[str, str], body: bytes, seconds: float
) -> None:
    """Reading and writing alike: a request that was refused did nothing."""
    async with opened(ForgeKind.GITHUB, FILES) as it:
        it.stand_in.faults = [
            Fault("GET", status, headers, body),
            Fault("POST .*issues", status, headers, body),
        ]
        await it.forge.pull()
        await it.forge.summarise("told", None)
        assert it.waits == [seconds, seconds]
        assert it.stand_in.summaries == ["told"]


@pytest.mark.parametrize("told", ["3600", "9999999999999", "600"])
async def test_nobody_waits_for_an_hour(told: str) -> None:
    """It is said instead; a later run goes on."""
    async with opened(ForgeKind.GITLAB, FILES) as it:
        it.stand_in.faults = [Fault("GET", 429, {"Retry-After": told})]
        with pytest.raises(ServiceError, match="minutes") as caught:
            await it.forge.pull()
        assert it.waits == []
        assert "Run it again" in caught.value.remedy


async def test_a_forge_cannot_keep_us_waiting_for_ever_bit_by_bit() -> None:
    """Not even with waits of nothing at all."""
    async with opened(ForgeKind.GITEA, FILES) as it:
        it.stand_in.faults = [Fault("GET", 429, {"Retry-After": "0"}, times=10_000)]
        with pytest.raises(ServiceError):
            await it.forge.pull()
        assert len(it.stand_in.asked) < 500


@pytest.mark.parametrize("kind", list(ForgeKind))
async def test_what_was_perhaps_written_is_not_written_again(kind: ForgeKind) -> None:
    """The forge may have done it before it failed."""
    async with opened(kind, FILES) as it:
        it.stand_in.faults = [
            Fault("(POST|PUT|PATCH) .*(notes|comments)$", 502, times=1, done=True)
        ]
        with pytest.raises(ServiceError, match="fault"):
            await it.forge.summarise("told", None)
        assert it.stand_in.summaries == ["told"]


@pytest.mark.parametrize("kind", list(ForgeKind))
async def test_a_token_that_is_not_accepted_is_named_and_not_shown(kind: ForgeKind) -> None:
    """Its variable is said, with what it needs."""
    secret = "glpat-0123456789abcdef"
    async with opened(kind, FILES, token=secret) as it:
        with pytest.raises(UserError) as caught:
            await it.forge.pull()
        assert VARIABLES[kind] in str(caught.value)
        assert caught.value.remedy
        assert secret not in caught.value.sentence()
        assert secret not in repr(it.forge.__dict__)


async def test_an_error_that_repeats_the_token_is_cleaned() -> None:
    """Some forges tell you what you sent."""
    secret = "ghp_0123456789abcdefABCDEF"
    async with opened(ForgeKind.GITHUB, FILES, token=secret) as it:
        told = f'{{"message": "no access with {secret}"}}'.encode()
        it.stand_in.faults = [Fault("GET", 403, body=told)]
        with pytest.raises(UserError) as caught:
            await it.forge.pull()
        assert secret not in caught.value.sentence()
        assert "no access" in caught.value.sentence()


@pytest.mark.parametrize("kind", list(ForgeKind))
async def test_a_pull_request_that_is_not_there_says_so(kind: ForgeKind) -> None:
    """Forges say the same of one that the token may not see."""
    async with opened(kind, FILES) as it:
        it.stand_in.faults = [Fault("GET", 404, times=99)]
        with pytest.raises(UserError, match="may not see it"):
            await it.forge.pull()


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_nobody_is_sent_elsewhere(status: int) -> None:
    """The token would go along."""
    async with opened(ForgeKind.GITHUB, FILES) as it, opened(ForgeKind.GITHUB, FILES) as other:
        there = f"{other.stand_in.base}/api/v3/repos/acme/shop/pulls/12"
        it.stand_in.faults = [Fault("GET", status, {"Location": there})]
        with pytest.raises(UserError, match="not followed"):
            await it.forge.pull()
        assert other.stand_in.asked == []


async def test_the_next_page_is_not_where_the_forge_says() -> None:
    """Only whether there is one is believed."""
    async with opened(ForgeKind.GITHUB, FILES * 3) as it, opened(ForgeKind.GITHUB, FILES) as other:
        it.stand_in.page = 1
        it.stand_in.base = other.stand_in.base
        listed = await it.forge.files(await it.forge.pull())
        assert len(listed.files) == 3
        assert other.stand_in.asked == []


@pytest.mark.parametrize(
    "body", [b"<html>log in</html>", b"[", b"[" * 100_000, b'"text"', b"{}", b"null", b"\xff"]
)
@pytest.mark.parametrize("kind", list(ForgeKind))
async def test_a_forge_that_speaks_nonsense_is_an_error(kind: ForgeKind, body: bytes) -> None:
    """A login page, a broken answer, a depth to fall into."""
    async with opened(kind, FILES) as it:
        it.stand_in.faults = [Fault("GET", 200, body=body, times=99)]
        with pytest.raises(ServiceError):
            await it.forge.pull()


async def test_an_endless_answer_is_cut_off() -> None:
    """Memory is bounded, and it is not asked for three times."""
    async with opened(ForgeKind.GITHUB, FILES) as it:
        it.stand_in.faults = [Fault("GET", 200, body=b" " * (17 << 20), times=99)]
        with pytest.raises(ServiceError, match="bytes"):
            await it.forge.pull()
        assert len(it.stand_in.asked) == 1


async def test_graphql_limits_and_refusals_are_told() -> None:
    """They come with the status of a success."""
    async with opened(ForgeKind.GITHUB, FILES) as it:
        for kind, error in (("RATE_LIMITED", ServiceError), ("FORBIDDEN", UserError)):
            told = f'{{"data": null, "errors": [{{"type": "{kind}"}}]}}'.encode()
            it.stand_in.faults = [Fault("graphql", 200, body=told)]
            with pytest.raises(error):
                await it.forge.conversation()


async def test_changes_to_a_forge_elsewhere_are_a_second_apart() -> None:
    """As forges ask for; one on this machine is nobody's but ours."""
    async with opened(ForgeKind.GITHUB, FILES) as it:
        begun = time.monotonic()
        await it.forge.summarise("one", None)
        await it.forge.summarise("two", None)
        assert time.monotonic() - begun < 60
        assert it.waits == []
        it.forge._line._caller.local = False  # type: ignore[attr-defined]
        await it.forge.summarise("three", None)
        assert it.waits == [1.0]
