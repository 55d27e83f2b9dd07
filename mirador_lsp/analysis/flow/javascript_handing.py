"""Functions of JavaScript that are handed on: who calls them, and with what."""

from collections import Counter
from collections.abc import Sequence

from mirador_lsp.analysis.flow.contract import Budget, Knowledge, Modules, Sink, Source, Strength
from mirador_lsp.analysis.flow.evaluate import Given
from mirador_lsp.analysis.flow.heap import join_states
from mirador_lsp.analysis.flow.javascript_evaluation import JavaScriptEvaluation
from mirador_lsp.analysis.flow.values import (
    ALL_KINDS,
    UNKNOWN,
    Bound,
    Closure,
    External,
    Trace,
    Value,
    tainted,
    with_traces,
)
from mirador_lsp.core.text import Span
from mirador_lsp.syntax import expressions as ir

ANSWERS = frozenset(
    {
        *("res", "response", "reply", "resp", "next", "err", "error", "done", "callback", "cb"),
        *("resolve", "reject", "_", "__", "_res", "_next", "e"),
    }
)
"""Parameters by whose names a framework gives what is not from outside."""
_LISTENING = frozenset({"on", "once", "addListener", "addEventListener", "subscribe"})
_SENDING = frozenset({"send", "write", "end"})
_ANSWER = "<answer>"
"""The full name of what a handler answers with."""
_CALLED_SO = frozenset({"res", "response", "reply", "resp", "_res", "_response"})
"""What answers are called where nobody sees who gives them."""
_WITH_ERRORS = 4
"""Parameters of a handler whose first one is an error."""
REQUESTS = frozenset({"req", "request", "_req"})


class JavaScriptHanding(JavaScriptEvaluation):
    """Calls functions that somebody else was given."""

    def __init__(
        self, knowledge: Knowledge, budget: Budget, modules: Modules | None, language: str
    ) -> None:
        super().__init__(knowledge, budget, modules, language)
        self.runs: Counter[int] = Counter()
        """How often each function was run, by identity."""
        self._listeners: dict[str, list[tuple[Closure, Value | None]]] = {}
        """What waits for an event, by its name."""
        self.known_as = ""
        """The full name of the method that is called, where its receiver is known by its data."""
        self._called: ir.Expression | None = None
        """What is called now, as it is written."""

    def inline(
        self, closure: Closure, given: Sequence[Given], receiver: Value | None, span: Span
    ) -> Value:
        """See `Calling`."""
        self.runs[id(closure.function)] += 1
        return super().inline(closure, given, receiver, span)

    def _sunk(
        self,
        sink: Sink,
        name: str,
        receiver: Value | None,
        given: Sequence[Given],
        span: Span,
    ) -> None:
        # Sockets and streams are written to as well, but no browser shows that as a page.
        sends = sink.kind == "xss" and name.rpartition(".")[2] in _SENDING
        if not sends or self._is_answer(name, receiver):
            super()._sunk(sink, name, receiver, given, span)

    def _is_answer(self, name: str, receiver: Value | None) -> bool:
        """Whether what is sent goes to a browser. By its name alone only where nobody knows whose
        it is.
        """
        first, dot, _ = (name if "." in name else self.known_as or name).partition(".")
        if dot:
            return first == _ANSWER or first in _CALLED_SO or self.knowledge.of(name) is not None
        known = receiver is None or receiver.refs or receiver.known
        return not known and _is_called_so(self._called)

    # Functions that are handed on

    def _hand(
        self,
        called: ir.Expression,
        function: Value,
        given: Sequence[Given],
        value: Value,
        before: "Counter[int]",
    ) -> None:
        """Whoever takes a function and did not call it may do so later."""
        names = sorted({e.name for e in function.targets if isinstance(e, External)})
        names.append(self._dotted(called))
        outside = self.knowledge.entry([name for name in names if name], [])
        brought = with_traces(value, function.traces).traces
        for each in given:
            for closure, receiver in _handed_on(each.value):
                self._listen(called, given, closure, receiver)
                if self.runs[id(closure.function)] == before[id(closure.function)]:
                    source = outside or self.handler_of(closure)
                    self._maybe_call(closure, self._handed(closure, source, brought), receiver)

    def _listen(
        self,
        called: ir.Expression,
        given: Sequence[Given],
        closure: Closure,
        receiver: Value | None,
    ) -> None:
        event = given[0].value.constant
        if event is not None and isinstance(called, ir.Attribute) and called.name in _LISTENING:
            waiting = self._listeners.setdefault(str(event.value), [])
            if all(each.function is not closure.function for each, _ in waiting):
                waiting.append((closure, receiver))

    def _emit(self, called: ir.Expression, given: Sequence[Given]) -> None:
        """`emitter.emit("event", data)`: whoever listens gets the data."""
        event = given[0].value.constant if given else None
        if event is None or not isinstance(called, ir.Attribute) or called.name != "emit":
            return
        for closure, receiver in self._listeners.get(str(event.value), ()):
            self._maybe_call(closure, given[1:], receiver)

    def _maybe_call(
        self, closure: Closure, given: Sequence[Given], receiver: Value | None
    ) -> Value:
        before = self.forked()
        made = self.inline(closure, given, receiver, closure.function.span)
        self.state = join_states(before, self.state)
        return made

    def _handed(
        self, closure: Closure, outside: Source | None, brought: Sequence[Trace]
    ) -> list[Given]:
        given: list[Given] = []
        place = outside.answer if outside is not None else None
        if place is not None and len(closure.function.parameters) == _WITH_ERRORS:
            place += 1
        for at, parameter in enumerate(closure.function.parameters):
            if at == place:
                answer = Value(targets=frozenset({External(_ANSWER)}), open=True)
                given.append(Given(answer, parameter.span))
                continue
            value = UNKNOWN
            alone = outside is not None and len(closure.function.parameters) == 1
            if alone or parameter.name not in ANSWERS:
                if outside is not None:
                    what = (
                        f"{outside.what} (`{parameter.name}`)" if parameter.name else outside.what
                    )
                    weak = outside.strength is Strength.WEAK
                    value = tainted([self.source(parameter.span, what, weak=weak)], ALL_KINDS)
                elif brought:
                    value = tainted(t.guessed for t in brought)
            given.append(Given(value, parameter.span))
        return given

    def handler_of(self, closure: Closure) -> Source | None:
        """`(req, res) => …` is called by a server."""
        names = [parameter.name for parameter in closure.function.parameters[:2]]
        is_one = len(names) > 1 and names[0] in REQUESTS and names[1] in ANSWERS
        return Source("the request", answer=1) if is_one else None


def closures_of(value: Value) -> list[Closure]:
    """The functions of the program that a value may be."""
    return [each for each in value.targets if isinstance(each, Closure)]


def _is_called_so(called: ir.Expression | None) -> bool:
    """`res.status(200).send`, `this.res.end`: whether something on the way is called an answer."""
    at = called.value if isinstance(called, ir.Attribute) else None
    while isinstance(at, ir.Attribute | ir.Call | ir.Subscript):
        if isinstance(at, ir.Attribute) and at.name in _CALLED_SO:
            return True
        at = at.function if isinstance(at, ir.Call) else at.value
    return isinstance(at, ir.Name) and at.name in _CALLED_SO


def _handed_on(value: Value) -> list[tuple[Closure, Value | None]]:
    """Functions of the program in a value, methods with whose they are."""
    found: list[tuple[Closure, Value | None]] = [(each, None) for each in closures_of(value)]
    found += [
        (each.function, each.receiver)
        for each in value.targets
        if isinstance(each, Bound) and isinstance(each.function, Closure)
    ]
    return sorted(found, key=lambda pair: pair[0].function.span)
