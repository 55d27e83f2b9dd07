"""The wire form of the settings that are lists of tables."""

from dataclasses import dataclass

from mirador_lsp.settings.option import option

SERVER_KINDS = ("ollama", "openai", "gemini")
OWN_KINDS = frozenset({"gemini"})
"""Kinds of servers that only the user's own settings file names: they are somebody else's."""
EDITABLE = ("nothing", "selection", "symbol", "file")
"""What an action of the user's own may change."""


@dataclass(frozen=True, kw_only=True)
class ActionOptions:
    """An action of your own, offered among the editor's code actions."""

    name: str | None = option(
        "What commands call it. No two actions share a name; one of a stronger source replaces "
        "that of a weaker one.",
        form=r"[a-z0-9-]{1,40}",
    )
    title: str | None = option("What the editor shows.", max_length=80)
    prompt: str | None = option(
        "A Markdown or text file, 16 KiB at most, that says what the model is to do. It is read "
        "each time the action runs.",
        is_path=True,
        max_length=4096,
    )
    languages: tuple[str, ...] | None = option(
        "Languages in which it is offered, as editors name them (`python`, `typescriptreact`). "
        "Empty means all.",
        may_be_empty=True,
        form=r"[A-Za-z0-9_+#.-]{1,40}",
    )
    edits: str | None = option(
        "What it may change. `nothing` makes it answer in words.", choices=EDITABLE
    )


@dataclass(frozen=True, kw_only=True)
class ModelServerOptions:
    """A server that runs models, besides the embedded engine."""

    name: str | None = option(
        "What you call it. Its models are called `NAME/MODEL`; one of a stronger source replaces "
        "that of a weaker one.",
        form=r"[a-z0-9-]{1,40}",
    )
    kind: str | None = option(
        "What it speaks: `ollama`, or `openai` for llama.cpp's own server, vLLM, LM Studio, "
        "LiteLLM and others. `gemini` is Google's service: whatever its models are asked, your "
        "code included, leaves your machine. It is named in your own settings file only.",
        choices=SERVER_KINDS,
    )
    url: str | None = option(
        "Where it listens. Unless that is on this machine, the code that models read leaves it.",
        form=r"https?://\S{1,300}",
        max_length=310,
    )
    key_env: str | None = option(
        "The environment variable that holds its key. Empty when it needs none.",
        form=r"[A-Za-z0-9_]{0,80}",
        may_be_empty=True,
    )
    key_file: str | None = option(
        "The file that holds its key, which you alone may read. Counts where `key_env` is empty.",
        is_path=True,
        may_be_empty=True,
        max_length=4096,
    )
    models: tuple[str, ...] | None = option(
        "The only models that may be used, as the server calls them. Empty means all and, with "
        "`gemini`, none.",
        may_be_empty=True,
        form=r"\S{1,120}",
    )
    context_tokens: int | None = option(
        "How much text its models see at once, at most. Ollama loads a model anew when it changes.",
        unit="tokens",
        low=512,
        high=131_072,
    )
    slots: int | None = option(
        "Requests it works on at the same time. More are not sent to it.", low=1, high=64
    )
    keep_alive: str | None = option(
        "How long Ollama keeps a model loaded after its last reply.",
        form=r"-1|[0-9]{1,6}(?:ms|s|m|h)",
    )
    allow_cloud: bool | None = option(
        "Whether models may be used that Ollama runs on somebody else's machine. Their names end "
        "in `cloud`."
    )
    pins: tuple[str, ...] | None = option(
        "Versions that models must have, as `MODEL=DIGEST` (`mirador models list --json` shows "
        "digests).",
        may_be_empty=True,
        form=r"\S{1,120}=(?:sha256:)?[0-9a-f]{64}",
    )
    judges: tuple[str, ...] | None = option(
        "Models that may judge what others found. Small ones guess.",
        may_be_empty=True,
    )
