"""How an editor applies a workspace edit, written from the specification's words alone."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from mirador_lsp.core.text import Encoding

_CODECS = {
    Encoding.UTF8: ("utf-8", 1),
    Encoding.UTF16: ("utf-16-le", 2),
    Encoding.UTF32: ("utf-32-le", 4),
}


def applied(
    edit: Mapping[str, Any], texts: Mapping[str, str], encoding: Encoding = Encoding.UTF16
) -> dict[str, str]:
    """The texts by URI after a workspace edit as it came over the wire."""
    after = dict(texts)
    for uri, edits in (edit.get("changes") or {}).items():
        after[uri] = edited(after[uri], edits, encoding)
    for change in edit.get("documentChanges") or ():
        if change.get("kind") == "create":
            assert change["uri"] not in after, "it must not be there"
            after[change["uri"]] = ""
        else:
            uri = change["textDocument"]["uri"]
            after[uri] = edited(after[uri], change["edits"], encoding)
    return after


def edited(text: str, edits: Sequence[Mapping[str, Any]], encoding: Encoding) -> str:
    """`text` after text edits that all speak of it as it was, the last one made first."""
    codec, width = _CODECS[encoding]
    whole = text.encode(codec, "surrogatepass")
    places = []
    for edit in edits:
        start = _unit(text, edit["range"]["start"], codec, width)
        end = _unit(text, edit["range"]["end"], codec, width)
        places.append((start, end, edit["newText"]))
    for (_, end, _), (start, _, _) in pairwise(places):
        assert end <= start, "edits overlap"
    for start, end, new in reversed(places):
        whole = whole[:start] + new.encode(codec, "surrogatepass") + whole[end:]
    return whole.decode(codec, "surrogatepass")


def _unit(text: str, place: Mapping[str, int], codec: str, width: int) -> int:
    """The byte at which a position lies in the encoded text."""
    lines = re.split(r"(\r\n|\n|\r)", text)
    before = "".join(lines[: 2 * place["line"]]).encode(codec, "surrogatepass")
    line = lines[2 * place["line"]].encode(codec, "surrogatepass")
    assert place["character"] * width <= len(line), "a position beyond its line"
    return len(before) + place["character"] * width
