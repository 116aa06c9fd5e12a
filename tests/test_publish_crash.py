"""A publish that is stopped anywhere, and the next one that makes it good."""

import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from tests.results import NOW, at, reject, result, run
from warehouse import catalog, database, landing, tables
from warehouse import publish as publishing
from warehouse.publish import publish
from warehouse.query import run_sql
from warehouse.schemas import TABLES

DAY = date(2026, 11, 4)


def ask(root, sql):
    return list(run_sql(root, sql).rows())


def dump(root, leave_out=('runs',)):
    """Every row of every table, in an order that does not depend on how it came there."""
    names = [('kpis_all' if name == 'kpis' else name) for name in TABLES if name not in leave_out]
    with database.open_readonly(root) as con:
        return {name: sorted(map(repr, con.execute(f'SELECT * FROM {name}').fetchall()))
                for name in names}


class Crash(BaseException):
    pass


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
    before, count, real = dump(tmp_path), [0], getattr(module, name)

    def crash(*args, **kwargs):
        count[0] += 1
        if count[0] <= nth:
            return real(*args, **kwargs)
        raise Crash
    with monkeypatch.context() as m, pytest.raises(Crash):
        m.setattr(module, name, crash)
        publish(tmp_path, run('r2'))
    seen = dump(tmp_path)
    assert seen in (before, undisturbed)
    publish(tmp_path, run('r2'))
    assert dump(tmp_path) == undisturbed
    assert ask(tmp_path, 'SELECT run_id FROM runs ORDER BY 1') == [('r1',), ('r2',)]
    assert list(landing.landed(tmp_path)) == [] and list(landing.rejects(tmp_path)) == []


def test_a_first_publish_that_was_killed_leaves_no_rows_behind(tmp_path, monkeypatch):
    landing.put(tmp_path, result('c1'))
    with monkeypatch.context() as m, pytest.raises(Crash):
        m.setattr(catalog, 'save', lambda *a: (_ for _ in ()).throw(Crash))
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


PUBLISHER = """
import sys
from pathlib import Path
from tests.results import run
from warehouse.publish import publish
print('go', flush=True)
publish(Path(sys.argv[1]), run('r2'))
"""


def publisher(root):
    process = subprocess.Popen([sys.executable, '-c', PUBLISHER, str(root)], text=True,
                               stdout=subprocess.PIPE, cwd=Path(__file__).parent.parent)
    process.stdout.readline()
    return process


def test_kill_at_random_moments_then_publish_again_equals_an_undisturbed_publish(
        tmp_path, prepared, undisturbed):
    shutil.copytree(prepared, tmp_path / 'timed')
    process, began = publisher(tmp_path / 'timed'), time.monotonic()
    assert process.wait() == 0
    takes, dice, killed = time.monotonic() - began, random.Random(), 0
    for n in range(3):
        root = shutil.copytree(prepared, tmp_path / str(n))
        before = dump(root)
        moments = [dice.uniform(0, takes) for _ in range(2)]
        for moment in moments:
            process = publisher(root)
            time.sleep(moment)
            process.send_signal(signal.SIGKILL)
            killed += process.wait() == -signal.SIGKILL
            assert dump(root) in (before, undisturbed), moments
        process = publisher(root)
        assert process.wait() == 0
        assert dump(root) == undisturbed, moments
        assert ask(root, 'SELECT run_id FROM runs ORDER BY 1') == [('r1',), ('r2',)], moments
    assert killed
