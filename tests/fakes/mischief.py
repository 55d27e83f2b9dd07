"""A client that asks everything there is to ask, rightly and wrongly, from one seed.

What can be asked is taken from the server's own tables, so a new method or command is asked for as
soon as it is there.
"""

import json
import random
import types as builtin
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import attrs
from lsprotocol import types

from mirador_lsp.server.features.commands import COMMANDS
from mirador_lsp.server.wiring import FEATURES

ENDS = frozenset({types.SHUTDOWN, types.EXIT})
"""What ends the session and is therefore left out."""
RARE = frozenset(
    {
        "mirador.restartModels",
        "mirador.doctor",
        "mirador.printDebugInformation",
        "mirador.reviewWorkspace",
        "mirador.reviewMyChanges",
        "mirador.status",
    }
)
"""Commands that look at the whole machine or workspace: asked for less often."""
NUMBERS = (-1, 0, 1, 2, 3, 7, 40, 2**31 - 1, 2**31, 2**63, 10**30, -(2**40))
WORDS = ("", "x", "source.fixAll", "quickfix", "é😀", "a\u202e\x1b[31m\n", "mirador", "file:///")
_DEEP = 60
_MOST = 3
"""Items of a made-up list."""


def requests() -> list[str]:
    """Every method that wants an answer, but for what ends the session."""
    return [m for m, _ in FEATURES if m not in ENDS and _wants_answer(m)]


def notifications() -> list[str]:
    """Every method that wants none."""
    return [m for m, _ in FEATURES if m not in ENDS and not _wants_answer(m)]


@dataclass
class Mischief:
    """Makes messages. The same seed makes the same ones, as far as the server answers the same."""

    seed: int
    uris: Sequence[str]
    """Documents to speak of; some are open and some are not."""
    known: list[str] = field(default_factory=list)
    """Ids of findings, as the server published them."""
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)  # noqa: S311 — mischief, not secrets

    def request(self) -> tuple[str, Any]:
        """A method and parameters, of which some fit."""
        if self.chance(0.05):
            return self.rng.choice(("no/such", "", "textDocument/😀", "mirador/")), self.junk()
        method = self.rng.choice(requests())
        return method, self.spoilt(self.params(method))

    def notification(self) -> tuple[str, Any]:
        """A method and parameters, of which most fit."""
        method = self.rng.choice([*notifications(), types.PROGRESS, "$/unknown"])
        params = self.params(method)
        return method, self.spoilt(params) if self.chance(0.3) else params

    def params(self, method: str) -> Any:
        """Parameters that fit the method."""
        if method == types.WORKSPACE_EXECUTE_COMMAND:
            return {"command": self._command(), "arguments": self._arguments()}
        if method in types.METHOD_TO_TYPES:
            made = self._made(types.METHOD_TO_TYPES[method][2], ())
            return made if made != {} or self.chance(0.5) else None
        return {"textDocument": {"uri": self.uri()}, **self._about(), **self._tokens()}

    def answer(self, question: Mapping[str, Any]) -> list[dict[str, Any]]:
        """What the client answers to a question of the server's: nothing, once or twice."""
        good: dict[str, Any] = {
            types.WORKSPACE_CONFIGURATION: [None],
            types.WORKSPACE_APPLY_EDIT: {"applied": self.chance(0.5)},
            types.WINDOW_SHOW_DOCUMENT: {"success": self.chance(0.5)},
            "mirador/checkDiagnostics": {"asked": True, "worse": []},
        }
        replies = [
            {"result": good.get(str(question["method"]))},
            {"result": self.junk()},
            {"error": {"code": -32603, "message": "no"}},
            {"error": self.junk()},
        ]
        times = self.rng.choice((1, 1, 1, 1, 0, 2))
        weights = (12, 1, 1, 1)
        return [{"id": question["id"], **self._pick(replies, weights)} for _ in range(times)]

    def uri(self) -> str:
        """A document, or something that is none."""
        odd = ("", "x", "file:///nowhere.py", "untitled:1", "mirador:/explain/1.md", "file://h/%00")
        return self.rng.choice(self.uris if self.chance(0.85) else odd)

    def junk(self, depth: int = 0) -> Any:
        """Any JSON at all."""
        deep: Any = []
        for _ in range(_DEEP):
            deep = [deep] if self.chance(0.5) else {"a": deep}
        kinds: list[Callable[[], Any]] = [
            lambda: None,
            lambda: self.chance(0.5),
            lambda: self.rng.choice(NUMBERS),
            lambda: self.rng.choice((0.5, 1e300, float("nan"), float("inf"))),
            lambda: self.rng.choice(WORDS),
            lambda: "long" * 3000,
            lambda: deep,
            list,
            dict,
        ]
        if depth < 2:
            kinds += [
                lambda: [self.junk(depth + 1) for _ in range(self.rng.randrange(_MOST))],
                lambda: {self.rng.choice(WORDS): self.junk(depth + 1)},
            ]
        return self.rng.choice(kinds)()

    def spoilt(self, params: Any) -> Any:
        """`params` as they are, or with some of them replaced, removed or wrapped."""
        if self.chance(0.45):
            return params
        if self.chance(0.1):
            return self.junk()
        copy = json.loads(json.dumps(params))
        for _ in range(self.rng.randrange(1, 4)):
            copy = self._spoil_one(copy)
        return copy

    def chance(self, probability: float) -> bool:
        """Yes with this probability."""
        return self.rng.random() < probability

    def _spoil_one(self, value: Any) -> Any:
        places = [path for path in _places(value) if path]
        if not places:
            return self.junk()
        *above, last = self.rng.choice(places)
        holder = value
        for step in above:
            holder = holder[step]
        what = self.rng.randrange(4)
        if what == 0:
            del holder[last]
        elif what == 1:
            holder[last] = {"x": holder[last]} if self.chance(0.5) else [holder[last]]
        else:
            holder[last] = self.junk()
        return value

    def _command(self) -> str:
        weights = [0.05 if name in RARE else 1 for name in COMMANDS]
        return self._pick([*COMMANDS, "mirador.noSuch", "x"], [*weights, 0.2, 0.2])

    def _arguments(self) -> list[Any]:
        argument: Any = {"uri": self.uri(), **self._about()}
        if self.chance(0.1):
            argument = self.uri()
        return [argument] * self.rng.choice((1, 1, 1, 1, 0, 2))

    def _about(self) -> dict[str, Any]:
        """What commands and requests of our own may be told besides the document."""
        everything: dict[str, Callable[[], Any]] = {
            "range": lambda: self._made(types.Range, ()),
            "position": lambda: self._made(types.Position, ()),
            "findingId": lambda: self.rng.choice([*self.known, "0" * 16, ""]),
            "question": lambda: self.rng.choice(("Why?", *WORDS)),
            "conversation": lambda: self.rng.choice(WORDS),
            "reason": lambda: self.rng.choice(("false alarm", *WORDS)),
            "name": lambda: self.rng.choice(("sum-up", "shorten", *WORDS)),
            "stages": lambda: self.rng.choice((["instant"], ["quick"], ["deep"], ["x"], [])),
            "lenses": lambda: self.rng.choice((["bug"], ["style", "bug"], ["x"], [])),
            "symbol": lambda: self.rng.choice(("mean", "run", *WORDS)),
        }
        return {name: make() for name, make in everything.items() if self.chance(0.4)}

    def _tokens(self) -> dict[str, Any]:
        names = ("partialResultToken", "workDoneToken")
        return {name: self.rng.choice((1, "t", "u")) for name in names if self.chance(0.3)}

    def _made(self, hint: Any, path: tuple[str, ...]) -> Any:
        """A value of a type of LSP; by the name of its field where the name says more."""
        name = path[-1] if path else ""
        if name == "uri":
            return self.uri()
        if name in {"line", "character", "version"}:
            return self.rng.choice(NUMBERS[1:7] if self.chance(0.8) else NUMBERS)
        if isinstance(hint, type) and attrs.has(hint):
            return self._object(hint, path)
        if isinstance(hint, type) and issubclass(hint, Enum):
            return self.rng.choice(list(hint)).value
        return self._plain(hint) if typing.get_origin(hint) is None else self._several(hint, path)

    def _several(self, hint: Any, path: tuple[str, ...]) -> Any:
        """A value of a union, a literal, a list or a mapping."""
        origin, inner = typing.get_origin(hint), typing.get_args(hint)
        if origin in (typing.Union, builtin.UnionType):
            kinds = [kind for kind in inner if kind is not type(None)]
            left_out = len(kinds) < len(inner) and (self.chance(0.5) or len(path) > _MOST)
            return None if left_out else self._made(self.rng.choice(kinds), path)
        if origin is typing.Literal:
            return self.rng.choice(inner)
        if issubclass(origin, Mapping):
            return {self.uri(): self._made(inner[1], path)} if len(path) < _MOST else {}
        count = self.rng.randrange(_MOST) if len(path) < _MOST + 1 else 0
        return [self._made(inner[0], path) for _ in range(count)]

    def _object(self, hint: type, path: tuple[str, ...]) -> dict[str, Any]:
        hints = typing.get_type_hints(hint)
        made = {
            _camel(one.name): self._made(hints[one.name], (*path, one.name))
            for one in attrs.fields(hint)
        }
        return {name: value for name, value in made.items() if value is not None}

    def _plain(self, hint: Any) -> Any:
        simple: dict[Any, Callable[[], Any]] = {
            str: lambda: self.rng.choice(WORDS),
            int: lambda: self.rng.choice(NUMBERS[:7]),
            bool: lambda: self.chance(0.5),
            float: lambda: 0.5,
        }
        return simple[hint]() if hint in simple else self.junk(2)

    def _pick(self, choices: Sequence[Any], weights: Sequence[float]) -> Any:
        return self.rng.choices(choices, weights)[0]


def _wants_answer(method: str) -> bool:
    known = types.METHOD_TO_TYPES.get(method)
    return known is None or any(one.name == "id" for one in attrs.fields(known[0]))


def _places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value inside a JSON value, itself included."""
    steps: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        steps = value.items()
    elif isinstance(value, list):
        steps = enumerate(value)
    return [at, *(path for step, inner in steps for path in _places(inner, (*at, step)))]


def _camel(name: str) -> str:
    first, *rest = name.rstrip("_").split("_")
    return first + "".join(part.capitalize() for part in rest)
