from dataclasses import replace
from datetime import date, datetime, timezone

import openpyxl
import pytest
from openpyxl.utils.escape import unescape

from tests.exports import Watch
from tests.results import result
from tests.stored_calls import heard, judged_by, silent
from warehouse import landing
from warehouse.export import Options, Selection, excel, export
from warehouse.publish import publish
from warehouse.query import run_sql

FORMULA = '=HYPERLINK("http://x","y")'
LONG = 'ä' * 40_000


def book_of(root, out, **options):
    export(root, 'excel', out, Options(**options), Watch())
    return openpyxl.load_workbook(out)


def column(sheet, heading):
    headings = [cell.value for cell in sheet[1]]
    return [row[headings.index(heading)] for row in sheet.iter_rows(min_row=2)]


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp('w')
    for seed in range(8):
        landing.put(root, judged_by(heard(seed)))
    landing.put(root, judged_by(silent()))
    publish(root)
    return root


@pytest.fixture(scope='module')
def book(root, tmp_path_factory):
    return book_of(root, tmp_path_factory.mktemp('x') / 'all.xlsx')


@pytest.fixture(scope='module')
def hostile(tmp_path_factory):
    root = tmp_path_factory.mktemp('w')
    landed = result('http://example.org/', agent=FORMULA, caller_id='0049123',
                    started_at=datetime(1899, 12, 31, tzinfo=timezone.utc))
    texts = ('@SUM(A1)', '+1', 'a\x00\x0b\x1bb\r\nc\ufffe', LONG, '_x0041_', '😀' * 20_000, '12')
    landing.put(root, replace(landed, findings=tuple(
        landed.findings[1]._replace(rule_id=f'r{n}', start_s=float(n), why=text, evidence=text)
        for n, text in enumerate(texts))))
    publish(root)
    return book_of(root, tmp_path_factory.mktemp('x') / 'hostile.xlsx')


def test_the_workbook_has_a_summary_and_a_sheet_of_each_kind(book):
    assert book.sheetnames == ['Summary', 'KPIs', 'Rules', 'Agents', 'Queues', 'Worst calls',
                               'Broken rules', 'Holds', 'Interruptions']


def test_sheets_hold_the_rows_that_the_tables_hold(root, book):
    for title, sql in (('KPIs', 'kpis'), ('Holds', 'holds'), ('Agents', 'agent_day'),
                       ('Broken rules', "findings WHERE result = 'fail'")):
        ((count,),) = run_sql(root, f'SELECT count(*) FROM {sql}').rows()
        assert book[title].max_row - 1 == count, title
    scores = dict(run_sql(root, 'SELECT call_id, etiquette_score FROM kpis').rows())
    told = dict(zip([cell.value for cell in column(book['KPIs'], 'call_id')],
                    [cell.value for cell in column(book['KPIs'], 'etiquette_score')], strict=True))
    assert told == pytest.approx(scores)


def test_the_heading_stays_in_sight_and_every_column_can_be_filtered(book):
    for sheet in book.worksheets[1:]:
        assert sheet.freeze_panes == 'B2'
        assert sheet.auto_filter.ref == sheet.dimensions
        assert all(cell.font.bold for cell in sheet[1])


def test_the_heading_says_what_a_column_means(book):
    notes = {cell.value: cell.comment.text for cell in book['KPIs'][1] if cell.comment}
    assert notes['hold_total_s'] == 'Seconds the caller was parked'
    assert set(notes) == {cell.value for cell in book['KPIs'][1]}


def test_seconds_shares_dates_and_instants_are_numbers_that_look_like_it(book):
    sheet = book['KPIs']
    for heading, form in (('hold_total_s', '#,##0.0'), ('agent_talk_ratio', '0.0%'),
                          ('call_date', 'yyyy-mm-dd'), ('rules_failed', '#,##0'),
                          ('started_at (UTC)', 'yyyy-mm-dd hh:mm:ss'),
                          ('etiquette_score', '#,##0.0')):
        cells = [cell for cell in column(sheet, heading) if cell.value is not None]
        assert cells and {cell.number_format for cell in cells} == {form}, heading
    assert sheet['B2'].value == datetime(2026, 11, 2) and sheet['B2'].is_date
    assert sheet['C2'].value == datetime(2026, 11, 2, 9, 30)


def test_what_is_not_known_is_an_empty_cell(book):
    scores = {cell.row: cell.value for cell in column(book['KPIs'], 'etiquette_score')}
    silent_row = next(cell.row for cell in column(book['KPIs'], 'call_id')
                      if cell.value == 'silent')
    assert scores[silent_row] is None


def test_the_summary_counts_the_calls_and_says_of_how_many_a_figure_is_known(root, book):
    figures = {row[0]: row[1:3] for row in book['Summary'].iter_rows(
        min_row=10, max_row=20, max_col=3, values_only=True)}
    ((calls, mean, known),) = run_sql(
        root, 'SELECT count(*), avg(etiquette_score), count(etiquette_score) FROM kpis').rows()
    assert figures['Calls'] == (calls, calls) == (9, 9)
    assert figures['Etiquette score, mean'] == (pytest.approx(mean), known) and known < calls


def test_the_summary_has_a_chart_of_the_days_and_one_of_the_rules(book):
    assert len(book['Summary']._charts) == 2


def test_a_selection_narrows_every_sheet(root, tmp_path):
    book = book_of(root, tmp_path / 'a.xlsx', selection=Selection(queue='cards'))
    ((count,),) = run_sql(root, "SELECT count(*) FROM kpis WHERE queue = 'cards'").rows()
    assert 0 < book['KPIs'].max_row - 1 == count < 9
    for title in ('KPIs', 'Agents', 'Queues', 'Worst calls', 'Broken rules'):
        assert {cell.value for cell in column(book[title], 'queue')} == {'cards'}, title


def test_a_selection_of_no_call_is_a_workbook_without_rows(root, tmp_path):
    book = book_of(root, tmp_path / 'a.xlsx', selection=Selection(agent='nobody'))
    assert {sheet.max_row for sheet in book.worksheets[1:]} == {1}


def test_named_tables_are_sheets_as_they_are(root, tmp_path):
    book = book_of(root, tmp_path / 'a.xlsx', tables=('turns', 'tca_call_summary'))
    assert book.sheetnames == ['turns', 'tca_call_summary']
    ((count,),) = run_sql(root, 'SELECT count(*) FROM turns').rows()
    assert book['turns'].max_row - 1 == count
    assert {cell.value for cell in column(book['turns'], 'is_backchannel')} <= {True, False}
    assert column(book['tca_call_summary'], 'Participants')[0].value.startswith('[{"Part')


def test_no_text_becomes_a_formula_a_link_or_a_number(hostile):
    for sheet in hostile:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != 'f' and cell.hyperlink is None, cell
    assert column(hostile['KPIs'], 'agent_id')[0].value == FORMULA
    assert column(hostile['KPIs'], 'call_id')[0].value == 'http://example.org/'
    assert [cell.data_type for cell in column(hostile['Broken rules'], 'why')] == ['s'] * 7


def test_text_that_excel_cannot_hold_is_cleaned_and_cut_and_all_other_is_kept(hostile):
    told = [cell.value for cell in column(hostile['Broken rules'], 'why')]
    assert told[:3] == ['@SUM(A1)', '+1', 'ab\nc']
    assert told[3] == LONG[:32_766] + '…'
    assert unescape(told[4]) == '_x0041_'  # as Excel reads it, and openpyxl does not by itself
    assert told[5] == '😀' * 16_383 + '…' and told[6] == '12'


def test_an_instant_before_excels_calendar_is_text(hostile):
    assert column(hostile['KPIs'], 'started_at (UTC)')[0].value == '1899-12-31T00:00:00'


def test_rows_beyond_what_a_sheet_takes_go_on_in_numbered_sheets(
        root, book, tmp_path, monkeypatch):
    monkeypatch.setattr(excel, 'MOST_ROWS', 5)
    split = book_of(root, tmp_path / 'a.xlsx')
    kpis = [split[title] for title in ('KPIs', 'KPIs (2)', 'KPIs (3)')]
    assert [sheet.max_row - 1 for sheet in kpis] == [4, 4, 1]
    assert [cell.value for sheet in kpis for cell in column(sheet, 'call_id')] == [
        cell.value for cell in column(book['KPIs'], 'call_id')]
    for sheet in kpis:
        assert sheet.freeze_panes == 'B2' and sheet.auto_filter.ref == sheet.dimensions
        assert [cell.value for cell in sheet[1]] == [cell.value for cell in book['KPIs'][1]]
    told = {row[0]: row[1] for row in split['Summary'].iter_rows(max_col=2, values_only=True)}
    assert told['KPIs to KPIs (3)'] == 9 and 'KPIs' not in told
    assert max(sheet.max_row for sheet in split.worksheets[1:]) == 5


def test_the_last_row_that_fits_is_written(root, tmp_path, monkeypatch):
    monkeypatch.setattr(excel, 'MOST_ROWS', 10)
    book = book_of(root, tmp_path / 'a.xlsx', tables=('calls',))
    assert book.sheetnames == ['calls'] and book['calls'].max_row == 10


def test_a_figure_that_is_no_number_is_an_empty_cell(tmp_path):
    landing.put(tmp_path / 'w', result(score=float('nan'), day=date(2026, 11, 4)))
    publish(tmp_path / 'w')
    book = book_of(tmp_path / 'w', tmp_path / 'a.xlsx')
    assert column(book['KPIs'], 'etiquette_score')[0].value is None
