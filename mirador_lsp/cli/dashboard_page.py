"""The dashboard's page: one file that holds all it needs, its scripts and styles named by hash.

Whatever the data holds, a browser runs nothing but the one script of ours and asks nobody but the
server the page came from.
"""

import base64
import hashlib
import json
import re
from importlib import resources

from mirador_lsp.engine.figures.facts import Facts

_PLACES = re.compile(r"\{(policy|style|data|script)\}")


def page(facts: Facts) -> bytes:
    """The page with these figures in it; where they are `live`, it asks for newer ones."""
    style, script = _file("dashboard.css"), _file("dashboard.js")
    filling = {
        "policy": policy(live=facts.get("live") is True),
        "style": style,
        "data": data_text(facts),
        "script": script,
    }
    return _PLACES.sub(lambda place: filling[place[1]], _file("dashboard.html")).encode()


def policy(*, live: bool) -> str:
    """What the page may do: nothing but what its own script and style need."""
    parts = (
        "default-src 'none'",
        f"style-src '{_hash(_file('dashboard.css'))}'",
        f"script-src '{_hash(_file('dashboard.js'))}'",
        "img-src data:",
        "connect-src 'self'" if live else "connect-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    )
    return "; ".join(parts)


def data_text(facts: Facts) -> str:
    """Figures as JSON that can stand in a page: nothing in it ends a script or begins a tag."""
    text = json.dumps(facts, ensure_ascii=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _file(name: str) -> str:
    return (resources.files("mirador_lsp.cli") / "page" / name).read_text(encoding="utf-8")
