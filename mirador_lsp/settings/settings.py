"""The settings that hold: every value present, every default in this file.

The names are those of `options.py`, where each one is explained.
"""

from dataclasses import dataclass, field

from mirador_lsp.core.chains import Chain
from mirador_lsp.core.findings import Lens
from mirador_lsp.core.knowledge import KnowledgeFile
from mirador_lsp.core.policy import ASK, INFILL
from mirador_lsp.core.reviewers import Reviewer
from mirador_lsp.core.servers import ModelServer


@dataclass(frozen=True, kw_only=True)
class ReviewSettings:
    """What a review looks at and how much of it is shown."""

    stages: tuple[str, ...] = ()
    """() leaves the choice to Mirador: all, or fewer where little was changed."""
    lenses: tuple[str, ...] = tuple(lens.value for lens in Lens)
    gate: float = 0.35
    max_findings_per_reply: int = 3
    max_findings_per_file: int = 50
    max_findings: int = 500
    max_model_bytes: int = 1_000_000
    max_line_length: int = 5000


@dataclass(frozen=True, kw_only=True)
class StageSettings:
    """How one model stage runs."""

    models: tuple[str, ...] = ()
    """() leaves the choice to Mirador."""
    max_tokens: int
    temperature: float = 0.0
    seconds: float
    confidence: float
    instructions: str = ""
    context: str = ""
    """"" stands for `ContextSettings.tokens`."""
    passes: tuple[str, ...] = (ASK,)
    """How it looks for defects, a subset of `PASSES`."""


@dataclass(frozen=True, kw_only=True)
class StagesSettings:
    """The model stages. A reply of three findings takes about 150 tokens."""

    quick: StageSettings = StageSettings(max_tokens=192, seconds=60, confidence=0.6, context="0")
    deep: StageSettings = StageSettings(
        max_tokens=320, seconds=300, confidence=0.85, passes=(ASK, INFILL)
    )
    synthesis: StageSettings = StageSettings(max_tokens=192, seconds=120, confidence=0.95)


@dataclass(frozen=True, kw_only=True)
class EngineSettings:
    """What runs the models."""

    backend: str = "embedded"
    script: str = ""
    """Absolute path, or "" when there is none."""
    threads: int = 0
    context_tokens: int = 4096
    idle_seconds: float = 300
    cache_ram_mib: int = 512
    cache_disk_mib: int = 512
    resident_models: int = 3
    prewarm: bool = True
    compare_every: int = 50


@dataclass(frozen=True, kw_only=True)
class AnalysisSettings:
    """The analyzers of the instant stage."""

    ruff: bool = True
    rules: bool = True
    flow: bool = True
    parse_seconds: float = 0.2


@dataclass(frozen=True, kw_only=True)
class ModelsSettings:
    """Where model files lie."""

    folder: str = ""
    """Absolute path; "" stands for `Paths.models`."""


@dataclass(frozen=True, kw_only=True)
class TeamSettings:
    """A Chroma server on which a team shares vectors."""

    url: str = ""
    """"" for none."""
    key_env: str = ""
    key_file: str = ""
    """Absolute path, or "" when there is none."""
    tenant: str = "default_tenant"
    database: str = "default_database"
    share: bool = True


@dataclass(frozen=True, kw_only=True)
class IndexSettings:
    """The index of a workspace."""

    enabled: bool = True
    embedder: str = "auto"
    rerank: str = ""
    """"" for none."""
    max_file_kib: int = 512
    max_disk_mib: int = 2048
    shared: str = ""
    """Absolute path, or "" when there is none."""
    team: TeamSettings = TeamSettings()


@dataclass(frozen=True, kw_only=True)
class ServerSettings:
    """The language server."""

    log_level: str = "info"
    review_on_open: bool = True
    review_on_save: bool = True
    code_lens: bool = True
    explain_ahead: bool = True


@dataclass(frozen=True, kw_only=True)
class AnswersSettings:
    """Explanations and answers to questions."""

    max_tokens: int = 320
    seconds: float = 120


@dataclass(frozen=True, kw_only=True)
class ContextSettings:
    """What models are shown besides the code that they are asked about."""

    tokens: str = "auto"
    """Or a number."""
    seconds: float = 1.0
    """More was measured to be no gain on a processor: see docs/adr/0019."""
    preferences: str = ""


@dataclass(frozen=True, kw_only=True)
class FixSettings:
    """How far a fix is checked before it is offered."""

    tests: tuple[str, ...] = ()
    """The words of a command; () when no tests are to run."""
    test_seconds: float = 120
    repairs: int = 2


@dataclass(frozen=True, kw_only=True)
class HistorySettings:
    """What is kept of questions, answers and findings."""

    enabled: bool = True
    days: int = 90
    max_mib: int = 256
    session_hours: float = 8


@dataclass(frozen=True, kw_only=True)
class MetricsSettings:
    """Figures of requests."""

    enabled: bool = True


@dataclass(frozen=True, kw_only=True)
class StoreSettings:
    """How what is remembered lies on this machine."""

    encryption: str = "off"


@dataclass(frozen=True, kw_only=True)
class ForgesSettings:
    """Where pull requests live, and how much is said on them."""

    hosts: tuple[str, ...] = ()
    """"HOST=KIND" each."""
    max_comments: int = 20


@dataclass(frozen=True, kw_only=True)
class LearningSettings:
    """What the user's decisions about findings do to later reviews."""

    enabled: bool = True
    security_rules: tuple[str, ...] = ()
    fix_examples: int = 1
    review_examples: int = 0


@dataclass(frozen=True, kw_only=True)
class ActionSettings:
    """An action of the user's own."""

    name: str
    title: str
    prompt: str
    """Absolute path of its prompt file; see `read_prompt`."""
    languages: tuple[str, ...] = ()
    """LSP language identifiers; () stands for all."""
    edits: str = "nothing"
    """What it may change: "nothing", "selection", "symbol" or "file"."""

    def is_for(self, language: str) -> bool:
        """Whether it is offered for documents of `language`."""
        return not self.languages or language in self.languages


@dataclass(frozen=True, kw_only=True)
class RuleSettings:
    """What is shown of the findings in files of certain paths."""

    path: str
    """See `core.globs`."""
    ignore: tuple[str, ...] = ()
    severity: tuple[str, ...] = ()
    """As RULE=SEVERITY."""
    lenses: tuple[str, ...] = ()
    """() for all."""
    trusted: bool = True
    """False where it may be from whoever wrote the code."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings. `Settings()` holds the defaults."""

    profile: str = "auto"
    """The profile whose defaults hold; "auto" where nobody has looked at the machine."""
    review: ReviewSettings = ReviewSettings()
    stages: StagesSettings = StagesSettings()
    engine: EngineSettings = EngineSettings()
    analysis: AnalysisSettings = AnalysisSettings()
    models: ModelsSettings = ModelsSettings()
    index: IndexSettings = IndexSettings()
    server: ServerSettings = ServerSettings()
    answers: AnswersSettings = AnswersSettings()
    context: ContextSettings = ContextSettings()
    fix: FixSettings = FixSettings()
    history: HistorySettings = HistorySettings()
    forges: ForgesSettings = ForgesSettings()
    learning: LearningSettings = LearningSettings()
    metrics: MetricsSettings = MetricsSettings()
    store: StoreSettings = StoreSettings()
    actions: tuple[ActionSettings, ...] = ()
    """In the order in which the sources name them; no two share a name."""
    servers: tuple[ModelServer, ...] = ()
    """The same."""
    said: frozenset[str] = field(default=frozenset(), compare=False)
    """Names of the settings that a source named ("review.gate"), be it with their defaults."""
    chains: tuple[Chain, ...] = ()
    """The same."""
    rules: tuple[RuleSettings, ...] = ()
    """Those of all sources, the weakest first."""
    folder: str = field(default="", compare=False)
    """Absolute path of the workspace, where paths of rules begin; "" where there is none."""
    reviewers: tuple[Reviewer, ...] = ()
    """Those of the files beside the settings; no two share a name."""
    flows: tuple[KnowledgeFile, ...] = ()
    """What files beside the settings tell of libraries, for data flow."""
