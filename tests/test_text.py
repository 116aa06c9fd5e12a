from hypothesis import given
from hypothesis import strategies as st

from pipeline.text import clean


def test_terminal_sequences_and_direction_marks_lose_their_power():
    assert clean('a\x1b[31mred\x07\u202egpj.exe') == 'a\ufffd[31mred\ufffd\ufffdgpj.exe'


def test_line_breaks_become_spaces_so_that_a_name_cannot_forge_a_line():
    assert clean('a\nb\r\tc') == 'a b  c'


def test_long_text_is_cut_with_an_ellipsis():
    assert clean('x' * 5000, 10) == 'x' * 9 + '…'


@given(st.text())
def test_what_is_printed_never_holds_a_control_character(text):
    assert not any(ord(ch) < 32 or 0x7f <= ord(ch) < 0xa0 for ch in clean(text))


@given(st.text(alphabet=st.characters(categories=('L', 'N', 'P')), max_size=100))
def test_letters_digits_and_punctuation_stay_as_they_are(text):
    assert clean(text) == text
