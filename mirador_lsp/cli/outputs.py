"""Where a review is written: which renderers listen, and the document at the end."""

import re
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self, TextIO, assert_never, get_args

from mirador_lsp.cli import places
from mirador_lsp.cli.drafts import Draft, writable
from mirador_lsp.cli.render_plain import PlainRenderer
from mirador_lsp.cli.report import Report
from mirador_lsp.cli.terminal import ColorChoice, console_for, is_terminal
from mirador_lsp.core.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

    from mirador_lsp.cli.batch import Renderer

Format = Literal["text", "json", "sarif", "markdown", "github", "gitlab", "rdjson"]
FORMATS: tuple[Format, ...] = get_args(Format)
_SVG_COLUMNS = 108


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What the command line says about output."""

    format: Format = "text"
    output: str = ""
    """A file's path; "" for stdout."""
    reports: tuple[tuple[Format, str], ...] = ()
    """Further formats, each with the path of the file that it is written to."""
    show_withheld: bool = False
    show_context: bool = False
    """All that models are shown is printed, or is in the document."""
    stream: bool | None = None
    """Whether to show the model's words; None for "in a terminal"."""
    color: ColorChoice = "auto"
    quiet: bool = False
    export_svg: str = ""
    most: int = sys.maxsize
    """Findings that text shows as they come."""

    @property
    def files(self) -> tuple[str, ...]:
        """The paths of all files that reports are written to."""
        return tuple(filter(None, (self.output, *(name for _, name in self.reports))))


class Outputs:
    """The renderers of one run and the stream its result goes to.

    Entering opens the output file, so that a path nobody can write to is known before the work. The
    file takes its name when the result is whole: until then what stood there stands.
    """

    def __init__(
        self,
        wishes: Wishes,
        stdout: TextIO,
        stderr: TextIO,
        env: Mapping[str, str],
        on_closed: Callable[[OSError], None],
    ) -> None:
        self._wishes = wishes
        self._stdout = stdout
        self._stderr = stderr
        self._env = env
        self._on_closed = on_closed
        self._open = ExitStack()
        self._result = stdout
        self._draft: Draft | None = None
        self._reports: list[tuple[Format, Draft]] = []
        self._recorder: Console | None = None
        self.renderers: list[Renderer] = []

    def __enter__(self) -> Self:
        if self._wishes.output:
            self._draft = Draft(self._wishes.output, self._open)
            self._result = self._draft.stream
        try:
            for form, name in self._wishes.reports:
                self._reports.append((form, Draft(name, self._open)))
        except UserError:
            self._drop()
            raise
        if self._wishes.export_svg:
            from rich.console import Console  # noqa: PLC0415 — only when asked for

            self._recorder = Console(
                record=True,
                width=_SVG_COLUMNS,
                file=StringIO(),
                force_terminal=True,
                color_system="truecolor",
                highlight=False,
            )
        self.renderers = self._renderers()
        return self

    def __exit__(self, *_: object) -> None:
        for renderer in self.renderers:
            renderer.stop()
        self._drop()

    def finish(self, report: Report, code: int, root: Path) -> None:
        """Write what comes at the end. `root` is the folder that paths are shown relative to."""
        for renderer in self.renderers:
            renderer.end(report)
        try:
            self._result.write(self._document(self._wishes.format, report, code, root))
            self._result.flush()
            if self._draft is not None:
                self._draft.keep()
            for form, draft in self._reports:
                draft.stream.write(self._document(form, report, code, root))
                draft.keep()
        except OSError as error:
            self._on_closed(error)
        if self._recorder is not None:
            drawn = self._recorder.export_svg(title="mirador review")
            # rich's picture would fetch its font from the network whenever somebody looks at it.
            drawn = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)
            with writable(self._wishes.export_svg) as picture:
                picture.write(drawn)

    def _drop(self) -> None:
        self._open.close()
        for draft in (self._draft, *(draft for _, draft in self._reports)):
            if draft is not None:
                draft.drop()

    def _document(self, form: Format, report: Report, code: int, root: Path) -> str:
        held = self._wishes.show_withheld
        match form:
            case "text":
                return ""
            case "json":
                from mirador_lsp.cli import render_json  # noqa: PLC0415 — one of seven

                asked = self._wishes.show_context
                return render_json.render(
                    report, show_withheld=held, exit_code=code, show_context=asked
                )
            case "sarif":
                from mirador_lsp.cli import render_sarif  # noqa: PLC0415

                return render_sarif.render(report, show_withheld=held, exit_code=code, root=root)
            case "markdown":
                from mirador_lsp.cli import render_markdown  # noqa: PLC0415

                return render_markdown.render(report, show_withheld=held)
            case _:
                return _for_a_host(form, report, root)

    def _renderers(self) -> "list[Renderer]":
        wishes = self._wishes
        to_stdout = wishes.format == "text" and not wishes.output
        if to_stdout and (is_terminal(self._stdout, self._env) or wishes.color == "always"):
            return [self._drawn(self._stdout, only_progress=False)]
        renderers: list[Renderer] = []
        if wishes.format == "text":
            plain = PlainRenderer(
                self._result,
                quiet=wishes.quiet,
                tokens=wishes.stream is True,
                show_withheld=wishes.show_withheld,
                show_context=wishes.show_context,
                most=wishes.most,
                on_closed=self._on_closed,
            )
            renderers.append(plain)
        shows_progress = not to_stdout and not wishes.quiet
        if shows_progress and is_terminal(self._stderr, self._env):
            renderers.append(self._drawn(self._stderr, only_progress=True))
        return renderers

    def _drawn(self, stream: TextIO, *, only_progress: bool) -> "Renderer":
        from mirador_lsp.cli.render_text import TextRenderer  # noqa: PLC0415 — pipes need no rich

        live = is_terminal(stream, self._env)
        return TextRenderer(
            console_for(stream, self._wishes.color, interactive=live),
            live=live,
            tokens=self._wishes.stream is not False,
            quiet=self._wishes.quiet,
            show_withheld=self._wishes.show_withheld,
            show_context=self._wishes.show_context,
            most=self._wishes.most,
            only_progress=only_progress,
            on_closed=self._on_closed,
            recorder=self._recorder,
        )


def _for_a_host(form: Literal["github", "gitlab", "rdjson"], report: Report, root: Path) -> str:
    """What a host of repositories reads; those count paths from the repository's root."""
    match form:
        case "github":
            from mirador_lsp.cli import render_github  # noqa: PLC0415 — one of seven

            return render_github.render(report, root=places.repository_around(root))
        case "gitlab":
            from mirador_lsp.cli import render_gitlab  # noqa: PLC0415

            return render_gitlab.render(report, root=places.repository_around(root))
        case "rdjson":
            from mirador_lsp.cli import render_rdjson  # noqa: PLC0415

            return render_rdjson.render(report, root=root)
        case _:
            assert_never(form)
