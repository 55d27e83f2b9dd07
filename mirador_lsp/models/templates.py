"""How a prompt becomes tokens.

The chat template inside a model file is a program written by a stranger and is never run. Ours is a
row of pieces: control tokens that are looked up by name, and text that is turned into tokens with
the recognition of control tokens switched off. So no text under review can end its turn and begin
another, whatever it contains.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum

from mirador_lsp.models.wire import Question

Tokenize = Callable[[str], Sequence[int]]
"""Text to tokens; what looks like a control token stays text."""


class Part(Enum):
    """A place in a template where the prompt's text goes."""

    SYSTEM = "system"
    MATERIAL = "material"
    QUESTION = "question"


@dataclass(frozen=True)
class Control:
    """A control token, by the name it has in the vocabulary."""

    name: str


@dataclass(frozen=True)
class Template:
    """Pieces in order: control tokens, fixed text, and the parts of the prompt."""

    name: str
    pieces: tuple[Control | Part | str, ...]

    @property
    def controls(self) -> frozenset[str]:
        """The control tokens a model must have to be spoken to this way."""
        return frozenset(piece.name for piece in self.pieces if isinstance(piece, Control))


_START, _END = Control("<|im_start|>"), Control("<|im_end|>")
CHATML = Template(
    "chatml",
    (
        *(_START, "system\n", Part.SYSTEM, _END, "\n"),
        *(_START, "user\n", Part.MATERIAL, Part.QUESTION, _END, "\n"),
        *(_START, "assistant\n"),
    ),
)
"""Spoken by the Qwen, SmolLM and many other families."""
INFILL = Template(
    "fill in the middle",
    (
        *(Control("<|fim_prefix|>"), Part.MATERIAL),
        *(Control("<|fim_suffix|>"), Part.QUESTION, Control("<|fim_middle|>")),
    ),
)
"""How Qwen's coders were trained to fill gaps: the text before, the text behind, then the gap."""

_BETWEEN = "\n\n"


@dataclass(frozen=True)
class Assembled:
    """A prompt as tokens, and where its reusable beginnings end."""

    tokens: tuple[int, ...]
    system_end: int
    """Tokens up to the end of the standing instructions."""
    prefix_end: int
    """Tokens up to the end of the material: all but the question."""


def assemble(
    template: Template, question: Question, controls: dict[str, int], tokenize: Tokenize
) -> Assembled:
    """The tokens of a prompt. `controls` holds the id of each control token of the template."""
    apart = question.material and question.question and not question.infill
    gap = _BETWEEN if apart else ""
    texts = {
        Part.SYSTEM: question.system,
        Part.MATERIAL: question.material,
        Part.QUESTION: gap + question.question,
    }
    tokens: list[int] = []
    ends = dict.fromkeys(Part, 0)
    for piece in template.pieces:
        match piece:
            case Control(name):
                tokens.append(controls[name])
            case Part():
                tokens.extend(tokenize(texts[piece]))
                ends[piece] = len(tokens)
            case str():
                tokens.extend(tokenize(piece))
    if question.infill:  # what stands before a gap is asked about once: nothing to come back to
        return Assembled(tuple(tokens), 0, 0)
    return Assembled(tuple(tokens), ends[Part.SYSTEM], ends[Part.MATERIAL])
