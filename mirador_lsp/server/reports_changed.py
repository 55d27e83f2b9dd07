"""The page about a reviewed change: what it does and how risky it is, then what was found."""

from mirador_lsp.server.changed_review import ChangeTour
from mirador_lsp.server.jobs import Ending
from mirador_lsp.server.markdown import words
from mirador_lsp.server.reports import findings_by_file


def page(tour: ChangeTour, ending: Ending) -> str:
    """Everything that is to be told of the changes of a workspace."""
    parts = ["# Review of my changes"]
    for each in tour.overviews:
        reasons = "".join(f"\n- {words(reason)}" for reason in each.reasons)
        parts.append(f"**Risk: {each.risk.value}**{reasons}")
        parts.append("\n".join(f"- {words(sentence)}" for sentence in each.sentences))
    if ending is not Ending.FINISHED:
        parts.append("It was stopped before its end.")
    if tour.files.over_limit:
        parts.append(f"{tour.files.over_limit} files left out, the most is {tour.files.limit}.")
    parts += findings_by_file(tour.files.reviewed)
    unseen = [*((name, "not one stage could look") for name in tour.files.not_reviewed)]
    unseen += tour.unseen
    if unseen:
        rows = "\n".join(f"- {words(name)}: {words(why)}" for name, why in unseen)
        parts += ["## Not reviewed", rows]
    if tour.notices:
        parts += ["## Besides", "\n".join(f"- {words(n.message)}" for n in tour.notices)]
    return "\n\n".join(parts) + "\n"
