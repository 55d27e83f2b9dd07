"""Broken invariants are reported, not fatal: users keep their editor, tests fail."""

import logging

_log = logging.getLogger("mirador_lsp.bug")


class BrokenInvariantError(AssertionError):
    """Something happened that the code says cannot happen."""


def report(what: str, *, strict: bool | None = None) -> None:
    """Log that `what`, which cannot be, is. Under `python -X dev` (the tests) it raises instead."""
    import sys  # noqa: PLC0415 — only on this path

    if sys.flags.dev_mode if strict is None else strict:
        raise BrokenInvariantError(what)
    _log.error("broken invariant: %s", what, stack_info=True)
