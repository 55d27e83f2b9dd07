"""What a model is asked when it documents a definition, and how its answer is read.

Which lines the answer has is decided by facts of the code: its parameters, whether it gives a
value, which errors it raises. The model writes only the words after each label.
"""

import re
from dataclasses import dataclass

from mirador_lsp.core.clean import plain
from mirador_lsp.core.dialogue import Constraint
from mirador_lsp.engine.changes.rewriting import Refused
from mirador_lsp.syntax.doc_layouts import Documentation, sentence
from mirador_lsp.syntax.signatures import Signature

_SUMMARY = "Summary"
_RETURNS = "Returns"
_LONGEST = 180
"""Characters of one answer line."""
_LABELLED = re.compile(
    r"^[\s\-*#/\"']*(?:(?:@?param|:param|raises|throws|@throws)\s+)?[`*]*([$\w.:\\]+)[`*]*\s*"
    r"(?:\([^()]*\)\s*)?:\s*(\S.*)$",
    re.IGNORECASE,
)
_SENTENCES = re.compile(r"(?<=[^.\s]{2}[.!?])\s+(?=[A-Z`])")
_ECHOES = frozenset(("what it does", "what it means", "what it returns", "if what is wrong"))
_SECTIONS = frozenset(("args", "arguments", "parameters", "raises", "example", "examples", "note"))


@dataclass(frozen=True)
class Described:
    """A model's answer, as far as it holds."""

    doc: Documentation
    dropped: tuple[str, ...]
    """Names it spoke of that are no parameters and no errors of the code."""


def form_of(signature: Signature) -> str:
    """The lines of the answer, each with what belongs there."""
    lines = [f"{_SUMMARY}: what it does"]
    lines += [f"{name}: what it means" for name in signature.parameters]
    lines += [f"{_RETURNS}: what it returns"] if signature.gives else []
    lines += [f"{name}: if what is wrong" for name in signature.errors]
    return "\n".join(lines)


def answer_form(signature: Signature) -> Constraint:
    """Answers with exactly the lines of `form_of`."""
    starts = [
        f"{_SUMMARY}: ",
        *(f"{name}: " for name in signature.parameters),
        *([f"{_RETURNS}: "] if signature.gives else []),
        *(f"{name}: if " for name in signature.errors),
    ]
    rows = " ".join(f'"{_escaped(start)}" words' for start in starts)
    # One sentence each, for what small models say in a second one is often made up. A dot therefore
    # stands only at the end, or in code.
    words = f'[A-Za-z0-9$_] item{{2,{_LONGEST}}} "."? "\\n"'
    item = '[^.`\\n] | "`" [^`\\n]{1,40} "`"'
    return Constraint(gbnf=f"root ::= {rows}\nwords ::= {words}\nitem ::= {item}\n")


def read_answer(name: str, reply: str, signature: Signature) -> Described:
    """The documentation in a reply. Raises `Refused` when it says nothing of the definition."""
    said: dict[str, str] = {}
    dropped: list[str] = []
    known = {
        label.lstrip("$").lower(): label
        for label in (*signature.parameters, *signature.errors, _SUMMARY, _RETURNS)
    }
    for line in reply.splitlines():
        match = _LABELLED.match(line)
        if match is None:
            if _SUMMARY not in said and (words := _first_words(line)):
                said[_SUMMARY] = words
            continue
        label = match[1].lstrip("$").lower()
        label = "returns" if label == "return" else label
        if label in known:
            said.setdefault(known[label], _one_sentence(match[2]))
        elif label not in _SECTIONS and label != "returns":
            dropped.append(plain(match[1], 40))
    if not said.get(_SUMMARY):
        message = "The reply does not say what it does."
        raise Refused(message)
    doc = Documentation(
        name=name,
        summary=said[_SUMMARY],
        parameters=tuple((n, said[n]) for n in signature.parameters if said.get(n)),
        returns=said.get(_RETURNS, "") if signature.gives else "",
        errors=tuple((n, said[n]) for n in signature.errors if said.get(n)),
    )
    return Described(doc, tuple(dict.fromkeys(dropped)))


def _first_words(line: str) -> str:
    """A line without a label, when it can be the summary."""
    bare = line.strip()
    if bare.startswith(("```", "~~~", "/*", "*/")) or bare in {'"""', "'''"}:
        return ""
    return _one_sentence(bare)


def _one_sentence(words: str) -> str:
    """The first sentence; of one that was cut at the limit what comes before its last comma."""
    line = _SENTENCES.split(words.strip(), maxsplit=1)[0]
    if len(line) >= _LONGEST and not line.endswith((".", "!", "?")):
        line = line[: max(line.rfind(", "), line.rfind("; "), 0)]
    return "" if line.lower().rstrip(".") in _ECHOES else sentence(line)


def _escaped(label: str) -> str:
    return label.replace("\\", "\\\\").replace('"', '\\"')
