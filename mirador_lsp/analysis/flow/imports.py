"""What other files of the workspace bring: they are run when something of them is used.

A file is run once, by itself, and what it makes is there for every course of the analysed one. Its
functions are run where they are called, as those of the analysed file are. Both cost steps, of
which other files get a share; beyond it their functions are taken for those of a library.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from mirador_lsp.analysis.flow.contract import Budget, Knowledge, Modules
from mirador_lsp.analysis.flow.evaluate import Given
from mirador_lsp.analysis.flow.heap import Key, State, Thing, join_things
from mirador_lsp.analysis.flow.machine import Frame, SpentError
from mirador_lsp.analysis.flow.origins import doubted
from mirador_lsp.analysis.flow.python_builtins import PythonBuiltins
from mirador_lsp.analysis.flow.values import (
    NOTHING,
    Closure,
    External,
    Pending,
    Value,
    constant,
    reference,
    target,
)
from mirador_lsp.core.text import Span
from mirador_lsp.syntax import expressions as ir
from mirador_lsp.syntax import program as st
from mirador_lsp.syntax.program import Program


class Imports(PythonBuiltins):
    """Runs modules, and binds what is imported from them."""

    def __init__(
        self, knowledge: Knowledge, budget: Budget, modules: Modules | None, language: str
    ) -> None:
        super().__init__(knowledge, budget, modules, language)
        self._loaded: dict[str, int] = {}
        """Scopes of modules, by file."""
        self._files: dict[int, str] = {}
        """Files of modules, by their scopes."""
        self._running: list[str] = []
        """Other files that are being run."""
        self._arrived: dict[tuple[str, str, str], Value] = {}
        """What imports came to."""
        self._asked: set[tuple[str, str, str]] = set()
        """Imports that are being followed: files may import each other."""
        self._abroad = 0
        """Steps that went to other files."""
        self._share = budget.abroad * budget.steps
        self._unfinished: set[str] = set()
        """Other files that were run in part."""
        self._beyond: set[tuple[str, Span]] = set()
        """Functions of other files that were not followed to their ends."""

    @property
    def abroad(self) -> tuple[str, ...]:
        """What was left out of other files, one plain sentence each."""
        told = list(self.modules.notes) if self.modules is not None else []
        if self._unfinished:
            told.append(_counted(len(self._unfinished), "imported file", "took too long to be run"))
        if self._beyond:
            what = _counted(len(self._beyond), "function", "of imported files")
            told.append(f"{what} took too long to be followed to the end")
        return tuple(told)

    # Running files

    def module(self, program: Program, file: str) -> int:
        """Run a file from its first statement to its last; its scope."""
        around = self.frames[:]
        scope = self.scope(None, "module")
        self._loaded[file] = scope
        self._files[scope] = file
        self.frames = []
        try:
            with self.in_frame(Frame(scope, file)):
                self.set(scope, "__name__", constant(file or "__main__"))
                self.hoist(program.body)
                self.run(program.body)
        finally:
            self.frames = around
        if self.state is None:
            self.state = State({}, {scope: Thing("module")}, self.everywhere)
        return scope

    @contextmanager
    def _elsewhere(self) -> Iterator[None]:
        """Run something whose objects are there for every course from then on."""
        held = self.state, self.vague, self.frames
        self.state, self.vague = State({}, {}, self.everywhere), 0
        try:
            yield
        finally:
            for address, thing in self.live.all_own():
                thing = doubted(thing)  # noqa: PLW2901 — whoever imports it may change it
                known = self.everywhere.get(address)
                self.everywhere[address] = thing if known is None else join_things(known, thing)
            self.state, self.vague, self.frames = held

    def _load(self, file: str) -> int | None:
        """The scope of a file that was found; None where it cannot be run, or runs just now."""
        if file in self._loaded:
            return None if file in self._running else self._loaded[file]
        if self._abroad >= self._share:
            self._unfinished.add(file)
            return None
        program = self._program(file)
        if program is None:
            return None
        began = self._steps
        self._running.append(file)
        try:
            with self._elsewhere(), self.apart(self.budget.module):
                self.module(program, file)
        except (SpentError, RecursionError):
            if self.spent:
                raise
            self._unfinished.add(file)
        finally:
            self._running.remove(file)
            self._abroad += self._steps - began
        return self._loaded[file]

    def _program(self, file: str) -> Program | None:
        """What stands in another file. Reading it is not on this run's time: it has its own."""
        began = time.thread_time()
        program = self.modules.program(file) if self.modules is not None else None
        self._end += time.thread_time() - began
        return program

    def inline(
        self, closure: Closure, given: Sequence[Given], receiver: Value | None, span: Span
    ) -> Value:
        """See `Calling`. From the analysed file into another one only as far as there are steps."""
        if not closure.file or not self.frames or self.frame.file:
            return super().inline(closure, given, receiver, span)
        before, began, abroad = self.live.copy(), self._steps, self._abroad
        if abroad < self._share:
            try:
                with self.limited(self.budget.call):
                    return super().inline(closure, given, receiver, span)
            except SpentError:
                if self.spent:
                    raise
            finally:
                self._abroad = abroad + self._steps - began
        self.state = before
        if abroad >= self._share or self._steps - began >= self.budget.call:
            self._beyond.add((closure.file, closure.function.span))
        return self.guessed_call(given, receiver)

    # What imports mean

    def coming(self, module: str, name: str, full: str) -> Value:
        """What an import brings; `full` is its name where it is of a library."""
        outside = target(External(full))
        if self.modules is None or self.knowledge.speaks_of(full):
            return outside
        file = self.frame.file
        return Pending(targets=outside.targets, module=module, importer=file, name=name)

    def arrived(self, value: Pending) -> Value:
        """See `Machine`."""
        key = (value.module, value.importer, value.name)
        found = self._arrived.get(key)
        if found is not None:
            return found
        outside = Value(targets=value.targets)
        if key in self._asked or self.modules is None:
            return outside
        self._asked.add(key)
        try:
            file = self.modules.find(value.module, value.importer)
            found = self._from(file, value)
        finally:
            self._asked.remove(key)
        # What is being run is not finished, and the analysed file may become something else.
        if not self._running and file != "":
            self._arrived[key] = found or outside
        return found or outside

    def _from(self, file: str | None, wanted: Pending) -> Value | None:
        if not wanted.name:
            return self.whole(file) if file is not None else None
        found = self.member(file, wanted.name) if file is not None else None
        if found is None and self.modules is not None:
            inner = self.modules.find(_below(wanted.module, wanted.name), wanted.importer)
            found = self.whole(inner) if inner is not None else None
        return found

    def whole(self, file: str) -> Value | None:
        """A module as a value; None where it cannot be run."""
        address = self._load(file)
        return reference(address) if address is not None else None

    def member(self, file: str, name: str) -> Value | None:
        """What a file has under a name, by then; None where it has nothing."""
        address = self._load(file)
        found = self.thing(address).fields.get(name) if address is not None else None
        return self.arrived(found) if isinstance(found, Pending) else found

    def quiet(self, node: ir.Expression) -> Value:
        """See `Objects`. A member of a module is one of its own right, as `from` imports it."""
        if isinstance(node, ir.Attribute):
            above = self.quiet(node.value)
            if isinstance(above, Pending) and not above.name:
                return self.part(above, node.name)
            return self.attribute(above, node.name, node.span)
        return super().quiet(node)

    def part(self, module: Pending, name: str) -> Pending:
        """What a module has under a name, not looked into yet."""
        full = next((f"{e.name}.{name}" for e in module.targets if isinstance(e, External)), name)
        return Pending(
            targets=target(External(full)).targets,
            module=module.module,
            importer=module.importer,
            name=name,
        )

    def _of_thing(self, address: int, name: str, span: Span, *, quiet: bool) -> Value:
        """See `Objects`. A package has its modules as attributes."""
        file = self._files.get(address)
        if file is None or self.modules is None:
            return super()._of_thing(address, name, span, quiet=quiet)
        found = self.member(file, name)
        if found is None and file:
            inner = self.modules.find(f".{name}", file) if file.endswith("/__init__.py") else None
            found = self.whole(inner) if inner is not None else None
        if found is None and not quiet:
            found = target(External(f"{_dotted(file)}.{name}"))
        return NOTHING if found is None else found

    def imported(self, node: st.Import) -> None:
        """See `Executor`."""
        scope = self.frame.scope
        if node.name == "*":
            for name, value in self._everything(node.module):
                if isinstance(name, str) and not name.startswith("_"):
                    self.set(scope, name, value)
        elif node.name:
            full = _below(node.module.lstrip("."), node.name)
            self.set(scope, node.local or node.name, self.coming(node.module, node.name, full))
        elif node.local:
            self.set(scope, node.local, self.coming(node.module, "", node.module))
        else:  # `import a.b` binds `a`
            first = node.module.partition(".")[0]
            self.set(scope, first, self.coming(first, "", first))

    def _everything(self, module: str) -> list[tuple[Key, Value]]:
        if self.modules is None or self.knowledge.speaks_of(module):
            return []
        file = self.modules.find(module, self.frame.file)
        address = self._load(file) if file is not None else None
        return list(self.thing(address).fields.items()) if address is not None else []


def _below(module: str, name: str) -> str:
    if not module or module.endswith("."):
        return f"{module}{name}"
    return f"{module}.{name}"


def _dotted(file: str) -> str:
    return file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _counted(count: int, what: str, rest: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'} {rest}"
