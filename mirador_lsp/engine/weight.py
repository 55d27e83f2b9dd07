"""How loud a model's finding may be, from what it is about and how sure it is."""

from mirador_lsp.core.findings import ConfidenceBand, Lens, Severity

_BY_LENS = {
    Lens.BUG: Severity.WARNING,
    Lens.SECURITY: Severity.WARNING,
    Lens.PERFORMANCE: Severity.INFORMATION,
    Lens.STYLE: Severity.HINT,
}


def severity_of(lens: Lens, confidence: float) -> Severity:
    """The severity of a model's finding. Errors are left to analyzers, which know facts.

    What a model is not sure of must not shout, nor fail a build: at low confidence it informs.
    """
    severity = _BY_LENS[lens]
    if ConfidenceBand.of(confidence) is ConfidenceBand.LOW and severity is Severity.WARNING:
        return Severity.INFORMATION
    return severity
