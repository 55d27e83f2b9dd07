"""The answers of several models to one question, as one text. Pure."""

from collections.abc import Mapping, Sequence

from mirador_lsp.core.answers import Answer
from mirador_lsp.core.findings import percent


def all_answers(said: Sequence[Answer], trust: Mapping[str, float]) -> Answer:
    """One answer that holds all of them under the names of their models.

    The best comes first: the one whose confidence, times how far its model is trusted at the task
    beside the others, is largest. Its confidence is that of the whole.
    """
    ordered = sorted(
        said, key=lambda each: (-each.confidence * trust.get(each.model, 1.0), each.model)
    )
    best = ordered[0]
    if len(ordered) == 1:
        return best
    parts = [f"`{a.model}`, {percent(a.confidence)} %:\n\n{a.text}" for a in ordered]
    return Answer(
        text="\n\n".join(parts),
        stage=best.stage,
        model=" + ".join(each.model for each in ordered),
        confidence=best.confidence,
        kept=all(each.kept for each in ordered),
    )
