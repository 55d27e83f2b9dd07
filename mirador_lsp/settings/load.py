"""From files, editor, environment and flags to settings: what the surfaces call at start."""

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from mirador_lsp.settings.files import Unreadable, parse_toml, read_file
from mirador_lsp.settings.flow_files import FOLDER as FLOWS
from mirador_lsp.settings.flow_files import read_knowledge
from mirador_lsp.settings.paths import Paths, paths
from mirador_lsp.settings.problems import Problem, problem
from mirador_lsp.settings.profiles import this_machine
from mirador_lsp.settings.resolve import Form, Layer, environment, origins, resolve
from mirador_lsp.settings.reviewer_files import FOLDER, read_reviewers
from mirador_lsp.settings.settings import Settings
from mirador_lsp.settings.trust import TrustStore

WORKSPACE_FILE = ".mirador.toml"
WORKSPACE_FOLDER = ".mirador"
_MARKERS = (WORKSPACE_FILE, ".git")
_MAX_ASCENT = 64

_EDITOR_REFUSAL = (
    "This editor does not say whether the value is yours or the workspace's: set it in your own "
    "settings file or in the environment."
)


@dataclass(frozen=True)
class Loaded:
    """Settings, what was wrong on the way to them, and the folders they lead to."""

    settings: Settings
    problems: tuple[Problem, ...]
    paths: Paths
    trusted: bool = False
    """The workspace has a settings file and the user trusts it as it is."""
    workspace: Path | None = None
    """The workspace folder, as an absolute path."""
    origins: Mapping[str, str] = field(default_factory=dict)
    """By the name of a setting ("review.gate"), the source it was taken from."""

    @property
    def trusted_folder(self) -> Path | None:
        """The workspace folder, where the user trusts it."""
        return self.workspace if self.trusted else None


def load_settings(
    *,
    workspace: Path | None = None,
    editor: Mapping[str, object] | None = None,
    editor_vouches: bool = False,
    env: Mapping[str, str],
    flags: Mapping[str, Mapping[str, object]] | None = None,
) -> Loaded:
    """Read every source and resolve them. Reads two small files; raises nothing.

    `workspace` is the root folder (see `find_workspace_root`). `editor` is what the editor sent,
    as it is or under the one key "mirador".

    Restricted settings are the user's alone. An editor mixes the user's settings with those that
    lie in the workspace and does not tell them apart, so its restricted values count only when
    `editor_vouches`: the client has declared, in something no settings file can change, that it
    takes them from the user or from a workspace the user trusts in the editor.
    """
    where = paths(env)
    here = Path(os.path.abspath(workspace)) if workspace is not None else None  # noqa: PTH100 — `resolve` would follow links
    layers = [_user_layer(where)]
    trusted = False
    if here is not None:
        layers.append(workspace_layer(here / WORKSPACE_FILE, TrustStore(where.trust)))
        trusted = layers[-1].trusted
    if editor is not None:
        refusal = "" if editor_vouches else _EDITOR_REFUSAL
        layers.append(Layer("the editor", _unwrapped(editor), Form.EDITOR, here, refusal))
    layers.append(environment(env, _current_folder()))
    if flags is not None:
        layers.append(Layer("the command line", flags, Form.TEXT, _current_folder()))
    settings, problems = resolve(layers, this_machine())
    settings, wrong = _with_reviewers(settings, where, here if trusted else None)
    settings, unknown = _with_knowledge(settings, where, here if trusted else None)
    problems = (*problems, *wrong, *unknown)
    settings = replace(settings, folder=str(here) if here is not None else "")
    where = paths(env, settings)
    return Loaded(settings, problems, where, trusted, here, origins(layers))


def _with_reviewers(
    settings: Settings, where: Paths, trusted: Path | None
) -> tuple[Settings, tuple[Problem, ...]]:
    """The settings with the user's reviewers and those of a workspace that they trust, which take
    the place of their namesakes.
    """
    own, problems = read_reviewers(where.config_file.with_name(FOLDER))
    theirs, wrong = read_reviewers(trusted / WORKSPACE_FOLDER / FOLDER) if trusted else ((), ())
    named = {each.name: each for each in (*own, *theirs)}
    return replace(settings, reviewers=tuple(named.values())), (*problems, *wrong)


def _with_knowledge(
    settings: Settings, where: Paths, trusted: Path | None
) -> tuple[Settings, tuple[Problem, ...]]:
    """The settings with the user's knowledge of libraries, and that of a workspace they trust."""
    own, problems = read_knowledge(where.config_file.with_name(FLOWS))
    theirs, wrong = read_knowledge(trusted / WORKSPACE_FOLDER / FLOWS) if trusted else ((), ())
    return replace(settings, flows=(*own, *theirs)), (*problems, *wrong)


def workspace_layer(file: Path, store: TrustStore) -> Layer:
    """What a workspace's file says. Its restricted settings are refused unless it is trusted."""
    content = read_file(file, follow=False)
    if isinstance(content, bytes):
        # Checked against the bytes that are used, so the file cannot change in between.
        trusted = store.is_trusted(file, content)
        refusal = (
            ""
            if trusted
            else f"Read the file; if you trust it: mirador trust {shlex.quote(str(file.parent))}"
        )
        layer = _toml_layer(file, content, refusal)
        return replace(layer, trusted=trusted, foreign=not trusted)
    return _toml_layer(file, content, "")


def find_workspace_root(path: Path) -> Path:
    """The nearest folder at or above `path` that holds `.mirador.toml` or `.git`.

    Without one, the folder of `path` itself. A marker counts only if it belongs to the current
    user or to the owner of the starting folder: in a shared folder such as /tmp anybody could put
    one above. The search ends before the home folder.
    """
    start = Path(os.path.abspath(path))  # noqa: PTH100 — `resolve` would follow links
    if not start.is_dir():
        start = start.parent
    owners = {os.geteuid()}
    try:
        owners.add(start.stat().st_uid)
        home = Path.home()
    except (OSError, RuntimeError, ValueError):
        return start
    for folder in (start, *start.parents)[:_MAX_ASCENT]:
        if folder != start and folder == home:
            break
        if any(_owner(folder / marker) in owners for marker in _MARKERS):
            return folder
    return start


def _user_layer(where: Paths) -> Layer:
    # Dotfiles are often links into a repository of the user's own.
    return _toml_layer(where.config_file, read_file(where.config_file, follow=True), "")


def _toml_layer(file: Path, content: bytes | Unreadable | None, refusal: str) -> Layer:
    source = str(file)
    said = parse_toml(content) if isinstance(content, bytes) else content
    if isinstance(said, Unreadable):
        wrong = problem(source, "", said.message, said.remedy)
        return Layer(source, {}, problems=(wrong,))
    return Layer(source, said or {}, base=file.parent, refusal=refusal)


def _unwrapped(editor: Mapping[str, object]) -> Mapping[str, object]:
    inner = editor.get("mirador")
    return inner if len(editor) == 1 and isinstance(inner, Mapping) else editor


def _owner(path: Path) -> int | None:
    try:
        return path.lstat().st_uid
    except (OSError, ValueError):
        return None


def _current_folder() -> Path | None:
    try:
        return Path.cwd()
    except OSError:
        return None
