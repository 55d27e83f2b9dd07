"""`mirador`: finds the command, runs it, and turns every end into an exit code.

Exit codes: 0 done, 1 findings at or above the bar, 2 could not run, 130 stopped by Ctrl-C.
"""

import argparse
import difflib
import importlib
import logging
import os
import re
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Any, NoReturn

from mirador_lsp import __version__
from mirador_lsp.cli.terminal import say, silence
from mirador_lsp.core.errors import MiradorError, UserError

COMMANDS = (
    ("review", "review files and folders, or text from stdin"),
    ("baseline", "know a project's findings, so that only new ones count"),
    ("chain", "review, fix and check in one go"),
    ("reviewers", "list, begin and check reviewers of your own"),
    ("search", "find code by words, names and meaning"),
    ("index", "build, show, watch or drop the index of a workspace"),
    ("serve", "run the language server for an editor"),
    ("history", "what was asked, answered and found; and forgetting it"),
    ("models", "list, fetch, check and remove models"),
    ("dna", "show, set and infer how you like to be helped"),
    ("feedback", "what is learned from your decisions, and taking it back"),
    ("metrics", "what requests cost and what came of them"),
    ("dashboard", "figures and what runs now, live"),
    ("doctor", "check everything a review needs and say how to mend it"),
    ("engine", "show or stop the process that keeps models loaded"),
    ("store", "look after what is remembered: backups, checks, encryption"),
    ("trust", "let a workspace's settings file choose engines and models"),
    ("migrate", "take over chain files of the second version"),
    ("schema", "write or check the generated settings reference"),
)
"""The commands in the order of the help; `mirador_lsp.cli.NAME` is imported when it is called."""

_EPILOG = """\
examples:
  mirador review src/                 review a folder in the terminal
  mirador review --format sarif .     for code scanning services
  git show HEAD:app.py | mirador review - --stdin-filename app.py
  mirador models pull 0.5b            fetch the smallest model
  mirador doctor                      what is missing, and how to mend it
"""
_COULD_NOT_RUN = 2
_STOPPED = 130
_PIPE_CLOSED = 141

_log = logging.getLogger(__name__)


class Parser(argparse.ArgumentParser):
    """Errors in one line, with the nearest option there is; never an abbreviated option."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "allow_abbrev": False})

    def error(self, message: str) -> NoReturn:
        """Raise what argparse would print."""
        sentence = f"{message}."
        raise UserError(sentence, remedy=f"See: {self.prog} --help")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. The one place where an error becomes a line."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if argv is None:
        _prepare_process()
    try:
        return _run(arguments)
    except MiradorError as error:
        _log.log(error.level, "%s", error, exc_info=error)
        say(error.sentence())
        return _COULD_NOT_RUN
    except KeyboardInterrupt:
        return _STOPPED
    except BrokenPipeError:
        silence(sys.stdout)
        return _PIPE_CLOSED
    except SystemExit as leaving:
        # argparse leaves this way after --help and --version.
        return leaving.code if isinstance(leaving.code, int) else 0


def _run(arguments: list[str]) -> int:
    name = _command_in(arguments)
    parser, commands = _parser()
    chosen = None
    for command, summary in COMMANDS:
        if command == name:
            module = importlib.import_module(f"mirador_lsp.cli.{command}")
            module.add_parser(commands)
            chosen = commands.choices[command]
        else:
            commands.add_parser(command, help=summary, add_help=False)
    options, unknown = parser.parse_known_args(arguments)
    if unknown:
        raise _unknown_option(unknown[0], chosen or parser)
    if not hasattr(options, "run"):
        if chosen is not None:
            chosen.error("it needs to know what to do")
        parser.print_help()
        return _COULD_NOT_RUN
    if not getattr(options, "logs_itself", False):
        from mirador_lsp.cli import logs  # noqa: PLC0415 — the help must not wait for settings

        logs.configure(verbose=options.verbose)
    code = options.run(options)
    sys.stdout.flush()
    return int(code)


def _parser() -> tuple[Parser, "argparse._SubParsersAction[Parser]"]:
    parser = Parser(
        prog="mirador",
        description="A code reviewer that keeps the code on this machine.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"mirador {__version__}")
    parser.add_argument(
        "--verbose", action="store_true", help="also write the log to stderr, with more in it"
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command")
    return parser, commands


def _command_in(arguments: list[str]) -> str | None:
    """The command's name. Raises `UserError` for one that does not exist."""
    word = next((word for word in arguments if not word.startswith("-")), None)
    names = [name for name, _ in COMMANDS]
    if word is None or word in names:
        return word
    if os.path.exists(word):  # noqa: PTH110 — a Path refuses some words
        remedy = f"To review it: mirador review {word}"
    else:
        near = difflib.get_close_matches(word, names, n=1)
        remedy = f"Did you mean {near[0]}?" if near else "See: mirador --help"
    message = f'There is no command "{word}".'
    raise UserError(message, remedy=remedy)


def _unknown_option(word: str, parser: argparse.ArgumentParser) -> UserError:
    flag = word.partition("=")[0]
    known = re.findall(r"(?<![\w-])--?[a-z][\w-]*", parser.format_usage())
    near = difflib.get_close_matches(flag, known, n=1)
    remedy = f"Did you mean {near[0]}?" if near else f"See: {parser.prog} --help"
    return UserError(f"{parser.prog} does not know {flag}.", remedy=remedy)


def _prepare_process() -> None:
    """What holds for the whole process, so only when it is ours."""
    _open_standard_streams()
    sys.excepthook = _unforeseen
    # Until a command has said where the log goes, records go nowhere instead of to the terminal.
    logging.getLogger().addHandler(logging.NullHandler())
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            # A terminal that cannot show a character gets a stand-in instead of a failure.
            reconfigure(errors="replace")


def _open_standard_streams() -> None:
    """Put the null device where the caller closed a standard stream.

    Otherwise the next file to be opened would take its number, and what is written to the terminal
    would land in it.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is not None:
            continue
        descriptor = os.open(os.devnull, os.O_RDWR)
        if descriptor != number:
            os.dup2(descriptor, number)
            os.close(descriptor)
        setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", errors="replace"))


def _unforeseen(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """A defect of Mirador ends in 2: Python's own 1 would read as "findings"."""
    _log.critical("unforeseen error", exc_info=(kind, error, trace))
    say(f"Something failed that should not: {kind.__name__}. See the log, or run with --verbose.")
    logging.shutdown()
    sys.stdout.flush()
    os._exit(_COULD_NOT_RUN)
