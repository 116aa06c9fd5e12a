import pytest

from warehouse.spreadsheet_safe import safe_cell


@pytest.mark.parametrize('text', [
    '=1+1', '+62811', '-2+3', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1', '=cmd|"/c calc"!A1',
    '-'])
def test_what_a_spreadsheet_would_run_begins_with_an_apostrophe(text):
    assert safe_cell(text) == "'" + text


@pytest.mark.parametrize('text', ['', 'Anna', "'=1", ' =1', 'a=b', '5-3', 'c1', '“=1”'])
def test_other_text_is_as_it_was(text):
    assert safe_cell(text) == text
