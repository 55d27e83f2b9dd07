"""Whether a call gives what a definition takes."""

from mirador_lsp.core.references import Named, Parameters


def misfit(call: Named, wants: Parameters) -> str:
    """Why a call does not fit, a phrase that follows "it"; "" where it fits or nobody can tell."""
    given = call.positional
    if given is None:
        return ""
    if given > len(wants.names) and not wants.more:
        return f"takes {_count(len(wants.names))} by place, and {given} are given"
    for name in call.by_name:
        known = name in wants.names[wants.places_only :] or name in wants.by_name
        if not known and not wants.any_name:
            return f"has no parameter {name}"
    missing = [n for n in wants.names[given : wants.least] if n not in call.by_name]
    missing += [n for n in wants.wanted if n not in call.by_name]
    if missing and not (wants.any_name and not wants.by_name and _labels_unknown(wants)):
        return f"wants {', '.join(missing[:3])} too"
    return ""


def _labels_unknown(wants: Parameters) -> bool:
    """Whether the names are not those that calls give: some languages tell no more than places."""
    return any(not name.isidentifier() for name in wants.names)


def _count(number: int) -> str:
    return {0: "no argument", 1: "1 argument"}.get(number, f"{number} arguments")
