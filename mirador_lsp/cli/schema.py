"""`mirador schema`: the pages and files that are generated from the code.

`--check` keeps them true: a hand-kept page about settings would drift.
"""

import argparse
import json
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from mirador_lsp.settings.describe import settings_page, settings_schema
from mirador_lsp.settings.manifest import manifest_with_settings

_MAX_ASCENT = 64


@dataclass(frozen=True)
class Generated:
    """A file of the repository that is written by code, or has parts that are."""

    path: str
    """Relative to the repository's root, with forward slashes."""
    render: Callable[[str | None], str | None]
    """Its whole text, from the text that is there now; None where nothing is to be written."""


def review_schema() -> str:
    """The JSON schema of the reports that `mirador review --format json` writes."""
    return resources.files("mirador_lsp.cli").joinpath("review.schema.json").read_text("utf-8")


GENERATED = (
    Generated("docs/settings.md", lambda _held: settings_page()),
    Generated("editors/vscode/package.json", manifest_with_settings),
    Generated("docs/review.schema.json", lambda _held: review_schema()),
)
"""Every generated file. Whoever adds one adds a line here, and `make check` keeps it true."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `schema` to the command line."""
    parser = subparsers.add_parser(
        "schema",
        help="print the settings' JSON schema, or write the generated documents",
        description="Print the JSON schema of the settings. In a checkout of Mirador: write or "
        "check the documents that are generated from the code.",
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--json", action="store_true", help="print the JSON schema (the default)")
    what.add_argument(
        "--review", action="store_true", help="print the JSON schema of `review --format json`"
    )
    what.add_argument("--write", action="store_true", help="write the generated documents")
    what.add_argument(
        "--check", action="store_true", help="exit with 1 when a generated document is stale"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """0 when done or all is fresh, 1 for a stale document, 2 outside a checkout."""
    if args.review:
        print(review_schema(), end="")
        return 0
    if not args.write and not args.check:
        print(json.dumps(settings_schema(), indent=2, ensure_ascii=False))
        return 0
    root = repository_of(Path.cwd())
    if root is None:
        print(
            "mirador: this is not a checkout of Mirador, so there are no documents to generate. "
            "Change to the repository first.",
            file=sys.stderr,
        )
        return 2
    return _write(root) if args.write else _check(root)


def repository_of(folder: Path) -> Path | None:
    """The root of the checkout of Mirador around `folder`, or None."""
    for candidate in (folder, *folder.parents)[:_MAX_ASCENT]:
        try:
            project = tomllib.loads((candidate / "pyproject.toml").read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            continue
        about = project.get("project")
        if isinstance(about, dict) and about.get("name") == "mirador-lsp":
            return candidate
    return None


def _write(root: Path) -> int:
    for one in GENERATED:
        target = root / one.path
        text = _stale(target, one)
        if text is None:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="\n")
        print(f"wrote {one.path}")
    return 0


def _check(root: Path) -> int:
    stale = [one.path for one in GENERATED if _stale(root / one.path, one) is not None]
    for path in stale:
        print(f"mirador: {path} is stale. Run: mirador schema --write", file=sys.stderr)
    return 1 if stale else 0


def _stale(target: Path, one: Generated) -> str | None:
    """What is to be written, or None when the file is as it should be."""
    held = _held(target)
    text = one.render(held)
    return None if text == held else text


def _held(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return None
