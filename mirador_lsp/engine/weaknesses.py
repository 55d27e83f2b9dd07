"""The CWE number of a weakness that a model names in words.

A model is not asked for numbers: small ones give any. What it calls the weakness is looked up here,
so a number says no more than the message does.
"""

import re

_NAMES: tuple[tuple[str, str], ...] = (
    (r"sql[ -]?injection|inject\w* (?:into )?(?:the |an? )?(?:sql|quer)", "CWE-89"),
    (r"(?:os |shell )?command[ -]?injection|shell injection|shell ?= ?true", "CWE-78"),
    (r"path[ -]?traversal|directory[ -]?traversal|zip[ -]?slip", "CWE-22"),
    (r"cross[ -]?site[ -]?scripting|\bxss\b", "CWE-79"),
    (r"cross[ -]?site[ -]?request|\bcsrf\b", "CWE-352"),
    (r"server[ -]?side[ -]?request|\bssrf\b", "CWE-918"),
    (r"template[ -]?injection", "CWE-1336"),
    (r"ldap[ -]?injection", "CWE-90"),
    (r"xpath[ -]?injection", "CWE-643"),
    (r"header[ -]?injection|crlf", "CWE-113"),
    (r"log[ -]?injection|log forging", "CWE-117"),
    (r"code[ -]?injection|\b(?:eval|exec)\b", "CWE-95"),
    (r"deseriali[sz]|unpickl|\bpickle\b", "CWE-502"),
    (r"xml external|\bxxe\b", "CWE-611"),
    (r"open redirect", "CWE-601"),
    (r"hard[ -]?coded (?:\w+ ){0,2}(?:password|secret|credential|key|token)", "CWE-798"),
    (r"(?:weak|broken|insecure) (?:\w+ )?(?:hash|cipher|encryption|algorithm)", "CWE-327"),
    (r"\b(?:md5|sha-?1)\b", "CWE-327"),
    (r"(?:weak|insecure|predictable) random|not cryptographically", "CWE-330"),
    (r"certificate (?:is|are)? ?(?:not|never) (?:verified|checked)|verify ?= ?false", "CWE-295"),
    (r"prototype pollution", "CWE-1321"),
    (r"catastrophic backtracking|\bredos\b", "CWE-1333"),
    (r"buffer overflow", "CWE-120"),
    (r"use[ -]after[ -]free", "CWE-416"),
    (r"race condition|toctou", "CWE-362"),
    (r"(?:password|secret|token|credential)s? (?:is|are|gets?) (?:logged|printed)", "CWE-532"),
)
_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE), number) for pattern, number in _NAMES)


def weakness_in(message: str) -> str | None:
    """For "This is open to SQL injection" it is "CWE-89".

    None where no known weakness is named, and where two are.
    """
    found = {number for pattern, number in _PATTERNS if pattern.search(message)}
    return found.pop() if len(found) == 1 else None
