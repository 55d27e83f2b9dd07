"""Model text is hostile: only what holds gets through."""

from hypothesis import given
from hypothesis import strategies as st

from mirador_lsp.core.document import Snapshot
from mirador_lsp.core.findings import Lens
from mirador_lsp.core.outline import Unit
from mirador_lsp.core.text import Span
from mirador_lsp.engine.grammar import NOTHING
from mirador_lsp.engine.reading import Claim, Reject, is_hopeless, read_line, read_number
from mirador_lsp.engine.units import ShownUnit, show

CODE = (
    "class Users:\n"
    "    def find(self, name):\n"
    '        sql = "SELECT * FROM u WHERE n = \'" + name + "\'"\n'
    "        return self.db.execute(sql)\n"
)
LENSES = (Lens.BUG, Lens.SECURITY)


def shown() -> ShownUnit:
    """A method of `CODE` as a prompt shows it."""
    snapshot = Snapshot("file:///u.py", "u.py", "python", CODE)
    start = CODE.index("    def")
    return show(snapshot, Unit("Users.find", "method", (Span(start, len(CODE)),), ""))


def read(line: str) -> Claim | Reject | None:
    """What a line of a reply about `shown` says."""
    return read_line(line, shown(), LENSES)


def test_a_claim_is_anchored_to_the_line_it_quotes() -> None:
    """The span is the quoted line in the document, without its indentation."""
    claim = read("- security: The query is built from input. Code: `return self.db.execute(sql)`")

    assert isinstance(claim, Claim)
    assert CODE[claim.span.start : claim.span.end] == "return self.db.execute(sql)"
    assert claim.lens is Lens.SECURITY
    assert claim.message == "The query is built from input."


def test_a_quote_may_differ_in_white_space_and_be_a_part() -> None:
    """Small models lose blanks; a part of a line is enough when it is long enough to tell."""
    claim = read("- bug: The result may be None. Code: `self.db.execute( sql )`")

    assert isinstance(claim, Claim)
    assert claim.quote == "return self.db.execute(sql)"


def test_a_quote_that_is_not_in_the_unit_is_dropped() -> None:
    """Code the model was not shown, or made up, anchors nothing."""
    assert read("- bug: This goes wrong on None. Code: `os.remove(path)`") is Reject.QUOTE
    assert read("- bug: This goes wrong on None. Code: `class Users:`") is Reject.QUOTE
    assert read("- bug: This goes wrong on None. Code: `)`") is Reject.QUOTE


def test_nothing_to_report_is_not_a_reject() -> None:
    """The agreed way to say nothing, and empty lines, count as nothing said."""
    assert read(NOTHING) is None
    assert read("none") is None
    assert read("   ") is None


def test_a_claim_that_there_is_no_defect_is_dropped() -> None:
    """Small models fill the form with reassurance."""
    quote = "Code: `return self.db.execute(sql)`"

    assert read(f"- bug: No defects. It is fine. {quote}") is Reject.EMPTY
    assert read(f"- security: There is no vulnerability here. {quote}") is Reject.EMPTY
    assert read(f"- bug: The code does not contain any bugs. {quote}") is Reject.EMPTY
    assert read(f"- bug: O(n) over the rows. {quote}") is Reject.EMPTY


def test_a_line_that_will_name_no_defect_is_known_from_its_beginning() -> None:
    """The rest need not be waited for; what may still become a finding is."""
    assert is_hopeless("- bug: There is no bug in this code, it")
    assert not is_hopeless("- bug: There is")
    assert not is_hopeless("- bug: The loop never reaches the last element of")
    assert read("- bug: There is no bug in this code, it") is Reject.EMPTY


def test_a_claim_too_short_to_say_what_is_wrong_is_dropped() -> None:
    """A kind of defect is not a defect, and code repeated as a message says nothing."""
    quote = "Code: `return self.db.execute(sql)`"

    assert read(f"- bug: Repeated work. {quote}") is Reject.EMPTY
    assert read(f'- bug: Problem. Code: "a b c d e f" {quote}') is Reject.EMPTY


def test_a_lens_nobody_asked_for_is_dropped() -> None:
    """The question limits what may be answered."""
    line = "- style: The name says too little. Code: `return self.db.execute(sql)`"

    assert read(line) is Reject.LENS


def test_a_sentence_cut_off_by_the_limit_is_left_out() -> None:
    """Messages end with a whole sentence."""
    claim = read("- bug: It fails on None. This can lead to an Code: `return self.db.execute(sql)`")

    assert isinstance(claim, Claim)
    assert claim.message == "It fails on None."


def test_markup_and_control_characters_come_out_as_plain_text() -> None:
    """ANSI, bidi and tag characters never reach a finding; markup stays inert text."""
    claim = read(
        "- bug: \x1b[31mBad\u202e [bold]x[/bold] <img src=e> \U000e0041. "
        "Code: `return self.db.execute(sql)`"
    )

    assert isinstance(claim, Claim)
    assert claim.message == "[31mBad [bold]x[/bold] <img src=e> ."


@given(st.text())
def test_any_text_is_read_without_a_crash_and_never_lands_outside(line: str) -> None:
    """Whatever a model writes, a claim lies on a line it was shown."""
    result = read(line)

    if isinstance(result, Claim):
        assert any(place.contains(result.span) for place, _ in shown().lines)


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_form_with_any_content_never_lands_outside(message: str, quote: str) -> None:
    """The same for text that has the agreed form."""
    result = read(f"- bug: {message} Code: `{quote}`")

    if isinstance(result, Claim):
        assert any(place.contains(result.span) for place, _ in shown().lines)
        assert "\n" not in result.message


def test_a_choice_is_one_of_the_numbers_offered() -> None:
    """Anything else chooses nothing."""
    assert read_number("2", 3) == 2
    assert read_number(" 3. because", 3) == 3
    assert [read_number(reply, 3) for reply in ("", "4", "0", "none", "12345")] == [None] * 5
