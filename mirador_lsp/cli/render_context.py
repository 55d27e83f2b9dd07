"""What models were shown, to the letter, with the account of how it came about.

One form for pipes (lines of text) and one for terminals; both say the standing text and the code
once and, for the further questions about the same, only the question.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mirador_lsp.core import clean
from mirador_lsp.core.events import ModelAsked
from mirador_lsp.core.retrieval import Compiled

if TYPE_CHECKING:
    from rich.console import RenderableType

_MARGIN = "  | "


@dataclass
class Seen:
    """What was printed already, so that it is not printed again."""

    systems: set[tuple[str, str]] = field(default_factory=set)
    materials: set[tuple[str, str]] = field(default_factory=set)

    def parts(self, event: ModelAsked) -> Iterator[tuple[str, str]]:
        """The parts of a prompt that are new to its model, each with its name."""
        prompt, model = event.prompt, event.model
        if (model, prompt.system) not in self.systems:
            self.systems.add((model, prompt.system))
            yield "standing instructions", prompt.system
        if (model, prompt.material) not in self.materials:
            self.materials.add((model, prompt.material))
            yield "material", prompt.material
        yield "question", prompt.question

    def is_new(self, event: ModelAsked) -> bool:
        """Whether the model has not been shown this code with this context before."""
        return (event.model, event.prompt.material) not in self.materials


def title(event: ModelAsked) -> str:
    """Who is asked about what: "deep · qwen2.5-coder-1.5b · Cart.total · bug"."""
    kept = "answered before" if event.kept else ""
    parts = (event.stage, event.model, event.unit, event.lens, kept)
    return " · ".join(clean.plain(part, 120) for part in parts if part)


def cost(context: Compiled) -> str:
    """What the context took of what it was allowed."""
    how = "counted by the model's tokenizer" if context.counted else "estimated"
    if not context.budget:
        return "no context: the budget of this stage is 0 tokens (context.tokens)"
    return f"context: {context.tokens} of {context.budget} tokens, {how}"


def lines(event: ModelAsked, seen: Seen) -> Iterator[str]:
    """A question as lines for a pipe."""
    yield f"asked: {title(event)} (prompt {clean.plain(event.prompt.version, 200)})"
    if event.context is not None and seen.is_new(event):
        yield f"{_MARGIN}{cost(event.context)}"
        for piece in event.context.kept:
            yield f"{_MARGIN}+ {piece.tokens:>4} {piece.source}: {clean.plain(piece.title, 200)}"
        for piece, why in event.context.dropped:
            yield f"{_MARGIN}- {piece.source}: {clean.plain(piece.title, 200)} ({clean.plain(why)})"
    for name, text in seen.parts(event):
        yield f"{_MARGIN}--- {name}"
        for line in _shown(text):
            yield f"{_MARGIN}{line}"


def drawn(event: ModelAsked, seen: Seen) -> "RenderableType":
    """A question for a terminal."""
    from rich.console import Group  # noqa: PLC0415 — pipes need no rich
    from rich.panel import Panel  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    new = seen.is_new(event)
    head = Text("   ◇ ", "magenta").append(title(event), "bold")
    head.append(f"  prompt {clean.plain(event.prompt.version, 200)}", "bright_black")
    rows: list[RenderableType] = [head]
    if event.context is not None and new:
        rows.append(Text(f"     {cost(event.context)}", "bright_black"))
        if event.context.kept or event.context.dropped:
            rows.append(_account(event.context))
    for name, text in seen.parts(event):
        style = "" if name == "question" else "dim"
        inside = Text("\n".join(_shown(text)), style, overflow="fold")
        title_of = Text(name, "bright_black")
        rows.append(Panel(inside, title=title_of, title_align="left", border_style="bright_black"))
    return Group(*rows)


def _account(context: Compiled) -> "RenderableType":
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    grid = Table.grid(padding=(0, 1), pad_edge=False)
    grid.add_column(width=6, justify="right")
    grid.add_column(width=6, justify="right", no_wrap=True)
    grid.add_column(width=10, no_wrap=True)
    grid.add_column(overflow="fold")
    for piece in context.kept:
        title = Text(clean.plain(piece.title, 200))
        grid.add_row(Text("+", "green"), Text(str(piece.tokens)), Text(piece.source, "cyan"), title)
    for piece, why in context.dropped:
        left = Text(clean.plain(piece.title, 200), "bright_black").append(
            f"  {clean.plain(why)}", "yellow"
        )
        grid.add_row(Text("-", "bright_black"), Text(""), Text(piece.source, "bright_black"), left)
    return grid


def _shown(text: str) -> list[str]:
    """Lines of a prompt, without what a terminal would act on."""
    return clean.stream_safe(text.replace("\t", "    ")).split("\n")
