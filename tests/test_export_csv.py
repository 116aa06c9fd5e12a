import json
from dataclasses import replace
from datetime import date

import pyarrow.csv as pa_csv
import pytest

from tests.exports import FORMULA, TEXT, cells, comparable, made
from tests.results import result
from tests.stored_calls import heard, judged_by, silent
from warehouse import landing
from warehouse.export.source import TABLE_NAMES
from warehouse.publish import publish
from warehouse.query import run_sql


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp('w')
    landing.put(root, judged_by(heard(0)))
    landing.put(root, judged_by(silent()))
    odd = result('c1', agent=FORMULA, day=date(2026, 10, 1), standards=('default', 'ko'))
    landing.put(root, replace(odd, turns=(odd.turns[0]._replace(text=TEXT), *odd.turns[1:])))
    publish(root)
    return root


def test_csv_says_what_the_tables_say(root, tmp_path):
    out = made(root, 'csv', tmp_path, raw=True)
    assert {path.name for path in out.iterdir()} == {
        'export.json', *(f'{name}.csv' for name in (
            *TABLE_NAMES, 'agent_day', 'queue_day', 'rule_compliance', 'worst_calls',
            'interruptions', 'holds'))}
    for name in ('calls', 'turns', 'kpis', 'findings', 'runs', 'agent_day'):
        table = run_sql(root, f'FROM {name}').table()
        again = pa_csv.read_csv(
            out / f'{name}.csv', parse_options=pa_csv.ParseOptions(newlines_in_values=True),
            convert_options=pa_csv.ConvertOptions(
                column_types=table.schema, null_values=[''], strings_can_be_null=True,
                quoted_strings_can_be_null=False))
        assert comparable(again) == comparable(table), name


def test_csv_ends_its_lines_as_the_rfc_says_and_quotes_what_needs_it(root, tmp_path):
    out = made(root, 'csv', tmp_path, tables=('turns', 'kpis'))
    data = (out / 'turns.csv').read_bytes()
    assert data.startswith(b'call_id,call_date,turn,') and data.endswith(b'\r\n')
    assert b'"a ""quoted"", text,\r\nof two lines\tand \xc3\xa9' in data
    assert TEXT in {row['text'] for row in cells(out / 'turns.csv')}
    assert sorted(path.name for path in out.iterdir()) == ['export.json', 'kpis.csv', 'turns.csv']


def test_an_unknown_value_is_empty_in_csv_and_an_empty_text_is_two_quotes(tmp_path):
    root = tmp_path / 'w'
    landing.put(root, result(score=float('nan')))
    publish(root)
    out = made(root, 'csv', tmp_path, tables=('kpis',))
    header, line = (out / 'kpis.csv').read_text(encoding='utf-8').splitlines()
    told = dict(zip(header.split(','), line.split(','), strict=True))
    assert told['signoff_order'] == '""' and told['signoff_spoken'] == ''
    assert told['etiquette_score'] == told['ring_to_answer_s'] == ''


def test_csv_text_that_a_spreadsheet_would_run_begins_with_an_apostrophe_unless_raw(
        root, tmp_path):
    guarded = made(root, 'csv', tmp_path)
    assert {"'" + FORMULA} == {row['agent_id'] for row in cells(guarded / 'calls.csv')
                               if 'cmd' in row['agent_id']}
    assert [row for path in guarded.glob('*.csv') for row in cells(path)
            for name, value in row.items() if value[:1] in '=+@\t\r' and value] == []
    raw = made(root, 'csv', tmp_path, raw=True, force=True)
    assert FORMULA in {row['agent_id'] for row in cells(raw / 'calls.csv')}


def test_csv_numbers_below_zero_stay_numbers(root, tmp_path):
    out = made(root, 'csv', tmp_path, tables=('turns',))
    levels = [row['level_dbfs'] for row in cells(out / 'turns.csv') if row['level_dbfs']]
    assert levels and all(float(level) < 0 for level in levels)


def test_csv_begins_with_a_byte_order_mark_only_where_it_is_asked_for(root, tmp_path):
    for bom in (False, True):
        out = made(root, 'csv', tmp_path, tables=('calls',), bom=bom, force=True)
        assert (out / 'calls.csv').read_bytes().startswith(b'\xef\xbb\xbfcall_id') is bom


def test_csv_has_lists_and_structs_as_json(root, tmp_path):
    out = made(root, 'csv', tmp_path, tables=('worst_calls', 'tca_call_summary'))
    failed = [json.loads(row['failed']) for row in cells(out / 'worst_calls.csv') if row['failed']]
    assert failed and all(isinstance(rule, str) for rules in failed for rule in rules)
    for row in cells(out / 'tca_call_summary.csv'):
        assert json.loads(row['ConversationCharacteristics'])['NonTalkTime']['TotalTimeMillis'] >= 0
