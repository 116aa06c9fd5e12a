"""What a hostile question or a hostile text can do: nothing."""

import csv
import io
import json
from dataclasses import replace

import pytest

from pipeline.cli import run_command
from tests.results import result
from warehouse import landing
from warehouse.errors import QueryError
from warehouse.publish import publish
from warehouse.query import run_sql

SECRET = 'TOP-SECRET'
HOSTILE = {
    'ansi': '\x1b[31mred\x1b[0m\x07', 'turned': 'a\u202egpj.exe', 'formula': '=HYPERLINK("x")',
    'at': '@SUM(A1)', 'html': '</script><script>alert(1)</script>', 'lines': 'a\nb\rc\td',
    'sql': "'; DROP TABLE calls; --", 'long': 'x' * 1_000_000, 'markup': '[bold red]b[/]',
    'half': 'é\u0301\u200d\U0001f600'}


@pytest.fixture(scope='module')
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp('attacked')
    root = folder / 'w'
    (folder / 'secret.txt').write_text(SECRET)
    (folder / 'secret.csv').write_text(f'a\n{SECRET}\n')
    for n, text in enumerate(HOSTILE.values()):
        whole = result(f'c{n}', agent=text)
        landing.put(root, replace(whole, findings=tuple(
            finding._replace(evidence=text, why=text) for finding in whole.findings)))
    publish(root)
    (root / 'link').symlink_to(folder)
    (root / 'tables' / 'link').symlink_to(folder)
    (root / 'tables' / 'link.csv').symlink_to(folder / 'secret.csv')
    return root


def state(root):
    return {path: path.read_bytes() for path in sorted(root.parent.rglob('*')) if path.is_file()}


@pytest.mark.parametrize('sql', [
    # what writes
    "COPY (SELECT 1) TO '{root}/tables/x.csv'",
    "WITH x AS (COPY (SELECT 1) TO '{root}/tables/x.csv') FROM x",
    "WITH x AS MATERIALIZED (cOpY (SELECT 1) TO '{root}/catalog/1.json') SELECT 1",
    "WITH a AS (SELECT 1), x AS ( -- a comment\n COPY (SELECT 1) TO '{root}/tables/x') FROM x",
    "(WITH x AS (COPY (SELECT 1) TO '{root}/tables/x.csv') FROM x) UNION ALL SELECT 2",
    "WITH x AS (WITH y AS (COPY (SELECT 1) TO '{root}/tables/x.csv') FROM y) FROM x",
    "WITH x AS (COPY (SELECT 1) TO '{root}/tables/x.csv') PIVOT x ON Count",
    "EXPLAIN ANALYZE WITH x AS (COPY (SELECT 1) TO '{root}/tables/x.csv') FROM x",
    "FROM query('WITH x AS (CO' || 'PY (SELECT 1) TO ''{root}/tables/x.csv'') FROM x')",
    "FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    'WITH x AS (DELETE FROM calls RETURNING *) FROM x',
    'WITH x AS (INSERT INTO calls FROM calls RETURNING *) FROM x',
    "WITH x AS (UPDATE calls SET call_id = 'x' RETURNING *) FROM x",
    "FROM enable_logging(storage = 'file', storage_path = '{root}/tables/log')",
    "ATTACH '{root}/new.duckdb'", "EXPORT DATABASE '{root}/out'", 'CREATE MACRO m() AS 1',
    'CREATE TEMP TABLE t AS SELECT 1', 'INSTALL httpfs', 'LOAD httpfs', 'SET threads = 1',
    "SET allowed_directories = ['/']", 'RESET lock_configuration', 'PRAGMA enable_profiling',
    "CALL enable_logging(storage = 'file')", 'USE memory', 'DETACH etiquette', 'VACUUM',
    # what reads elsewhere
    "FROM read_text('{root}/../secret.txt')", "FROM '{root}/../secret.csv'",
    "FROM read_text('{root}/link/secret.txt')", "FROM read_text('{root}/tables/link/secret.txt')",
    "FROM '{root}/tables/link.csv'", "FROM read_csv('{root}/tables/*.csv')",
    "FROM glob('{root}/tables/link/*')", "FROM read_blob('{root}/tables/../../secret.txt')",
    "FROM read_csv('{root}/tables/./../../secret.csv')", "FROM read_json('/etc/passwd')",
    "FROM read_text('/proc/self/environ')", "FROM '/etc/passwd'", "FROM sniff_csv('/etc/passwd')",
    "FROM parquet_schema('/etc/passwd')", "FROM read_text('file:///etc/passwd')",
    "FROM read_text('https://127.0.0.1:1/x')", "FROM read_text('s3://bucket/x')",
    "FROM read_text('{root}/catalog/1.json')", "SUMMARIZE '/etc/passwd'",
    "PIVOT '/etc/passwd' ON column0", "SELECT getenv('HOME')", 'FROM duckdb_secrets()',
    "FROM read_duckdb('{root}/etiquette.duckdb')", "FROM sqlite_scan('/etc/passwd', 'x')",
])
def test_a_hostile_question_is_refused_and_does_nothing(root, sql):
    before = state(root)
    with pytest.raises(QueryError) as e:
        list(run_sql(root, sql.format(root=root)).rows())
    assert SECRET not in str(e.value) and 'root:' not in str(e.value) and e.value.way_out
    assert state(root) == before


@pytest.mark.parametrize('sql', [
    'SELECT \'copy\' AS "update", count(*) AS "delete" FROM calls',
    'WITH copy AS (SELECT 1 AS "insert") FROM copy',
    "SELECT why FROM findings WHERE why = 'delete the copy'"])
def test_a_word_that_could_write_is_no_harm_as_a_name_or_text(root, sql):
    assert run_sql(root, sql).columns


@pytest.fixture
def printed(root, capsys):
    def run(*words):
        assert run_command([*words, '--warehouse', str(root)]) == 0
        return capsys.readouterr().out
    return run


@pytest.mark.parametrize('words', [
    ('sql', 'SELECT agent_id FROM calls'), ('ask', 'agents'), ('ask', 'failing-rules'),
    ('sql', 'SELECT call_id, why, evidence FROM findings'), ('ask', 'why', '--call', 'c0'),
    ('ask', 'moments', '--limit', '100'), ('ask', 'worst-calls'), ('ask', 'coaching')])
def test_no_text_from_outside_moves_the_cursor_or_turns_a_line_of_a_table(printed, words):
    out = printed(*words)
    assert not any(ch in out for ch in '\x1b\x07\r\u202e')
    assert len(out) < 400_000


def test_json_and_csv_keep_hostile_text_as_it_is_but_for_formulas(printed):
    query = 'SELECT agent_id FROM calls WHERE length(agent_id) < 100000 ORDER BY call_id'
    texts = [text for text in HOSTILE.values() if len(text) < 100_000]

    def column(*words):
        text = printed('sql', query, '--format', *words)
        return [row for (row,) in csv.reader(io.StringIO(text, newline=''))][1:]
    assert [row['agent_id'] for row in json.loads(printed('sql', query, '--format', 'json'))] \
        == texts
    assert column('csv', '--raw') == texts
    assert column('csv') == [f"'{text}" if text[0] in '=@' else text for text in texts]


def test_markup_in_a_text_is_shown_and_not_obeyed(printed):
    query = "SELECT agent_id FROM calls WHERE agent_id LIKE '[%'"
    assert HOSTILE['markup'] in printed('sql', query)
