"""Small values that say how to behave; settings resolve into them and functions receive them."""

from dataclasses import dataclass, field

from mirador_lsp.core.findings import Lens
from mirador_lsp.core.preferences import Preferences
from mirador_lsp.core.reviewers import Reviewer
from mirador_lsp.core.silence import PathRule

INSTANT = "instant"
QUICK = "quick"
DEEP = "deep"
SYNTHESIS = "synthesis"
STAGES = (INSTANT, QUICK, DEEP, SYNTHESIS)
"""The stages in the order in which they run."""

ASK = "ask"
BLANKED = "blanked"
INFILL = "infill"
PASSES = (ASK, BLANKED, INFILL)
"""How a model stage looks for defects, in the order in which it does: by asking about the code as
it is, by asking about it without its comments, and by having each line written anew."""


@dataclass(frozen=True)
class StagePolicy:
    """How one model stage runs."""

    name: str
    models: tuple[str, ...]
    """Models in order of preference; the first that is there runs, the next are the fallback."""
    max_tokens: int
    """Tokens a single reply may have."""
    temperature: float
    seconds: float
    """Time for the whole stage on one file; units not reached by then count as not reviewed."""
    confidence: float
    """Ceiling of the confidence a finding of this stage may have by itself, 0…1."""
    instructions: str = ""
    """Extra standing instructions from the user's own settings, appended to the system prompt."""
    context_tokens: int = 0
    """Tokens of compiled context that a question may carry beside the code; below 0 as many as its
    model reads in `context_seconds`."""
    context_seconds: float = 0.0
    preferences: Preferences = field(default_factory=Preferences)
    """How the user likes to be told; see `engine.dna`."""
    passes: tuple[str, ...] = (ASK,)
    """How it looks for defects, of `PASSES` and in their order."""


@dataclass(frozen=True)
class ReviewPolicy:
    """How a review runs."""

    stages: tuple[str, ...]
    """Names of the stages to run, a subset of `STAGES` in that order."""
    lenses: tuple[Lens, ...]
    models: tuple[StagePolicy, ...]
    """One for each model stage, whether it runs or not."""
    gate: float
    """Findings below this confidence are withheld: counted, and shown only on request."""
    max_findings_per_reply: int
    max_findings_per_file: int
    """What is above is counted, not shown."""
    max_model_bytes: int
    """Files larger than this are reviewed by analyzers only, and it is said."""
    max_line_length: int
    """Files with a longer line (minified code) are reviewed by analyzers only, and it is said."""
    panel: tuple[str, ...] = ()
    """Models that all answer the questions of every model stage, to be merged; empty where each
    stage asks one model."""
    automatic: bool = False
    """Nobody named the stages: fewer may run where a change is small."""
    given: frozenset[str] = frozenset()
    """Names of the settings that somebody set ("review.gate"): preferences leave those alone."""
    rules: tuple[PathRule, ...] = ()
    """What is asked of findings in files of certain paths, the weaker source first."""
    max_findings: int = 500
    """Of a run over many files; what is above is counted, not shown."""
    reviewers: tuple[Reviewer, ...] = ()
    """Angles of the user's own from which the deep stage looks as well."""

    def stage(self, name: str) -> StagePolicy:
        """The policy of a model stage. Raises KeyError for a name that has none."""
        for policy in self.models:
            if policy.name == name:
                return policy
        raise KeyError(name)
