"""CWE numbers for what models name in words."""

import pytest

from mirador_lsp.engine.weaknesses import weakness_in


@pytest.mark.parametrize(
    ("message", "number"),
    [
        ("User input in the query allows SQL injection.", "CWE-89"),
        ("The name is injected into the SQL without quoting.", "CWE-89"),
        ("A shell command injection is possible here.", "CWE-78"),
        ("This opens a path traversal outside of the folder.", "CWE-22"),
        ("The comment is shown as it is: cross-site scripting.", "CWE-79"),
        ("It unpickles data of strangers.", "CWE-502"),
        ("A hard-coded database password stands here.", "CWE-798"),
        ("MD5 is no longer safe for passwords.", "CWE-327"),
        ("eval runs whatever the user sends.", "CWE-95"),
        ("The list is sorted twice for nothing.", None),
        ("Neither SQL injection nor path traversal is prevented.", None),
        ("The evaluation of the executor is slow.", None),
    ],
)
def test_a_weakness_named_in_words_has_its_number(message: str, number: str | None) -> None:
    """One known name gives a number; none, or two that disagree, give none."""
    assert weakness_in(message) == number
