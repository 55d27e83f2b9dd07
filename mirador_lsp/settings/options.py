"""The wire form of the settings: what a file, an editor or the environment may say.

Every field is optional and carries its own documentation, limits and restrictions; the checks in
`check.py`, `docs/settings.md` and the JSON schema are all derived from here. The defaults are in
`settings.py`.
"""

from dataclasses import dataclass, field
from typing import Any

from mirador_lsp.core.findings import Lens
from mirador_lsp.core.policy import STAGES


@dataclass(frozen=True, kw_only=True)
class Option:
    """What is known of one setting besides its name, its type and its default."""

    doc: str
    """The documentation users read. Plain sentences, Markdown code spans allowed."""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    """The only values; for a list, the only items."""
    narrows: str = ""
    """When a value makes a review look at less or show less: "smaller", "larger", "fewer" items of
    a list, or "" for never."""
    restricted: bool = False
    """An untrusted workspace file may not set it: it chooses what runs, or where files lie."""
    is_path: bool = False
    """Text that names a file or folder; relative to the folder of the file that says it."""
    many_lines: bool = False
    """Text that may hold line ends."""
    form: str = ""
    """A regular expression that the whole text has to match."""
    may_be_empty: bool = False
    """A list that may name nothing."""
    repeats: bool = False
    """A list whose items keep their number: the words of a command."""
    max_length: int = 200
    """Code points of a text or of an item of a list."""


SERVER_KINDS = ("ollama", "openai")
EDITABLE = ("nothing", "selection", "symbol", "file")
"""What an action of the user's own may change."""

OPTION = "option"
"""Under this name a field's metadata holds its `Option`."""


def _option(doc: str, **facts: Any) -> Any:
    return field(default=None, metadata={OPTION: Option(doc=doc, **facts)})


@dataclass(frozen=True, kw_only=True)
class ReviewOptions:
    """What a review looks at and how much of it is shown."""

    stages: tuple[str, ...] | None = _option(
        "The stages to run. `instant` needs no model; the others ask one. Empty leaves the choice "
        "to Mirador: all of them or, when a file is saved after a small change, fewer.",
        choices=STAGES,
        narrows="fewer",
        may_be_empty=True,
    )
    lenses: tuple[str, ...] | None = _option(
        "The angles from which code is looked at.",
        choices=tuple(Lens),
        narrows="fewer",
    )
    gate: float | None = _option(
        "Findings with a lower confidence are withheld: counted, and shown only on request.",
        low=0,
        high=1,
        narrows="larger",
    )
    max_findings_per_reply: int | None = _option(
        "Findings a model may report about one function under one lens.",
        low=1,
        high=20,
        narrows="smaller",
    )
    max_findings_per_file: int | None = _option(
        "Findings shown for one file, the worst first; the rest is counted.",
        low=1,
        high=1000,
        narrows="smaller",
    )
    max_model_bytes: int | None = _option(
        "Larger files are looked at by analyzers only, and it is said.",
        unit="bytes",
        low=1_000,
        high=10_000_000,
        narrows="smaller",
    )
    max_line_length: int | None = _option(
        "Files with a longer line (minified code) are looked at by analyzers only.",
        unit="characters",
        low=100,
        high=1_000_000,
        narrows="smaller",
    )


@dataclass(frozen=True, kw_only=True)
class StageOptions:
    """How one model stage runs."""

    models: tuple[str, ...] | None = _option(
        "Models in order of preference (`mirador models list` names them). The first that is "
        "installed runs; the next ones stand in when it fails. Empty leaves the choice to Mirador.",
        restricted=True,
        may_be_empty=True,
    )
    max_tokens: int | None = _option(
        "Length of one reply at most.",
        unit="tokens",
        low=16,
        high=4096,
        narrows="smaller",
    )
    temperature: float | None = _option(
        "How freely the model chooses its words. 0 gives the same answer each time.", low=0, high=2
    )
    seconds: float | None = _option(
        "Time for the stage on one file. What is not reached by then is reported as not reviewed.",
        unit="seconds",
        low=1,
        high=3600,
        narrows="smaller",
    )
    confidence: float | None = _option(
        "The highest confidence a finding of this stage can have by itself.",
        low=0,
        high=1,
        narrows="smaller",
    )
    instructions: str | None = _option(
        "Standing instructions of your own, appended to Mirador's.",
        restricted=True,
        many_lines=True,
        max_length=4000,
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

    backend: str | None = _option(
        "`embedded` runs models in a process of Mirador's own; `scripted` plays back a file and "
        "is meant for tests.",
        choices=("embedded", "scripted"),
        restricted=True,
    )
    script: str | None = _option(
        "The file the scripted backend plays back.", restricted=True, is_path=True, max_length=4096
    )
    threads: int | None = _option(
        "Processor threads a model computes with. 0 leaves the choice to Mirador.",
        low=0,
        high=1024,
        restricted=True,
    )
    context_tokens: int | None = _option(
        "How much text a model sees at once. More needs more memory.",
        unit="tokens",
        low=512,
        high=131_072,
        restricted=True,
    )
    idle_seconds: float | None = _option(
        "When nobody has asked a model for this long, the engine ends and its memory is free.",
        unit="seconds",
        low=1,
        high=86_400,
        restricted=True,
    )
    cache_ram_mib: int | None = _option(
        "Memory for what models have already read. 0 turns this cache off.",
        unit="MiB",
        low=0,
        high=65_536,
        restricted=True,
    )
    cache_disk_mib: int | None = _option(
        "The same on disk, kept between starts. 0 turns this cache off.",
        unit="MiB",
        low=0,
        high=1_048_576,
        restricted=True,
    )
    resident_models: int | None = _option(
        "Models kept in memory at once, as far as they fit. The one that was not used for longest "
        "goes first.",
        low=1,
        high=16,
        restricted=True,
    )
    prewarm: bool | None = _option(
        "Load the model of the quick stage when the server starts, and let it read the code around "
        "the cursor while all is quiet. Not on battery.",
        restricted=True,
    )


@dataclass(frozen=True, kw_only=True)
class AnalysisOptions:
    """The analyzers of the instant stage."""

    ruff: bool | None = _option("Look at Python with ruff.", narrows="smaller")
    rules: bool | None = _option(
        "Look at every language with Mirador's own rules.", narrows="smaller"
    )
    parse_seconds: float | None = _option(
        "Time to parse one file. A file that takes longer is reviewed without its outline.",
        unit="seconds",
        low=0.01,
        high=10,
        narrows="smaller",
    )


@dataclass(frozen=True, kw_only=True)
class ModelsOptions:
    """Where model files lie."""

    folder: str | None = _option(
        "The folder of the model files. Empty means `models` in Mirador's cache folder.",
        restricted=True,
        is_path=True,
        max_length=4096,
    )


@dataclass(frozen=True, kw_only=True)
class ServerOptions:
    """The language server."""

    log_level: str | None = _option(
        "How much goes to the log.", choices=("error", "warning", "info", "debug")
    )
    review_on_open: bool | None = _option("Review a file when it is opened.", narrows="smaller")
    review_on_save: bool | None = _option("Review a file when it is saved.", narrows="smaller")
    code_lens: bool | None = _option(
        "Show what can be done with a function or class, and its findings, above it."
    )
    explain_ahead: bool | None = _option(
        "Explain the symbols around the cursor while nothing else is asked of the models, so that "
        "a hover can show it at once."
    )


@dataclass(frozen=True, kw_only=True)
class AnswersOptions:
    """Explanations and answers to questions."""

    max_tokens: int | None = _option(
        "Length of one stage's answer at most.", unit="tokens", low=32, high=4096
    )
    seconds: float | None = _option(
        "Time for one stage's answer. What has been said by then is kept.",
        unit="seconds",
        low=1,
        high=3600,
    )


@dataclass(frozen=True, kw_only=True)
class FixOptions:
    """How far a fix is checked before it is offered."""

    tests: tuple[str, ...] | None = _option(
        "The command that runs the project's tests, word by word: "
        '`["python", "-m", "pytest", "-q"]`. It runs without a shell, and only in a workspace '
        "whose settings file you trust: tests are code of the workspace's. Empty means that no "
        "tests run.",
        restricted=True,
        may_be_empty=True,
        repeats=True,
        max_length=1000,
    )
    test_seconds: float | None = _option(
        "Time for one run of the tests. A run that takes longer has failed.",
        unit="seconds",
        low=1,
        high=3600,
    )
    repairs: int | None = _option(
        "Further attempts at a fix that failed a check, each told what failed.", low=0, high=5
    )


@dataclass(frozen=True, kw_only=True)
class ActionOptions:
    """An action of your own, offered among the editor's code actions."""

    name: str | None = _option(
        "What commands call it. No two actions share a name; one of a stronger source replaces "
        "that of a weaker one.",
        form=r"[a-z0-9-]{1,40}",
    )
    title: str | None = _option("What the editor shows.", max_length=80)
    prompt: str | None = _option(
        "A Markdown or text file, 16 KiB at most, that says what the model is to do. It is read "
        "each time the action runs.",
        is_path=True,
        max_length=4096,
    )
    languages: tuple[str, ...] | None = _option(
        "Languages in which it is offered, as editors name them (`python`, `typescriptreact`). "
        "Empty means all.",
        may_be_empty=True,
        form=r"[A-Za-z0-9_+#.-]{1,40}",
    )
    edits: str | None = _option(
        "What it may change. `nothing` makes it answer in words.", choices=EDITABLE
    )


@dataclass(frozen=True, kw_only=True)
class ModelServerOptions:
    """A server that runs models, besides the embedded engine."""

    name: str | None = _option(
        "What you call it. Its models are called `NAME/MODEL`; one of a stronger source replaces "
        "that of a weaker one.",
        form=r"[a-z0-9-]{1,40}",
    )
    kind: str | None = _option(
        "What it speaks: `ollama`, or `openai` for llama.cpp's own server, vLLM, LM Studio, "
        "LiteLLM and others.",
        choices=SERVER_KINDS,
    )
    url: str | None = _option(
        "Where it listens. Unless that is on this machine, the code that models read leaves it.",
        form=r"https?://\S{1,300}",
        max_length=310,
    )
    key_env: str | None = _option(
        "The environment variable that holds its key. Empty when it needs none.",
        form=r"[A-Za-z0-9_]{0,80}",
        may_be_empty=True,
    )
    context_tokens: int | None = _option(
        "How much text its models see at once, at most. Ollama loads a model anew when it changes.",
        unit="tokens",
        low=512,
        high=131_072,
    )
    slots: int | None = _option(
        "Requests it works on at the same time. More are not sent to it.", low=1, high=64
    )
    keep_alive: str | None = _option(
        "How long Ollama keeps a model loaded after its last reply.",
        form=r"-1|[0-9]{1,6}(?:ms|s|m|h)",
    )
    allow_cloud: bool | None = _option(
        "Whether models may be used that Ollama runs on somebody else's machine. Their names end "
        "in `cloud`."
    )
    pins: tuple[str, ...] | None = _option(
        "Versions that models must have, as `MODEL=DIGEST` (`ollama list` shows digests).",
        may_be_empty=True,
        form=r"\S{1,120}=(?:sha256:)?[0-9a-f]{64}",
    )
    judges: tuple[str, ...] | None = _option(
        "Models that may judge what others found. Small ones guess.",
        may_be_empty=True,
    )


@dataclass(frozen=True, kw_only=True)
class Options:
    """Everything one source said. None stands for what it did not say."""

    review: ReviewOptions = ReviewOptions()
    stages: StagesOptions = StagesOptions()
    engine: EngineOptions = EngineOptions()
    analysis: AnalysisOptions = AnalysisOptions()
    models: ModelsOptions = ModelsOptions()
    server: ServerOptions = ServerOptions()
    answers: AnswersOptions = AnswersOptions()
    fix: FixOptions = FixOptions()
    actions: tuple[ActionOptions, ...] = ()
    """A list of tables. As a whole it is restricted: an action tells a model what to do."""
    servers: tuple[ModelServerOptions, ...] = ()
    """A list of tables. As a whole it is restricted: code is sent to a server."""
