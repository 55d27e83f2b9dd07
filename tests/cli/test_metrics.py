"""`mirador metrics` tells what was counted, in every form."""

import argparse
import asyncio
import io
import json
from pathlib import Path

import pytest

from fakes.exposition import read
from fakes.folders import own_folders
from fakes.metrics import DAY, NOON, request, stage_run
from fakes.stores import store_at
from mirador_lsp.cli import metrics
from mirador_lsp.cli.metrics import NOTHING, Around
from mirador_lsp.cli.metrics_views import sparkline
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.feedback import Opinion, Verdict
from mirador_lsp.core.metrics import ChangeFigures, RequestFigures
from mirador_lsp.settings import load_settings
from mirador_lsp.store import SqliteFeedbackBook, SqliteMetricsBook

HOSTILE = 'evil/\x1b[31m"model\\\n{x}'


def fill(env: dict[str, str], *requests: RequestFigures) -> Path:
    """A store that holds these requests and a decision."""
    file = load_settings(env=env).paths.store

    async def record() -> None:
        store = store_at(file)
        await SqliteMetricsBook(store).record(requests)
        accepted = Opinion("file:///a", "1" * 16, "r", Verdict.ACCEPTED, "", "ruff", NOON, lines=3)
        await SqliteFeedbackBook(store).record(accepted)
        await store.close()

    asyncio.run(record())
    return file


def run(env: dict[str, str], *words: str, encoding: str = "utf-8") -> str:
    """What the command prints, looked at a day later."""
    parser = argparse.ArgumentParser()
    metrics.add_parser(parser.add_subparsers())
    args = parser.parse_args(["metrics", *words])
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding, errors="replace")
    assert args.run(args, Around(out, {**env, "COLUMNS": "120"}, NOON + DAY)) == 0
    out.flush()
    return raw.getvalue().decode(encoding)


@pytest.fixture
def env(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Folders of the test's own."""
    monkeypatch.setenv("COLUMNS", "120")
    return own_folders(tmp_path / "own")


def test_where_nothing_was_counted_it_says_what_to_do(env: dict[str, str]) -> None:
    """And makes no file."""
    assert run(env) == f"{NOTHING}\n"
    assert not load_settings(env=env).paths.store.exists()


def test_where_nothing_was_counted_lately_it_says_that_there_is_more(env: dict[str, str]) -> None:
    """Figures of long ago are not gone."""
    fill(env, request(time=NOON - 100 * DAY))

    shown = run(env, "--since", "2h")
    assert shown == "Nothing was counted since 2h; --since all shows what there is.\n"


def test_the_tables_hold_what_was_counted(env: dict[str, str]) -> None:
    """By kind, stage, day, change and decision; without escape sequences in a pipe."""
    change = ChangeFigures(offered=True, rung="tests", attempts=1)
    fill(env, request(), request("fix", change=change))

    shown = run(env)

    assert "2 requests" in shown
    for words in ("qwen2.5-coder-1.5b", "500 ms", "67 %", "6 reported", "offered", "tests"):
        assert words in shown, words
    assert "100 %" in shown  # of one decision, one was accepted
    assert "not measurable here" in shown
    assert "\x1b" not in shown


def test_a_terminal_without_unicode_gets_other_bars(env: dict[str, str]) -> None:
    """No question marks where a bar belongs."""
    fill(env, request())

    shown = run(env, encoding="ascii")
    line = next(line for line in shown.splitlines() if line.startswith("requests "))
    assert "@" in line


def test_json_holds_the_same(env: dict[str, str]) -> None:
    """With names that mean one thing, and shares as numbers or null."""
    fill(env, request(stages=(stage_run(prompt_tokens=1000, cached_tokens=500),)))

    facts = json.loads(run(env, "--json"))

    assert facts["version"] == 1
    assert facts["stages"][0]["reuse"] == 0.5
    assert facts["stages"][0]["first_token"] == {"count": 1, "median": 0.5, "p95": 0.5}
    assert facts["acceptance"]["rate"] == 1.0
    assert facts["days"][0]["findings"]["shown"] == 2


def test_since_and_model_leave_the_rest_out(env: dict[str, str]) -> None:
    """Older requests, and models of another name."""
    old = request(time=NOON - 40 * DAY, stages=(stage_run(model="old"),))
    fill(env, old, request(stages=(stage_run(model="new"), stage_run(model="other"))))

    recent = json.loads(run(env, "--json", "--model", "new"))
    everything = json.loads(run(env, "--json", "--since", "all"))

    assert [row["model"] for row in recent["stages"]] == ["new"]
    assert {row["model"] for row in everything["stages"]} == {"new", "old", "other"}
    assert everything["requests"] == 2


def test_a_model_that_nobody_asked_is_told(env: dict[str, str]) -> None:
    """Rather than figures of all the others below its name."""
    fill(env, request(stages=(stage_run(model="new"),)))

    text = run(env, "--model", "nix")

    assert text.startswith('No model with "nix" in its name')
    assert "Requests" not in text


def test_prometheus_can_read_it(env: dict[str, str]) -> None:
    """All of it, whatever models are called, counted over all time."""
    runs = (stage_run(first=0.5), stage_run(model=HOSTILE, first=3.0))
    old = request(time=NOON - 100 * DAY, stages=(stage_run(first=0.5),))
    fill(env, old, request(stages=runs))

    families = read(run(env, "--prometheus"))

    asked = families["mirador_requests_total"].samples
    assert sum(asked.values()) == 2
    first = families["mirador_first_token_seconds"].samples
    fits = {("model", '"qwen2.5-coder-1.5b"'), ("stage", '"deep"')}
    assert first["mirador_first_token_seconds_bucket", frozenset({*fits, ("le", '"0.2"')})] == 0
    assert first["mirador_first_token_seconds_bucket", frozenset({*fits, ("le", '"0.5"')})] == 2
    assert sum(families["mirador_tokens_total"].samples.values()) == 3 * (900 + 600 + 40)
    assert (
        families["mirador_decisions"].samples[
            "mirador_decisions", frozenset({("verdict", '"accepted"')})
        ]
        == 1
    )


def test_names_of_models_cannot_move_the_cursor(env: dict[str, str]) -> None:
    """They come from servers."""
    fill(env, request(stages=(stage_run(model=HOSTILE),)))

    assert "\x1b" not in run(env)


def test_prices_are_shown_and_written(env: dict[str, str]) -> None:
    """The table with its sources; the file where it can be changed."""
    assert "gpt-4.1" in run(env, "prices")
    assert "Written:" in run(env, "prices", "--write")
    facts = json.loads(run(env, "prices", "--json"))
    assert facts["own"] is True
    assert Path(facts["file"]).exists()


def test_a_price_of_ones_own_is_what_savings_are_told_by(env: dict[str, str]) -> None:
    """A million tokens at one dollar."""
    fill(env, request(stages=(stage_run(prompt_tokens=10**6, cached_tokens=0),)))
    run(env, "prices", "--write")
    file = load_settings(env=env).paths.config_file.parent / "prices.toml"
    file.write_text('[[model]]\nname = "dear"\nprompt = 1\ncompletion = 0\n')

    assert "$1.00 for the same tokens at dear" in run(env)


def test_a_span_that_is_none_is_refused(env: dict[str, str]) -> None:
    """With the ones there are."""
    with pytest.raises(UserError, match="no span of time"):
        run(env, "--since", "soon")


def test_sparklines_show_the_highest_and_the_missing() -> None:
    """Small is not nothing."""
    assert sparkline([0, 1, 50, 100, None], unicode=True) == " ▁▄█ "
    assert sparkline([], unicode=True) == ""
    assert sparkline([0, 0], unicode=False) == "  "
