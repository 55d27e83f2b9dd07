"""What the user wants, where it was said, and where Mirador keeps its files.

It must never know a model, an analyzer or an editor, and it never stops a start: what is wrong is
reported as a `Problem` and skipped. Read `options.py` first, then `resolve.py`.
"""

from mirador_lsp.settings.actions import read_prompt
from mirador_lsp.settings.load import Loaded, find_workspace_root, load_settings
from mirador_lsp.settings.paths import Paths, paths
from mirador_lsp.settings.policies import answer_policy, change_policy, review_policy
from mirador_lsp.settings.problems import Problem
from mirador_lsp.settings.resolve import Form, Layer, resolve
from mirador_lsp.settings.settings import ActionSettings, Settings

__all__ = [
    "ActionSettings",
    "Form",
    "Layer",
    "Loaded",
    "Paths",
    "Problem",
    "Settings",
    "answer_policy",
    "change_policy",
    "find_workspace_root",
    "load_settings",
    "paths",
    "read_prompt",
    "resolve",
    "review_policy",
]
