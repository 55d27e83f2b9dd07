"""A small sound file in every language with a parser, and hostile texts for any of them."""

from pathlib import Path

from mirador_lsp.syntax.languages import language_of

_FOLDER = Path(__file__).parent.parent / "fixtures" / "samples"

SAMPLES = {
    language_of(path.name): path.read_bytes().decode("utf-8") for path in sorted(_FOLDER.iterdir())
}
"""Each has a function `run` with a loop in a condition and, where there are classes, a class `Box`
with two fields and a method `fill`.
"""

DEEP = 200_000

HOSTILE = {
    "nothing": "",
    "blank lines": "\n" * 50_000,
    "opening brackets": "(" * DEEP,
    "nested brackets": "[" * DEEP + "]" * DEEP,
    "a chain of members": "a" + ".a" * 100_000,
    "a long sum": "a" + "+a" * 100_000,
    "nested blocks": "class a{" * 50_000,
    "nested conditions": "".join(f"{' ' * (n % 90)}if x:\n" for n in range(3_000)),
    "nested functions": "function f(){\n" * 20_000,
    "bytes as text": bytes(n * n % 251 for n in range(60_000)).decode("latin-1"),
    "broken UTF-8": bytes(n * 7 % 256 for n in range(60_000)).decode("utf-8", "replace"),
    "NUL": "\0" * 100_000,
    "lone surrogates": "x = '\ud800'\n" * 500,
    "carriage returns": "x = 1\r" * 5_000,
    "astral": "é😀=1;" * 20_000,
    "comments": "/*a*/" * 20_000,
    "quotes": '"' * 50_000,
    "minified": "function f(a,b){var c=a+b;if(c){return[c,a,{x:1}]}}" * 100_000,
}
"""Texts that crash, freeze or confuse parsers, by what they are."""
