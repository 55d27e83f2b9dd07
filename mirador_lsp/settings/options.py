"""The wire form of the settings: what a file, an editor or the environment may say.

Every field is optional and carries its own documentation, limits and restrictions; the checks in
`check.py`, `docs/settings.md` and the JSON schema are all derived from here. The defaults are in
`settings.py`.
"""

from dataclasses import dataclass

from mirador_lsp.core.findings import Lens
from mirador_lsp.core.policy import PASSES, STAGES
from mirador_lsp.settings.answer_options import AnswersOptions, FixOptions
from mirador_lsp.settings.chain_options import ChainOptions
from mirador_lsp.settings.context_options import ContextOptions
from mirador_lsp.settings.forge_options import ForgesOptions
from mirador_lsp.settings.history_options import HistoryOptions
from mirador_lsp.settings.learning_options import LearningOptions
from mirador_lsp.settings.metrics_options import MetricsOptions
from mirador_lsp.settings.option import option
from mirador_lsp.settings.rule_options import RuleOptions
from mirador_lsp.settings.store_options import StoreOptions
from mirador_lsp.settings.table_options import ActionOptions, ModelServerOptions


@dataclass(frozen=True, kw_only=True)
class ReviewOptions:
    """What a review looks at and how much of it is shown."""

    stages: tuple[str, ...] | None = option(
        "The stages to run. `instant` needs no model; the others ask one. Empty leaves the choice "
        "to Mirador: all of them or, when a file is saved after a small change, fewer.",
        choices=STAGES,
        narrows="fewer",
        may_be_empty=True,
    )
    lenses: tuple[str, ...] | None = option(
        "The angles from which code is looked at.",
        choices=tuple(Lens),
        narrows="fewer",
    )
    gate: float | None = option(
        "Findings with a lower confidence are withheld: counted, and shown only on request.",
        low=0,
        high=1,
        narrows="larger",
    )
    max_findings_per_reply: int | None = option(
        "Findings a model may report about one function under one lens.",
        low=1,
        high=20,
        narrows="smaller",
    )
    max_findings_per_file: int | None = option(
        "Findings shown for one file, the worst first; the rest is counted.",
        low=1,
        high=1000,
        narrows="smaller",
    )
    max_findings: int | None = option(
        "Findings shown of one run over many files, the worst first; the rest is counted.",
        low=1,
        high=100_000,
        narrows="smaller",
    )
    max_model_bytes: int | None = option(
        "Larger files are looked at by analyzers only, and it is said.",
        unit="bytes",
        low=1_000,
        high=10_000_000,
        narrows="smaller",
    )
    max_line_length: int | None = option(
        "Files with a longer line (minified code) are looked at by analyzers only.",
        unit="characters",
        low=100,
        high=1_000_000,
        narrows="smaller",
    )


@dataclass(frozen=True, kw_only=True)
class StageOptions:
    """How one model stage runs."""

    models: tuple[str, ...] | None = option(
        "Models in order of preference (`mirador models list` names them). The first that is "
        "there runs; the next ones stand in when it fails, then the others of this machine. Empty "
        "leaves the choice to Mirador.",
        restricted=True,
        may_be_empty=True,
    )
    max_tokens: int | None = option(
        "Length of one reply at most.",
        unit="tokens",
        low=16,
        high=4096,
        narrows="smaller",
    )
    temperature: float | None = option(
        "How freely the model chooses its words. 0 gives the same answer each time.", low=0, high=2
    )
    seconds: float | None = option(
        "Time for the stage on one file. What is not reached by then is reported as not reviewed.",
        unit="seconds",
        low=1,
        high=3600,
        narrows="smaller",
    )
    confidence: float | None = option(
        "The highest confidence a finding of this stage can have by itself.",
        low=0,
        high=1,
        narrows="smaller",
    )
    instructions: str | None = option(
        "Standing instructions of your own, appended to Mirador's.",
        restricted=True,
        many_lines=True,
        max_length=4000,
    )
    context: str | None = option(
        "Tokens of context that a question may carry beside the code, or `auto`. Empty means what "
        "`context.tokens` says.",
        form=r"(auto|[0-9]{1,5})?",
    )
    passes: tuple[str, ...] | None = option(
        "How the stage looks for defects: `ask` asks about each part of the code, `blanked` asks "
        "again about parts with comments, without them, and `infill` lets the model write each "
        "line anew from those around it. Where nobody sets it, passes run that were measured to "
        "pay with the model: the default ones are not asked in the deep stage, unless for single "
        "lenses or by your reviewers. The synthesis has no use for it.",
        choices=PASSES,
        narrows="fewer",
    )


@dataclass(frozen=True, kw_only=True)
class StagesOptions:
    """The model stages, in the order in which they run."""

    quick: StageOptions = StageOptions()
    deep: StageOptions = StageOptions()
    synthesis: StageOptions = StageOptions()


@dataclass(frozen=True, kw_only=True)
class EngineOptions:
    """What runs the models."""

    backend: str | None = option(
        "`embedded` runs models in a process of Mirador's own; `scripted` plays back a file and "
        "is meant for tests.",
        choices=("embedded", "scripted"),
        restricted=True,
    )
    script: str | None = option(
        "The file the scripted backend plays back.", restricted=True, is_path=True, max_length=4096
    )
    threads: int | None = option(
        "Processor threads a model computes with. 0 leaves the choice to Mirador.",
        low=0,
        high=1024,
        restricted=True,
    )
    context_tokens: int | None = option(
        "How much text a model sees at once. More needs more memory.",
        unit="tokens",
        low=512,
        high=131_072,
        restricted=True,
    )
    idle_seconds: float | None = option(
        "When nobody has asked a model for this long, the engine ends and its memory is free.",
        unit="seconds",
        low=1,
        high=86_400,
        restricted=True,
    )
    cache_ram_mib: int | None = option(
        "Memory for what models have already read. 0 turns this cache off.",
        unit="MiB",
        low=0,
        high=65_536,
        restricted=True,
    )
    cache_disk_mib: int | None = option(
        "The same on disk, kept between starts. 0 turns this cache off.",
        unit="MiB",
        low=0,
        high=1_048_576,
        restricted=True,
    )
    resident_models: int | None = option(
        "Models kept in memory at once, as far as they fit. The one that was not used for longest "
        "goes first.",
        low=1,
        high=16,
        restricted=True,
    )
    prewarm: bool | None = option(
        "Load the model of the quick stage when the server starts, and let it read the code around "
        "the cursor while all is quiet. Not on battery.",
        restricted=True,
    )
    compare_every: int | None = option(
        "After so many reviews the models that the stages run on all answer one question of the "
        "last one, behind all other work, and figures are kept for `mirador models compare`. Not "
        "on battery; 0 for never.",
        unit="reviews",
        low=0,
        high=100_000,
        restricted=True,
    )


@dataclass(frozen=True, kw_only=True)
class AnalysisOptions:
    """The analyzers of the instant stage."""

    ruff: bool | None = option("Look at Python with ruff.", narrows="smaller")
    rules: bool | None = option(
        "Look at every language with Mirador's own rules.", narrows="smaller"
    )
    flow: bool | None = option(
        "Follow data from where it comes in to where it does harm, in Python, JavaScript and "
        "TypeScript.",
        narrows="smaller",
    )
    parse_seconds: float | None = option(
        "Time to parse one file. A file that takes longer is reviewed without its outline.",
        unit="seconds",
        low=0.01,
        high=10,
        narrows="smaller",
    )


@dataclass(frozen=True, kw_only=True)
class ModelsOptions:
    """Where model files lie."""

    folder: str | None = option(
        "The folder of the model files. Empty means `models` in Mirador's cache folder.",
        restricted=True,
        is_path=True,
        max_length=4096,
    )


@dataclass(frozen=True, kw_only=True)
class TeamOptions:
    """A Chroma server on which a team shares the vectors of its code."""

    url: str | None = option(
        "Where a Chroma server of your team's answers; empty for none. It is sent hashes of pieces "
        "of code, their vectors and the vectors of searches, never code or names of files. Unless "
        "it is on this machine, it has to be `https`.",
        restricted=True,
        own=True,
        form=r"(?:https?://\S{1,300})?",
        max_length=310,
    )
    key_env: str | None = option(
        "The environment variable that holds its key.",
        restricted=True,
        own=True,
        form=r"[A-Za-z0-9_]{0,80}",
    )
    key_file: str | None = option(
        "The file that holds its key, which you alone may read. Counts where `index.team.key_env` "
        "is empty.",
        restricted=True,
        own=True,
        is_path=True,
        max_length=4096,
    )
    tenant: str | None = option(
        "The tenant that the team has there.",
        restricted=True,
        own=True,
        form=r"[A-Za-z0-9_-]{3,64}",
    )
    database: str | None = option(
        "The database that the team has there.",
        restricted=True,
        own=True,
        form=r"[A-Za-z0-9_-]{3,64}",
    )
    share: bool | None = option(
        "Whether vectors that are computed here are put there. Else it is only asked.",
        restricted=True,
        own=True,
    )


@dataclass(frozen=True, kw_only=True)
class IndexOptions:
    """The index of a workspace: its code, found by words, names and meaning."""

    enabled: bool | None = option(
        "Keep an index of the workspace, in a process of its own and in Mirador's cache folder. "
        "Reviews show models the code that matters from it, and it can be searched.",
        restricted=True,
    )
    embedder: str | None = option(
        "What finds by meaning: `minilm` (`mirador models pull minilm`), a server's model as "
        "`NAME/MODEL`, or `none`. `auto` takes `minilm` where it is installed. A server's model "
        "is sent all of the code that is indexed.",
        restricted=True,
        own=True,
        form=r"auto|none|[a-z0-9-]{1,40}(?:/\S{1,120})?",
    )
    rerank: str | None = option(
        "A model of a server's for reranking, as `NAME/MODEL`, that puts the best 30 pieces of a "
        "search of yours in order; empty for none. It is sent those pieces and what was searched "
        "for, by its `/v1/rerank`.",
        restricted=True,
        own=True,
        form=r"(?:[a-z0-9-]{1,40}/\S{1,120})?",
    )
    max_file_kib: int | None = option(
        "Larger files are left out of the index.", unit="KiB", low=1, high=10_000, restricted=True
    )
    max_disk_mib: int | None = option(
        "What the index of one workspace may take on disk before what no file has any more is "
        "removed from it.",
        unit="MiB",
        low=16,
        high=1_000_000,
        restricted=True,
    )
    shared: str | None = option(
        "A folder of files, or a file, with vectors that were computed before (`mirador index "
        "export`), which is only read. Empty for none.",
        restricted=True,
        own=True,
        is_path=True,
        max_length=4096,
    )
    team: TeamOptions = TeamOptions()


@dataclass(frozen=True, kw_only=True)
class ServerOptions:
    """The language server."""

    log_level: str | None = option(
        "How much goes to the log.", choices=("error", "warning", "info", "debug")
    )
    review_on_open: bool | None = option("Review a file when it is opened.", narrows="smaller")
    review_on_save: bool | None = option("Review a file when it is saved.", narrows="smaller")
    code_lens: bool | None = option(
        "Show what can be done with a function or class, and its findings, above it."
    )
    explain_ahead: bool | None = option(
        "Explain the symbols around the cursor while nothing else is asked of the models, so that "
        "a hover can show it at once."
    )


@dataclass(frozen=True, kw_only=True)
class Options:
    """Everything one source said. None stands for what it did not say."""

    profile: str | None = option(
        "Defaults that suit a kind of machine: `none` runs no models, `embedded` those of this "
        "machine, `small-gpu` and `large-gpu` give servers' models more room. `auto` looks at the "
        "machine.",
        choices=("auto", "none", "embedded", "small-gpu", "large-gpu"),
        restricted=True,
    )
    review: ReviewOptions = ReviewOptions()
    stages: StagesOptions = StagesOptions()
    engine: EngineOptions = EngineOptions()
    analysis: AnalysisOptions = AnalysisOptions()
    models: ModelsOptions = ModelsOptions()
    index: IndexOptions = IndexOptions()
    server: ServerOptions = ServerOptions()
    answers: AnswersOptions = AnswersOptions()  # noqa: RUF009 — frozen, as all here are
    context: ContextOptions = ContextOptions()  # noqa: RUF009
    fix: FixOptions = FixOptions()  # noqa: RUF009
    history: HistoryOptions = HistoryOptions()  # noqa: RUF009
    forges: ForgesOptions = ForgesOptions()  # noqa: RUF009
    learning: LearningOptions = LearningOptions()  # noqa: RUF009
    metrics: MetricsOptions = MetricsOptions()  # noqa: RUF009
    store: StoreOptions = StoreOptions()  # noqa: RUF009
    actions: tuple[ActionOptions, ...] = ()
    """A list of tables. As a whole it is restricted: an action tells a model what to do."""
    servers: tuple[ModelServerOptions, ...] = ()
    """A list of tables. As a whole it is restricted: code is sent to a server."""
    chains: tuple[ChainOptions, ...] = ()
    """A list of tables. As a whole it is restricted: a chain chooses models and changes code."""
    rules: tuple[RuleOptions, ...] = ()
    """A list of tables. Those of a workspace that the user does not trust hide nothing about
    security."""
