"""How the terminal shows what was found."""

import re
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mirador_lsp.core.clean import plain, stream_safe
from mirador_lsp.core.retrieval import FILES, Found, Hit, Query

_SHOWN_LINES = 4
_LONGEST_LINE = 160
_SHORTEST_WORD = 3
_WORD = re.compile(r"\w+")


def print_hits(console: Console, query: Query, found: Found, root: Path) -> None:
    """Each hit in a few lines: where it is, why it is there, and the lines that fit best."""
    words = _words(query.text)
    for number, hit in enumerate(found.hits, 1):
        console.print(_head(number, hit, root))
        console.print(_lines(hit, words))


def _words(text: str) -> re.Pattern[str] | None:
    """What is made bold in the code: the words of the query, wherever they begin."""
    words = {word for word in _WORD.findall(text) if len(word) >= _SHORTEST_WORD}
    if not words:
        return None
    return re.compile("|".join(re.escape(word) for word in sorted(words)), re.IGNORECASE)


def _head(number: int, hit: Hit, root: Path) -> Table:
    grid = Table.grid(padding=(0, 1), pad_edge=False)
    grid.add_column(width=3, justify="right", no_wrap=True)
    grid.add_column(overflow="fold")
    place = Text()
    if hit.collection in FILES:
        # A terminal that knows links opens the file; others show the text alone.
        link = f"link {(root / hit.name).as_uri()}"
        place.append(plain(hit.name, 300), f"bold cyan {link}")
        place.append(f":{hit.first + 1}", "cyan")
    else:
        place.append(hit.collection.value, "bold magenta")
    if hit.symbol:
        place.append(f"  {plain(hit.symbol, 160)}", "bold")
    place.append(f"  {hit.kind}", "bright_black")
    if hit.why:
        place.append(f"  {plain(', '.join(hit.why), 120)}", "italic bright_black")
    grid.add_row(Text(str(number), "bright_black"), place)
    return grid


def _lines(hit: Hit, words: re.Pattern[str] | None) -> Table:
    lines = hit.text.splitlines() or [""]
    start = _best_start(lines, words)
    grid = Table.grid(padding=(0, 1), pad_edge=False)
    grid.add_column(width=8, justify="right", no_wrap=True)
    grid.add_column(no_wrap=True, overflow="ellipsis")
    for offset, line in enumerate(lines[start : start + _SHOWN_LINES], start):
        shown = Text(stream_safe(line[:_LONGEST_LINE]).expandtabs(4))
        if words is not None:
            shown.highlight_regex(words, "bold yellow")
        number = str(hit.first + offset + 1) if hit.collection in FILES else ""
        grid.add_row(Text(number, "bright_black"), shown)
    return grid


def _best_start(lines: list[str], words: re.Pattern[str] | None) -> int:
    """The first of the few lines that hold the most words of the query; the top in doubt."""
    if words is None or len(lines) <= _SHOWN_LINES:
        return 0
    counts = [len(set(words.findall(line.lower()))) for line in lines]
    sums = [sum(counts[at : at + _SHOWN_LINES]) for at in range(len(lines) - _SHOWN_LINES + 1)]
    return sums.index(max(sums))
