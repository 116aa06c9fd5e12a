"""`etiquette ask`: named questions, the shipped ones and a site's own."""

import csv
import io
import json
from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.cli import run_command
from tests.stored_calls import heard, judged_by, silent
from warehouse import landing
from warehouse.publish import publish
from warehouse.query import run_sql
from warehouse.questions import FOLDER, QuestionError, ask, load_questions, read_question

NAMES = sorted(path.stem for path in FOLDER.glob('*.sql'))
VALUES = {'agent': 'a1', 'queue': 'cards', 'call': 'call 0003', 'rule': 'closing-thanks',
          'from': date(2026, 11, 2), 'to': date(2026, 11, 3), 'limit': 2}


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp('w')
    for one in (*map(heard, range(16)), silent()):
        landing.put(root, judged_by(one))
    publish(root)
    return root


@pytest.fixture(scope='module')
def empty(tmp_path_factory):
    root = tmp_path_factory.mktemp('empty')
    publish(root)
    return root


@pytest.fixture
def etiquette(root, capsys):
    def run(*words):
        code = run_command([*words, '--warehouse', str(root)])
        printed = capsys.readouterr()
        return code, printed.out, printed.err
    return run


@pytest.mark.parametrize('name', NAMES)
def test_a_question_says_what_it_asks_and_is_answered_with_and_without_its_flags(root, empty, name):
    question = load_questions()[name]
    assert '?' in question.asks
    needed = {key: VALUES[key] for key in question.required}
    every = {key: VALUES[key] for key in question.defaults}
    assert list(ask(empty, question, needed).rows()) == []
    assert ask(root, question, needed).columns
    few = list(ask(root, question, every).rows())
    assert len(few) <= 2 or 'limit' not in every or name == 'coaching'


def test_answers_narrow_to_what_they_are_asked_of(root):
    question = load_questions()['worst-calls']
    for given, column in (({'agent': 'a1'}, 'agent'), ({'queue': 'cards'}, 'queue')):
        rows = ask(root, question, given)
        n = rows.columns.index(column)
        assert {row[n] for row in rows.rows()} == set(given.values())
    dated = ask(root, question, {'from': date(2026, 11, 3), 'to': date(2026, 11, 3)})
    assert {row[1] for row in dated.rows()} == {date(2026, 11, 3)}


def test_a_value_is_a_value_and_never_sql(root):
    hostile = "a1' OR 1=1; DROP VIEW calls --"
    assert list(ask(root, load_questions()['worst-calls'], {'agent': hostile}).rows()) == []
    assert list(run_sql(root, 'SELECT count(*) FROM calls').rows()) == [(17,)]


def test_why_adds_up_to_the_points_that_a_call_has_lost(root):
    question = load_questions()['why']
    scored = list(run_sql(root, 'SELECT call_id, etiquette_score FROM kpis '
                          'WHERE etiquette_score IS NOT NULL ORDER BY 1').rows())
    assert len(scored) > 3
    for call_id, score in scored:
        rows = ask(root, question, {'call': call_id, 'limit': 500})
        n = rows.columns.index('lost')
        assert sum(row[n] or 0.0 for row in rows.rows()) == pytest.approx(100 - score)


def test_unknowns_are_counted_by_their_reason(root):
    rows = list(ask(root, load_questions()['unknowns'], {'limit': 1000}).rows())
    ((findings,),) = run_sql(root, """SELECT count(*) FROM findings WHERE result = 'unknown'
        AND (weight > 0 OR stage = 'kpi')""").rows()
    assert sum(row[1] for row in rows) == findings
    assert all(row[0] and 0 < row[3] <= 1 for row in rows)


def test_alone_it_lists_every_question(etiquette):
    code, out, _ = etiquette('ask')
    assert code == 0
    assert all(f'{name} ' in out for name in NAMES) and len(NAMES) >= 16
    code, out, _ = etiquette('ask', '--format', 'json')
    assert [row['name'] for row in json.loads(out)] == NAMES


@pytest.mark.parametrize('words, told', [
    (('worst-hold',), 'Did you mean `worst-holds`?'),
    (('zzzz',), '`etiquette ask` lists them all'),
    (('holds-by-hour', '--agent', 'a1'), '`holds-by-hour` does not take --agent. It takes --queue'),
    (('why',), 'Add --call'),
    (('worst-calls', '--from', 'yesterday'), 'write 2026-11-30'),
    (('worst-calls', '--limit', '0'), 'must be at least 1'),
    (('--agent', 'a1'), 'name the question'),
    (('agents', '--out', 'agents.txt'), 'a file takes one of csv, json, parquet, arrow'),
    (('agents', '--out', 'nowhere/agents.csv'), 'there is no folder nowhere'),
])
def test_wrong_use_names_the_way_out(etiquette, words, told, capsys):
    try:
        code, _, err = etiquette('ask', *words)
    except SystemExit as stop:
        code, err = stop.code, capsys.readouterr().err
    assert code == 2
    assert told in err


def test_an_answer_on_a_terminal_reads_as_its_columns_are_meant(etiquette):
    _, out, _ = etiquette('ask', 'interrupters')
    assert 'cut in / min' in out and ' %' in out
    _, out, _ = etiquette('ask', 'worst-holds', '--limit', '1')
    assert 'hold, s' in out and '(limit 1)' in out
    _, out, _ = etiquette('ask', 'rejects')
    assert 'nothing: no row answers this question' in out


def test_other_formats_have_the_values_unrounded_under_the_columns_names(etiquette, root):
    question = load_questions()['agents']
    rows = ask(root, question, {})
    expected = [dict(zip(rows.columns, row, strict=True)) for row in rows.rows()]
    _, out, _ = etiquette('ask', 'agents', '--format', 'json')
    assert json.loads(out) == expected
    _, out, _ = etiquette('ask', 'agents', '--format', 'csv')
    read = list(csv.DictReader(io.StringIO(out)))
    # Sums are over threads in any order: the last digit differs from one answer to the next.
    assert [float(row['hold_share']) for row in read] == pytest.approx(
        [row['hold_share'] for row in expected], rel=1e-12)


def test_a_file_is_written_whole_in_the_format_that_its_name_says(etiquette, root, tmp_path):
    sql = 'SELECT call_id, call_date, duration_s FROM calls ORDER BY call_id'
    table = run_sql(root, sql).table()
    for ending, read in (('parquet', pq.read_table),
                         ('arrow', lambda path: pa.ipc.open_stream(path).read_all())):
        path = tmp_path / f'calls.{ending}'
        assert etiquette('sql', sql, '--out', str(path))[0] == 0
        assert read(path).equals(table)
    path = tmp_path / 'calls.csv'
    path.write_text('old')
    assert etiquette('sql', "SELECT error('broken') FROM calls", '--out', str(path))[0] == 2
    assert path.read_text() == 'old' and len(list(tmp_path.iterdir())) == 3
    assert etiquette('sql', sql, '--out', str(path))[0] == 0
    assert len(path.read_text().splitlines()) == 18
    assert 'lies in the warehouse' in etiquette('sql', sql, '--out', str(root / 'x.csv'))[2]


@pytest.mark.parametrize('format', ['parquet', 'arrow'])
def test_what_is_not_for_reading_goes_to_no_terminal(etiquette, format, monkeypatch):
    monkeypatch.setattr('sys.stdout.isatty', lambda: True, raising=False)
    code, out, err = etiquette('sql', 'SELECT 1', '--format', format)
    assert (code, out) == (2, '') and f'add --out FILE.{format}' in err


def test_a_sites_own_question_is_asked_like_the_others(etiquette, root, tmp_path):
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine' / 'long-calls.sql').write_text(
        '-- Question: Which calls\n-- are long?\n-- Parameters: queue, limit = 3\n'
        'SELECT call_id FROM calls WHERE $queue IS NULL OR queue = $queue LIMIT $limit')
    (tmp_path / 'mine' / 'agents.sql').write_text('-- Question: Who?\nSELECT 1 AS mine')
    config = tmp_path / 'site.yaml'
    config.write_text('questions: mine\n')
    code, out, _ = etiquette('ask', 'long-calls', '--config', str(config), '--format', 'json')
    assert code == 0 and len(json.loads(out)) == 3
    assert 'Which calls are long?' in etiquette('ask', '--config', str(config))[1]
    assert 'mine' in etiquette('ask', 'agents', '--config', str(config))[1]
    config.write_text('questions: nowhere\n')
    code, _, err = etiquette('ask', '--config', str(config))
    assert code == 2 and f'there is no folder {tmp_path / "nowhere"}' in err


def test_the_question_that_the_page_of_tables_shows_is_answered(root, tmp_path):
    page = (FOLDER.parent.parent / 'docs' / 'tables.md').read_text(encoding='utf-8')
    path = tmp_path / 'longest.sql'
    path.write_text(page.partition('```sql\n')[2].partition('```')[0])
    rows = list(ask(root, read_question(path), {'queue': 'cards', 'limit': 3}).rows())
    assert [row[3] for row in rows] == sorted((row[3] for row in rows), reverse=True)
    assert len(rows) == 3


@pytest.mark.parametrize('name, text, told', [
    ('no-header.sql', 'SELECT 1', 'is no question'),
    ('empty.sql', '-- Question: What?\n', 'is no question'),
    ('other.sql', '-- Question: What?\n-- Parameters: colour\nSELECT 1', 'parameter `colour`'),
    ('limit.sql', '-- Question: What?\n-- Parameters: limit = all\nSELECT 1', 'limit = all'),
    ('Bad Name.sql', '-- Question: What?\nSELECT 1', 'small letters'),
    ('binary.sql', b'\xff\xfe', 'Write it as UTF-8'),
])
def test_a_file_that_is_no_question_is_named_with_what_it_lacks(tmp_path, name, text, told):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(QuestionError) as e:
        read_question(path)
    assert str(path) in str(e.value) and told in str(e.value)


def test_a_sites_own_question_can_do_no_more_than_ask(root, tmp_path):
    path = tmp_path / 'evil.sql'
    path.write_text("-- Question: What?\nCOPY calls TO '/tmp/out.csv'")
    with pytest.raises(Exception, match='questions only, and this is COPY'):
        ask(root, read_question(path), {})
