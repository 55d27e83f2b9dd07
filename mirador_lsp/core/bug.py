"""Broken invariants are reported, not fatal: users keep their editor, tests fail."""

import logging
import sys

_log = logging.getLogger("mirador_lsp.bug")


class BrokenInvariantError(AssertionError):
    """Something happened that the code says cannot happen."""


def report(what: str) -> None:
    """Log that `what`, which cannot be, is. Under `python -X dev` (the tests) it raises instead."""
    if sys.flags.dev_mode:
        raise BrokenInvariantError(what)
    _log.error("broken invariant: %s", what, stack_info=True)
