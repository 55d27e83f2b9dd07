"""Text that tries to be more than text, for everything that shows text."""

HOSTILE = (
    "\x1b[31mred\x1b[0m \x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\ \x9b2J "
    "[bold]markup[/bold] [link=https://evil.example]x[/link] :skull: "
    "<script>alert(1)</script> <img src=x onerror=y> ![i](https://evil.example/?q=1) "
    "[a](command:rm) https://evil.example www.evil.example @someone #12 `code` **bold** "
    "\u202eoverridden\u202c \u2066iso\u2069 zero\u200bwidth tag\U000e0041 | cell | \r\nnext\x00"
)
FORBIDDEN = ("\x1b", "\x9b", "\x00", "\r", "\u202e", "\u202c", "\u2066", "\u200b", "\U000e0041")
"""Characters that must never reach an output, wherever the text came from."""
