"""Which models of an Ollama run on somebody else's machine, though the server is on this one."""

from typing import Any


def cloud_host(tag: str, *told: Any) -> str:
    """Where the model runs, as far as its name and what is told of it show; "" for here."""
    for each in told:
        if isinstance(each, dict):
            host = str(each.get("remote_host") or each.get("remote_model") or "")
            if host:
                return host
    return tag if tag.endswith((":cloud", "-cloud")) else ""
