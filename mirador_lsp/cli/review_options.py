"""`mirador review`: what can be asked for on the command line."""

import argparse
from dataclasses import dataclass, field
from typing import Literal, get_args

from mirador_lsp.app import find_model
from mirador_lsp.cli.changed import ChangeWishes
from mirador_lsp.cli.known import Keeping
from mirador_lsp.cli.outputs import FORMATS, Format, Wishes
from mirador_lsp.cli.pulling import PullWishes
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.findings import Lens
from mirador_lsp.core.policy import DEEP, QUICK, STAGES, SYNTHESIS

FailOn = Literal["error", "warning", "information", "new", "never"]
_EPILOG = """\
exit codes:
  0    nothing at or above the bar (--fail-on)
  1    findings at or above the bar; a syntax error is one where the parser is sure;
       with a baseline: findings that it does not know
  2    could not run: a path that is not there, nothing to review, or a file that
       not one stage could look at; the reason is on stderr
  130  stopped by Ctrl-C

examples:
  mirador review src/ tests/test_api.py
  mirador review --stages instant .            facts only, no model
  mirador review --lens security,bug app.py
  mirador review --models 0.5b,1.5b app.py     both look, and what they say is merged
  mirador review --format sarif --output mirador.sarif .
  mirador review --staged                      what the next commit would hold
  mirador review --diff origin/main...HEAD     what this branch brings
  mirador review --pr 12 --post                a pull request, commented on
  mirador review --workspace --budget 600      the riskiest files first, for ten minutes
  mirador review --baseline .mirador-baseline.json .   only new findings count
  git show HEAD:app.py | mirador review - --stdin-filename app.py
"""


# No string, which argparse would read as a value.
_NO_REVISION = True


@dataclass(frozen=True, kw_only=True)
class Options:
    """What was asked on the command line."""

    paths: tuple[str, ...]
    stages: tuple[str, ...] | None = None
    lenses: tuple[str, ...] | None = None
    fail_on: FailOn = "error"
    baseline: str = ""
    """The file of what is known already; "" for none."""
    keeping: Keeping = Keeping.NOTHING
    nothing_ok: bool = False
    """Having nothing to review is no failure: a hook is given whatever was changed."""
    model: str = ""
    models: tuple[str, ...] = ()
    """Those that all answer, to be merged; empty for one at a time."""
    gate: float | None = None
    stdin_filename: str = ""
    workspace: bool = False
    """All of the workspace, the riskiest files first."""
    fresh: bool = False
    """Do not go on with an interrupted run."""
    budget: float = 0.0
    """Seconds that the run may take; 0 for as long as it takes."""
    change: ChangeWishes = field(default_factory=ChangeWishes)
    """What changed is reviewed, in place of files."""
    pull: PullWishes = field(default_factory=PullWishes)
    """A pull request is, and is told of it."""
    wishes: Wishes = field(default_factory=Wishes)

    @property
    def manner(self) -> str:
        """The stages and lenses that were asked for; "" where it is as the settings say."""
        said = (("stages", self.stages), ("lenses", self.lenses))
        return " ".join(f"{what}={','.join(sorted(names))}" for what, names in said if names)

    def check(self) -> None:
        """Raise `UserError` for what does not go together."""
        self.pull.check(self.paths)
        changes = self.change.wanted or bool(self.pull.text)
        if self.workspace and changes:
            message = "--workspace reviews all files, and a change was asked for as well."
            raise UserError(message, remedy="Leave out one of the two.")
        if self.fresh and not self.workspace:
            message = "--fresh begins a run over the workspace anew."
            raise UserError(message, remedy="Write it with --workspace.")
        if not self.paths and not self.workspace and not changes:
            message = "It needs to know what to review."
            remedy = "Name files and folders, or write --workspace, --staged or --uncommitted."
            raise UserError(message, remedy=remedy)


def add_parser(
    subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]",
) -> argparse.ArgumentParser:
    """Declare the command and its options."""
    parser = subparsers.add_parser(
        "review",
        help="review files and folders, or text from stdin",
        description="Review files and folders with the analyzers and the local models.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("paths", nargs="*", metavar="PATH", help="a file, a folder, or - for stdin")
    add(
        "--workspace",
        action="store_true",
        help="all of this workspace, riskiest files first; goes on where it was interrupted",
    )
    add("--fresh", action="store_true", help="with --workspace: begin anew")
    _add_changes(parser)
    add("--budget", type=_seconds, default=0.0, metavar="SECONDS", help="time it may take in all")
    add("--stages", action="append", metavar="NAME,…", help=f"of {','.join(STAGES)}")
    add("--lens", action="append", metavar="NAME,…", help=f"of {','.join(Lens)}")
    _add_reports(parser)
    _add_bar(parser)
    who = parser.add_mutually_exclusive_group().add_argument
    who("--model", default="", metavar="NAME", help="this model for every stage")
    who("--models", action="append", metavar="NAME,…", help="ask all of these and merge")
    add("--gate", type=_share, metavar="0…1", help="least confidence a finding is shown with")
    add("--show-withheld", action="store_true", help="also show what lies below the gate")
    add(
        "--show-context",
        action="store_true",
        help="print all that models are shown, to the letter; with --format json it is data",
    )
    add("--stdin-filename", default="", metavar="NAME", help="what the text from stdin is called")
    add(
        "--stream",
        action=argparse.BooleanOptionalAction,
        help="show the model's words as they come; default: in a terminal",
    )
    add("--color", choices=("auto", "always", "never"), default="auto", help="default: auto")
    add("-q", "--quiet", action="store_true", help="findings only")
    add("--verbose", action="store_true", default=argparse.SUPPRESS, help="log to stderr as well")
    add("--export-svg", default="", metavar="FILE", help=argparse.SUPPRESS)
    return parser


def _add_reports(parser: argparse.ArgumentParser) -> None:
    """What is written where."""
    add = parser.add_argument
    add("--format", choices=FORMATS, default="text", help="default: text")
    add("--output", default="", metavar="FILE", help="write there instead of stdout")
    add(
        "--report",
        action="append",
        default=[],
        type=_report,
        metavar="FORMAT=FILE",
        help="write that as well; may be repeated",
    )


def _add_changes(parser: argparse.ArgumentParser) -> None:
    """Reviews of what changed; paths narrow them."""
    group = parser.add_argument_group("what changed", "in place of files; PATHs narrow it")
    add = group.add_mutually_exclusive_group().add_argument
    add(
        "--diff",
        nargs="?",
        const=_NO_REVISION,
        type=_value,
        metavar="REV|A..B",
        help="since a revision up to the files as they are, between two (A..B, A...B), or in one "
        "commit (REV^!); without one like --uncommitted. Write PATHs after --",
    )
    add("--staged", action="store_true", help="what the next commit would hold")
    add("--uncommitted", action="store_true", help="since the last commit, new files included")
    add("--since", choices=("last",), default="", help="since the last review of this branch")
    add("--patch", type=_value, metavar="FILE", help="a unified diff, - for stdin")
    add("--pr", type=_value, metavar="URL|NUMBER", help="a pull request; the one network access")
    say = group.add_argument
    say("--post", action="store_true", help="with --pr: comment on it, nothing twice")
    say("--dry-run", action="store_true", help="with --pr: print what --post would say there")
    say("--yes", action="store_true", help="with --pr: that host may be asked, with the token")


def _add_bar(parser: argparse.ArgumentParser) -> None:
    """What the exit code depends on."""
    add = parser.add_argument
    add(
        "--fail-on",
        choices=get_args(FailOn),
        help="the bar; default: error and, with --baseline, new: whatever it does not know",
    )
    add("--baseline", type=_value, metavar="FILE", help="findings known to it are counted alone")
    add("--nothing-ok", action="store_true", help="having nothing to review is no failure")


def options_of(arguments: argparse.Namespace) -> Options:
    """What was asked for."""
    wishes = Wishes(
        format=arguments.format,
        output=arguments.output,
        reports=tuple(arguments.report),
        show_withheld=arguments.show_withheld,
        show_context=arguments.show_context,
        stream=arguments.stream,
        color=arguments.color,
        quiet=arguments.quiet,
        export_svg=arguments.export_svg,
    )
    return Options(
        paths=tuple(arguments.paths),
        stages=split_names(arguments.stages),
        lenses=split_names(arguments.lens),
        fail_on=arguments.fail_on or ("new" if arguments.baseline else "error"),
        baseline=arguments.baseline or "",
        nothing_ok=arguments.nothing_ok,
        model=arguments.model,
        models=split_names(arguments.models) or (),
        gate=arguments.gate,
        stdin_filename=arguments.stdin_filename,
        workspace=arguments.workspace,
        fresh=arguments.fresh,
        budget=arguments.budget,
        change=ChangeWishes(
            diff="" if arguments.diff is _NO_REVISION else arguments.diff,
            staged=arguments.staged,
            uncommitted=arguments.uncommitted,
            since=arguments.since,
            patch=arguments.patch or "",
        ),
        pull=PullWishes(
            text=arguments.pr or "",
            post=arguments.post or arguments.dry_run,
            dry_run=arguments.dry_run,
            yes=arguments.yes,
        ),
        wishes=wishes,
    )


def full_name(name: str) -> str:
    """The name behind an alias of the catalogue; a name it does not know stays as it is."""
    try:
        return find_model(name).name
    except UserError:
        return name


def flags(options: Options) -> dict[str, dict[str, object]]:
    """What the options say in place of settings."""
    flags: dict[str, dict[str, object]] = {}
    if options.gate is not None:
        flags["review"] = {"gate": options.gate}
    if options.model:
        model = {"models": [full_name(options.model)]}
        flags["stages"] = dict.fromkeys((QUICK, DEEP, SYNTHESIS), model)
    return flags


def split_names(values: list[str] | None) -> tuple[str, ...] | None:
    """The names in repeated, comma-separated values; None when the option was not given."""
    if values is None:
        return None
    return tuple(name.strip() for value in values for name in value.split(",") if name.strip())


def _value(text: str) -> str:
    """A value that says something: an empty variable of a script would silently mean another
    review than the one that was meant.
    """
    if not text.strip():
        message = "it is empty"
        raise argparse.ArgumentTypeError(message)
    return text


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 1 <= seconds <= 1_000_000:
        message = f"{text} is not a number of seconds from 1 to 1000000"
        raise argparse.ArgumentTypeError(message)
    return seconds


def _report(text: str) -> tuple[Format, str]:
    form, _, name = text.partition("=")
    found = next((each for each in FORMATS if each == form and each != "text"), None)
    if found is None or not name:
        message = f"{text} is not one of {', '.join(FORMATS[1:])}, a =, and the name of a file"
        raise argparse.ArgumentTypeError(message)
    return found, name


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        message = f"{text} is not a number from 0 to 1"
        raise argparse.ArgumentTypeError(message)
    return share
