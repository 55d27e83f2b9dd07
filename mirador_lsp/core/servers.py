"""A server that runs models, as the user named it: settings read it, the models room reaches it."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ModelServer:
    """How to reach a server and how to use it."""

    name: str
    """What the user calls it; its models are called `NAME/MODEL`."""
    kind: str
    """"ollama", "openai" or "gemini"."""
    url: str
    key_env: str = ""
    """Name of the environment variable that holds its key; "" when it needs none."""
    key_file: str = ""
    """Absolute path of the file that holds its key where no variable does; "" for none."""
    models: tuple[str, ...] = ()
    """The only models that may be used; () stands for all, and with "gemini" for none."""
    context_tokens: int = 4096
    slots: int = 1
    """Requests it works on at the same time."""
    keep_alive: str = "10m"
    """How long Ollama keeps a model loaded after its last reply, as Ollama writes it."""
    allow_cloud: bool = False
    """Models may be used that an Ollama runs on somebody else's machine."""
    pins: tuple[str, ...] = ()
    """Versions that models must have: "MODEL=DIGEST" each."""
    judges: tuple[str, ...] = ()
    """Models that may judge."""


@dataclass(frozen=True, kw_only=True)
class TeamServer:
    """A Chroma server on which a team shares the vectors of its code."""

    url: str
    key_env: str = ""
    """Name of the environment variable that holds its key; "" when it needs none."""
    key_file: str = ""
    """Absolute path of the file that holds its key where no variable does; "" for none."""
    tenant: str = "default_tenant"
    database: str = "default_database"
    share: bool = True
    """Whether vectors that were computed here are put there."""
