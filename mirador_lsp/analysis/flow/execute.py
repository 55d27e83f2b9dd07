"""Statements: which course a program takes."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import ClassVar

from mirador_lsp.analysis.flow.conversions import EXCEPTIONS
from mirador_lsp.analysis.flow.evaluate import MOST_TURNS
from mirador_lsp.analysis.flow.heap import State, Thing, join_states
from mirador_lsp.analysis.flow.literals import Literals
from mirador_lsp.analysis.flow.machine import Catcher, Loop
from mirador_lsp.analysis.flow.values import NOTHING, UNKNOWN, External, Value, constant, join
from mirador_lsp.syntax import expressions as ir
from mirador_lsp.syntax import program as st
from mirador_lsp.syntax.expressions import Statement


class Executor(Literals):
    """Executes statements."""

    _executions: ClassVar[dict[type, str]] = {
        st.Assign: "_assign",
        st.Evaluate: "_do",
        st.If: "_if",
        st.While: "_while",
        st.For: "_for",
        st.Try: "_try",
        st.With: "_with",
        st.Switch: "_switch",
        st.Return: "_return",
        st.Raise: "_raise",
        st.Leave: "_leave",
        st.Define: "_define",
        st.Import: "imported",
        st.Export: "_export",
        st.Delete: "_delete",
        st.Outer: "_outer",
        st.Assert: "_assert",
        st.Block: "_block",
    }

    def run(self, body: Sequence[Statement]) -> None:
        """Execute statements until one of them leaves."""
        for statement in body:
            if self.state is None:
                return
            self.step()
            handle: Callable[[Statement], None] = getattr(self, self._executions[type(statement)])
            handle(statement)

    def _assign(self, node: st.Assign) -> None:
        value = self.evaluate(node.value)
        if node.operator:
            before = self.read_target(node.target)
            grown = self.grown(node.operator, before, value)
            value = grown or self.operation(node.operator, before, value, node.span)
        self.bind(node.target, value, declares=node.declares or self.language == "python")

    @abstractmethod
    def grown(self, operator: str, before: Value, more: Value) -> Value | None:
        """`list += items` changes the list that is there."""

    def _do(self, node: st.Evaluate) -> None:
        self.evaluate(node.value)

    def _if(self, node: st.If) -> None:
        truth = self.truth(self.evaluate(node.test))
        self._either_way(truth, node.test, node.body, node.otherwise)

    def _either_way(
        self,
        truth: bool | None,  # noqa: FBT001 — what a test says
        test: ir.Expression | None,
        body: Sequence[Statement],
        otherwise: Sequence[Statement],
    ) -> None:
        if truth is not None:
            if test is not None:
                self.assume(test, holds=truth)
            self.run(body if truth else otherwise)
            return
        before = self.forked() if self.state is not None else None
        if test is not None:
            self.assume(test, holds=True)
        self.run(body)
        after, self.state = self.state, before
        if test is not None:
            self.assume(test, holds=False)
        self.run(otherwise)
        self.state = join_states(self.state, after)

    def _while(self, node: st.While) -> None:
        loop = Loop(node.label)
        self.frame.loops.append(loop)
        turns = 0
        truth: bool | None = True
        first = node.runs_first
        while self.state is not None:
            truth = True if first or node.test is None else self.truth(self.evaluate(node.test))
            first = False
            if truth is not True or turns >= MOST_TURNS:
                break
            self._turn(node.body, loop)
            self.run(node.step)
            turns += 1
        ended: State | None = self.state
        if self.state is not None and (truth is None or turns >= MOST_TURNS):
            ended = self._vaguely(node, loop)
        self.frame.loops.pop()
        self.state = ended
        self.run(node.otherwise)
        self.state = join_states(self.state, loop.breaks)

    def _vaguely(self, node: st.While, loop: Loop) -> State | None:
        """A loop whose test nobody can tell: what holds when it ends by itself."""

        def turn() -> State | None:
            if node.test is not None:
                self.evaluate(node.test)
                self.assume(node.test, holds=True)
            self._turn(node.body, loop)
            self.run(node.step)
            return self.state

        after = self.until_settled(self.forked(), turn)
        self.state = after
        if node.test is not None and after is not None:
            self.assume(node.test, holds=False)
            return self.state
        return after if node.test is not None else None

    def _turn(self, body: Sequence[Statement], loop: Loop) -> None:
        loop.again = None
        self.run(body)
        self.state = join_states(self.state, loop.again)

    def _for(self, node: st.For) -> None:
        iterable = self.evaluate(node.iterable)
        items = self.keys_as_items(iterable) if node.keys else self.items_of(iterable)
        loop = Loop(node.label)
        self.frame.loops.append(loop)
        if items is not None and len(items) <= MOST_TURNS:
            for item in items:
                if self.state is None:
                    break
                self.bind(node.target, item, declares=node.declares or self.language == "python")
                self._turn(node.body, loop)
        elif self.state is not None:
            item = self.any_key(iterable) if node.keys else self.any_item(iterable)

            def turn() -> State | None:
                self.bind(node.target, item, declares=node.declares or self.language == "python")
                self._turn(node.body, loop)
                return self.state

            self.state = self.until_settled(self.forked(), turn)
        self.frame.loops.pop()
        self.run(node.otherwise)
        self.state = join_states(self.state, loop.breaks)

    def keys_as_items(self, value: Value) -> list[Value] | None:
        """What a `for … in` of JavaScript goes through."""
        if value.ref is None:
            return None
        thing = self.thing(value.ref)
        keys = [key for key in thing.fields if not isinstance(key, str)]
        return [constant(str(key.value)) for key in keys] if thing.rest.nothing else None

    def _leave(self, node: st.Leave) -> None:
        loops = self.frame.loops
        named = [loop for loop in loops if loop.label == node.label] if node.label else loops
        if named:
            loop = named[-1]
            if node.again:
                loop.again = join_states(loop.again, self.state)
            else:
                loop.breaks = join_states(loop.breaks, self.state)
        self.state = None

    def _try(self, node: st.Try) -> None:
        catcher = Catcher()
        self.frame.catchers.append(catcher)
        self.run(node.body)
        self.frame.catchers.pop()
        self.run(node.otherwise)
        ends = self.state
        for handler in node.handlers:
            self.state = None
            takes_all = not handler.types
            names = [self._class_name(each) for each in handler.types]
            raised = NOTHING
            for value, state in list(catcher.raised):
                verdict = True if takes_all else self._catches(names, value)
                if verdict is False:
                    continue
                self.state = join_states(self.state, state.copy())
                raised = join(raised, value)
                if verdict is True:
                    catcher.raised.remove((value, state))
            if catcher.maybe is not None:
                self.state = join_states(self.state, catcher.maybe.copy())
                raised = join(raised, UNKNOWN)
            if self.state is None:
                continue
            if handler.target is not None:
                self.bind(handler.target, raised, declares=True)
            self.run(handler.body)
            ends = join_states(ends, self.state)
        self._finally(node, ends, catcher.raised, None if node.handlers else catcher.maybe)

    def _finally(
        self,
        node: st.Try,
        ends: State | None,
        uncaught: Sequence[tuple[Value, State]],
        maybe: State | None,
    ) -> None:
        self.state = ends
        self.run(node.final)
        after = self.state
        for value, state in uncaught:
            self.state = state.copy()
            self.run(node.final)
            self.throw(value)
        if maybe is not None and node.final:
            self.state = maybe.copy()
            self.run(node.final)
        self.state = after

    def _class_name(self, node: ir.Expression) -> str:
        if isinstance(node, ir.Name):
            return node.name
        return node.name if isinstance(node, ir.Attribute) else ""

    def _catches(self, names: Sequence[str], raised: Value) -> bool | None:
        """Whether a handler of classes with these names takes what was raised."""
        lineage = self.lineage(raised)
        if lineage is None or "" in names:
            return None
        if {"Exception", "BaseException"} & set(names):
            return True
        return True if lineage & set(names) else (None if "?" in lineage else False)

    def lineage(self, raised: Value) -> set[str] | None:
        """Names of the classes of an exception, "?" for those nobody knows; None for any."""
        if raised.targets and not raised.refs and not raised.known:
            outside = [each.name for each in raised.targets if isinstance(each, External)]
            names = {name.removesuffix("()").rpartition(".")[2] for name in outside}
            inner = [EXCEPTIONS.get(name, frozenset({name, "?"})) for name in names]
            return {each for found in inner for each in found} or None
        if not raised.refs:
            return None
        found: set[str] = set()
        for address in raised.refs:
            thing = self.thing(address)
            found |= self.names_of_class(thing if thing.kind == "class" else thing.cls)
        return found or None

    @abstractmethod
    def names_of_class(self, what: Thing | Value) -> set[str]:
        """Names of a class and of those that it is made from."""

    def throw(self, value: Value) -> None:
        """Raise something where the program is."""
        if self.state is None:
            return
        for frame in reversed(self.frames):
            if frame.catchers:
                frame.catchers[-1].raised.append((value, self.state))
                break
        self.state = None

    def _raise(self, node: st.Raise) -> None:
        value = self.evaluate(node.value) if node.value is not None else UNKNOWN
        self.throw(value)

    def _with(self, node: st.With) -> None:
        value = self.evaluate(node.value)
        entered = self.entered(value, node)
        if node.target is not None:
            self.bind(node.target, entered, declares=True)
        self.run(node.body)
        if self.state is not None:
            self.left(value, node)

    @abstractmethod
    def entered(self, value: Value, node: st.With) -> Value:
        """What `__enter__` gives."""

    @abstractmethod
    def left(self, value: Value, node: st.With) -> None:
        """`__exit__`."""

    def _switch(self, node: st.Switch) -> None:
        subject = self.evaluate(node.subject)
        ends: State | None = None
        going: State | None = None
        before: State | None = self.forked()
        loop = Loop()
        if node.falls_through:
            self.frame.loops.append(loop)
        for case in _in_order_of_trial(node):
            verdict = self._taken(case, subject) if before is not None else False
            self.state = before.copy() if before is not None and verdict is not False else None
            self.assume_one_of(node.subject, case.values if verdict is None else ())
            self.state = join_states(self.state, going)
            going = None
            if self.state is None:
                continue
            for capture in case.captures:
                self.bind(capture, self._captured(case, subject), declares=True)
            if case.guard is not None:
                truth = self.truth(self.evaluate(case.guard))
                verdict = verdict if truth is True else (None if truth is None else False)
                if verdict is False:
                    continue
                self.assume(case.guard, holds=True)
            self.run(case.body)
            if node.falls_through:
                going = self.state
            else:
                ends = join_states(ends, self.state)
            if verdict is True:
                before = None
        if node.falls_through:
            self.frame.loops.pop()
        self.state = join_states(join_states(join_states(ends, going), before), loop.breaks)

    def _captured(self, case: st.Case, subject: Value) -> Value:
        whole = len(case.captures) == 1 and (case.default or bool(case.values))
        return subject if whole else join(subject, self.any_item(subject))

    def _taken(self, case: st.Case, subject: Value) -> bool | None:
        if case.default:
            return True if case.guard is None else None
        if not case.values:
            return None
        only = subject.constant
        verdicts = []
        for value in case.values:
            other = self.evaluate(value).constant
            verdicts.append(None if only is None or other is None else only == other)
        if True in verdicts:
            return True
        return None if None in verdicts else False

    def _return(self, node: st.Return) -> None:
        value = self.evaluate(node.value) if node.value is not None else constant(None)
        frame = self.frame
        if self.state is not None:
            frame.returned = join(frame.returned, value)
            frame.after = join_states(frame.after, self.state)
        self.state = None

    def _define(self, node: st.Define) -> None:
        value = self.evaluate(node.value)
        self.set(self.scope_of(node.value.name, declares=True), node.value.name, value)

    @abstractmethod
    def imported(self, node: st.Import) -> None:
        """Bind what is imported."""

    def _export(self, node: st.Export) -> None:
        value = self.evaluate(node.value)
        self.set(self.frame.scope, f"export {node.name}", value)

    def _delete(self, node: st.Delete) -> None:
        self.delete(node.target)

    def _outer(self, node: st.Outer) -> None:
        self.frame.outer.update(dict.fromkeys(node.names, node.is_global))

    def _assert(self, node: st.Assert) -> None:
        if self.truth(self.evaluate(node.test)) is not True:
            self.may_raise()
        self.assume(node.test, holds=True)

    def _block(self, node: st.Block) -> None:
        if not node.label:
            self.run(node.body)
            return
        loop = Loop(node.label)
        self.frame.loops.append(loop)
        self.run(node.body)
        self.frame.loops.pop()
        self.state = join_states(self.state, loop.breaks)


def _in_order_of_trial(node: st.Switch) -> list[st.Case]:
    """A `default` is tried last, but what falls through goes on in the order of the text."""
    if node.falls_through:
        return list(node.cases)
    usual = [case for case in node.cases if not case.default]
    return [*usual, *(case for case in node.cases if case.default)]
