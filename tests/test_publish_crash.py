"""A publish that is stopped anywhere, and the next one that makes it good."""

import shutil
from datetime import date

import pytest

from tests.killing import ask, dump, stopped_at
from tests.results import NOW, at, reject, result, run
from warehouse import catalog, database, landing, tables
from warehouse import publish as publishing
from warehouse.publish import publish

DAY = date(2026, 11, 4)


def batch(root):
    """A warehouse with something in it, and landed on top: new, changed and moved calls."""
    for n in range(4):
        landing.put(root, result(f'c{n}', turns=6, day=None if n == 3 else DAY))
    landing.put_reject(root, reject('gone', failed_at=NOW))
    publish(root, run('r1'))
    for n in range(2, 7):
        landing.put(root, at(n, call_id=f'c{n}', run_id='r2', turns=2, day=date(2026, 11, n)))
    landing.put(root, at(9, call_id='gone', run_id='r2'))
    landing.put_reject(root, reject('new', run_id='r2'))


@pytest.fixture(scope='module')
def prepared(tmp_path_factory):
    root = tmp_path_factory.mktemp('prepared')
    batch(root)
    return root


@pytest.fixture(scope='module')
def undisturbed(prepared, tmp_path_factory):
    root = shutil.copytree(prepared, tmp_path_factory.mktemp('undisturbed') / 'w')
    publish(root, run('r2'))
    return dump(root)


POINTS = [(tables, 'write', n) for n in range(8)] + [
    (tables, 'replace_all', 0), (tables, 'sync_new', 3), (database, 'build', 0),
    (catalog, 'save', 0), (database, 'install', 0), (publishing, '_remove_published', 0)]


@pytest.mark.parametrize('module, name, nth', POINTS)
def test_a_publish_stopped_at_any_step_is_not_seen_or_whole_and_the_next_makes_it_good(
        tmp_path, monkeypatch, prepared, undisturbed, module, name, nth):
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    before = dump(tmp_path)
    with stopped_at(monkeypatch, module, name, nth):
        publish(tmp_path, run('r2'))
    seen = dump(tmp_path)
    assert seen in (before, undisturbed)
    publish(tmp_path, run('r2'))
    assert dump(tmp_path) == undisturbed
    assert ask(tmp_path, 'SELECT run_id FROM runs ORDER BY 1') == [('r1',), ('r2',)]
    assert list(landing.landed(tmp_path)) == [] and list(landing.rejects(tmp_path)) == []


def test_a_first_publish_that_was_killed_leaves_no_rows_behind(tmp_path, monkeypatch):
    landing.put(tmp_path, result('c1'))
    with stopped_at(monkeypatch, catalog, 'save'):
        publish(tmp_path)
    landing.remove(landing.landed(tmp_path))
    landing.put(tmp_path, result('c2'))
    said = []
    publish(tmp_path, say=said.append)
    assert ask(tmp_path, 'SELECT call_id FROM calls') == [('c2',)]
    assert any('calls was set back' in line for line in said)


def test_a_table_killed_while_it_was_made_is_made_again(tmp_path):
    (tmp_path / 'tables' / 'calls' / '_delta_log').mkdir(parents=True)
    landing.put(tmp_path, result('c1'))
    assert publish(tmp_path).calls == 1
