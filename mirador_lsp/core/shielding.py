"""How far anybody but the user can make a finding less: never so far that security disappears."""

from dataclasses import replace

from mirador_lsp.core.events import Hush, Hushed
from mirador_lsp.core.findings import Finding, Lens, Severity

_KNOWN = "(known to the baseline)"


def is_shielded(finding: Finding) -> bool:
    """Whether what comes with the code may soften it and no more."""
    return finding.lens is Lens.SECURITY and finding.severity.at_least(Severity.INFORMATION)


def softened(finding: Finding, why: str) -> Finding:
    """A shielded finding that somebody wants gone: information that says so."""
    if finding.message.endswith(why):
        return finding
    least = max(finding.severity, Severity.INFORMATION, key=lambda severity: severity.rank)
    return replace(finding, severity=least, message=f"{finding.message} {why}")


def known_to(baseline: str, finding: Finding) -> Finding | Hushed:
    """What is shown of a finding that a baseline of that name knows.

    It comes with the code, so of a grave finding about security it makes information.
    """
    grave = finding.lens is Lens.SECURITY and finding.severity.at_least(Severity.WARNING)
    if grave or finding.message.endswith(_KNOWN):
        return softened(finding, _KNOWN)
    return Hushed(finding, Hush.BASELINE, baseline)
