"""`mirador baseline`: what is known of a project's findings, so that only new ones count."""

import argparse
import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from mirador_lsp.cli import review as reviewing
from mirador_lsp.cli import wording
from mirador_lsp.cli.known import Keeping
from mirador_lsp.cli.outputs import Wishes
from mirador_lsp.cli.review_options import Options, split_names
from mirador_lsp.cli.terminal import console_for, is_terminal
from mirador_lsp.core.baseline import Baseline
from mirador_lsp.core.clean import plain
from mirador_lsp.core.errors import UserError
from mirador_lsp.core.findings import Lens
from mirador_lsp.core.policy import STAGES
from mirador_lsp.settings import find_workspace_root
from mirador_lsp.settings.baseline_file import NAME, read_baseline

_EPILOG = """\
A baseline is a file to commit: fingerprints and rules of findings, no code.

exit codes:
  0    done; check: nothing that the baseline does not know
  1    check: new findings
  2    could not run; the reason is on stderr

examples:
  mirador baseline write                       what is found now is known from now on
  mirador baseline check                       only what is new
  mirador review --baseline .mirador-baseline.json --format sarif .
  mirador baseline prune                       take out what is gone
"""
_VERBS = {
    "write": (Keeping.WRITE, "review, and know everything that is found"),
    "check": (Keeping.NOTHING, "review, and show what the baseline does not know"),
    "prune": (Keeping.PRUNE, "review, and take out of the baseline what is gone"),
}


@dataclass(frozen=True)
class Around:
    """Everything outside the command, so that a test can bring its own."""

    review: reviewing.Surroundings = field(default_factory=reviewing.Surroundings)

    @property
    def stdout(self) -> TextIO:
        """Where results go."""
        return self.review.stdout


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Declare the command."""
    parser = subparsers.add_parser(
        "baseline",
        help="write, check, show or prune what is known of a project's findings",
        description="Keep what is known of a project's findings, so that only new ones count.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(title="what to do", metavar="VERB", dest="verb")
    for verb, (keeping, summary) in _VERBS.items():
        one = verbs.add_parser(verb, help=summary, description=f"{summary.capitalize()}.")
        _add_file(one)
        add = one.add_argument
        add("paths", nargs="*", metavar="PATH", help="default: the whole workspace")
        add("--stages", action="append", metavar="NAME,…", help=f"of {','.join(STAGES)}")
        add("--lens", action="append", metavar="NAME,…", help=f"of {','.join(Lens)}")
        add("--model", default="", metavar="NAME", help="this model for every stage")
        add("-q", "--quiet", action="store_true", help="findings only")
        one.set_defaults(run=run, keeping=keeping)
    show = verbs.add_parser("show", help="list what is known", description="List what is known.")
    _add_file(show)
    show.add_argument("--json", action="store_true", help="as JSON")
    show.set_defaults(run=lambda arguments: run_show(arguments, Around()))


def run(arguments: argparse.Namespace) -> int:
    """Review, and do with the baseline what the verb says."""
    return asyncio.run(hold(arguments, Around()))


async def hold(arguments: argparse.Namespace, around: Around) -> int:
    """Review the workspace against the baseline and return the exit code."""
    keeping: Keeping = arguments.keeping
    folder = around.review.folder
    file = _file(arguments.file, folder)
    options = Options(
        paths=tuple(arguments.paths) or (str(find_workspace_root(folder)),),
        stages=split_names(arguments.stages),
        lenses=split_names(arguments.lens),
        fail_on="new" if keeping is Keeping.NOTHING else "never",
        baseline=_name(file, folder),
        keeping=keeping,
        model=arguments.model,
        wishes=Wishes(quiet=arguments.quiet),
    )
    return await reviewing.review(options, around.review)


def run_show(arguments: argparse.Namespace, around: Around) -> int:
    """List the entries of the baseline."""
    file = _file(arguments.file, around.review.folder)
    name = _name(file, around.review.folder)
    baseline = read_baseline(file, name)
    if baseline is None:
        message = f"There is no baseline {plain(name, 300)}."
        raise UserError(message, remedy="Write one: mirador baseline write")
    if arguments.json:
        print(json.dumps(_document(baseline), indent=2), file=around.stdout)
    elif is_terminal(around.stdout, around.review.env):
        _draw(baseline, around.stdout)
    else:
        for entry in baseline.entries:
            row = f"{entry.path}\t{entry.severity}\t{entry.rule}\t{entry.id}"
            print(plain_row(row), file=around.stdout)
    return 0


def plain_row(row: str) -> str:
    """Cells apart by tabs, each of them plain."""
    return "\t".join(plain(cell, 1000) for cell in row.split("\t"))


def _add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--file", default="", metavar="FILE", help=f"default: {NAME} in the workspace"
    )


def _file(given: str, folder: Path) -> Path:
    return folder / given if given else find_workspace_root(folder) / NAME


def _name(file: Path, folder: Path) -> str:
    """What it is called: from here where it is below."""
    return str(file.relative_to(folder) if file.is_relative_to(folder) else file)


def _document(baseline: Baseline) -> dict[str, object]:
    return {
        "file": plain(baseline.name, 4096),
        "findings": [
            {
                "path": plain(entry.path, 4096),
                "rule": entry.rule,
                "severity": entry.severity.value,
                "id": entry.id,
            }
            for entry in baseline.entries
        ],
    }


def _draw(baseline: Baseline, stream: TextIO) -> None:
    from rich.table import Table  # noqa: PLC0415 — pipes need no rich
    from rich.text import Text  # noqa: PLC0415

    console = console_for(stream, "auto", interactive=True)
    table = Table(box=None, header_style="bright_black", pad_edge=False, padding=(0, 2))
    table.add_column("file", overflow="fold")
    table.add_column("rule", no_wrap=True)
    table.add_column("findings", justify="right")
    counts = Counter((entry.path, entry.rule) for entry in baseline.entries)
    for (path, rule), count in sorted(counts.items()):
        table.add_row(Text(plain(path, 200)), Text(plain(rule, 80)), Text(str(count)))
    console.print(table)
    files = len({entry.path for entry in baseline.entries})
    known = wording.plural(len(baseline.entries), "finding")
    console.print(Text(f"{known} in {wording.plural(files, 'file')}", "bold"))
