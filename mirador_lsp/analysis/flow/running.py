"""The way in: what flows where in a program of any language that can be lowered."""

from mirador_lsp.analysis.flow.contract import Budget, Flows, Knowledge, Modules
from mirador_lsp.analysis.flow.javascript_running import JavaScriptRunner
from mirador_lsp.analysis.flow.machine import SpentError
from mirador_lsp.analysis.flow.modules import Runner
from mirador_lsp.syntax.program import Program


def analyse(
    program: Program, knowledge: Knowledge, budget: Budget, modules: Modules | None = None
) -> Flows:
    """What flows where in a program. Never raises for what the program is."""
    runner = Runner if program.language == "python" else JavaScriptRunner
    machine = runner(knowledge, budget, modules, program.language)
    notes = [program.note] if program.note else []
    try:
        machine.run_all(program)
    except (SpentError, RecursionError):
        notes.append("data flow was followed only in part: it takes too long here")
    # What was followed only in part clears nothing.
    return Flows(machine.flows, tuple(notes), machine.abroad, () if notes else machine.cleared)
