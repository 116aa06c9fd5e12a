"""A rescore that is stopped anywhere, and the next command that makes it good."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.rescore import rescore_warehouse
from pipeline.settings import load_settings
from tests.killing import ask, dump, moments, stopped_at
from tests.standard_for_tests import default_standard
from tests.stored_calls import heard, judged_by
from tests.upkeep_commands import STANDARD
from warehouse import (
    catalog,
    commit,
    database,
    landing,
    rejudge,
    rewrite,
    signatures,
    tables,
)
from warehouse.publish import publish
from warehouse.query import run_sql
from warehouse.schemas import TABLES


@pytest.fixture(scope='module')
def standard(tmp_path_factory):
    path = tmp_path_factory.mktemp('standard') / 'mine.yaml'
    path.write_text(STANDARD, encoding='utf-8')
    return path


@pytest.fixture(scope='module')
def prepared(tmp_path_factory):
    root = tmp_path_factory.mktemp('prepared')
    for seed in range(12):
        landing.put(root, judged_by(heard(seed), [default_standard()]))
    publish(root)
    return root


@pytest.fixture(scope='module')
def undisturbed(prepared, standard, tmp_path_factory):
    root = shutil.copytree(prepared, tmp_path_factory.mktemp('undisturbed') / 'w')
    again(root, standard)
    assert dump(root) != dump(prepared)
    return dump(root)


def again(root, standard, **given):
    return rescore_warehouse(root, load_settings(None), [str(standard)],
                             command='etiquette rescore', workers=1, **given)


POINTS = [(rejudge, 'swap_in', n) for n in range(3)] + [
    (signatures, 'write_whole', 0), (rewrite, 'sync', 0),
    (rejudge, 'write_derived', 0), (rejudge, 'write_run', 0),
    (tables, 'write', 0), (tables, 'write', 1), (rejudge, 'make_visible', 0),
    (tables, 'sync_new', 2), (database, 'build', 0), (catalog, 'save', 0),
    (database, 'install', 0), (rejudge, 'run_checks', 0)]


@pytest.mark.parametrize('module, name, nth', POINTS)
def test_a_rescore_stopped_at_any_step_is_not_seen_or_whole_and_the_next_makes_it_good(
        tmp_path, monkeypatch, prepared, undisturbed, standard, module, name, nth):
    shutil.copytree(prepared, tmp_path, dirs_exist_ok=True)
    before = dump(tmp_path)
    with stopped_at(monkeypatch, module, name, nth):
        again(tmp_path, standard)
    assert dump(tmp_path) in (before, undisturbed)
    again(tmp_path, standard)
    assert dump(tmp_path) == undisturbed


def test_after_a_rescore_that_was_stopped_a_publish_sets_the_tables_back(
        tmp_path, monkeypatch, prepared, standard):
    root = shutil.copytree(prepared, tmp_path / 'w')
    before = dump(root)
    with stopped_at(monkeypatch, commit.catalogs, 'save'):
        again(root, standard)
    said = []
    publish(root, say=said.append)
    assert {line.split()[1] for line in said} == {'events', 'findings', 'kpis', 'runs'} | {
        name for name, table in TABLES.items() if table.derived}
    assert dump(root) == before and ask(root, 'SELECT * FROM runs') == []


RESCORE = """
import sys
from pathlib import Path
from tests.test_rescore_crash import rescore_warehouse, load_settings
if __name__ == '__main__':
    print('go', flush=True)
    rescore_warehouse(Path(sys.argv[1]), load_settings(None), [sys.argv[2]], command='c', workers=2)
"""


def rescoring(root, standard, script):
    process = subprocess.Popen([sys.executable, str(script), str(root), str(standard)], text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                               env={**os.environ, 'PYTHONPATH': str(Path(__file__).parent.parent)})
    process.stdout.readline()
    return process


@pytest.mark.slow
def test_kill_at_random_moments_then_rescore_again_equals_an_undisturbed_rescore(
        tmp_path, prepared, undisturbed, standard):
    script = tmp_path / 'rescoring.py'
    # Spans of three calls, so that two workers are at work; they start from this file as well.
    script.write_text('import warehouse.rejudge\nwarehouse.rejudge.SPAN_CALLS = 3\n' + RESCORE)
    shutil.copytree(prepared, tmp_path / 'timed')
    process, began = rescoring(tmp_path / 'timed', standard, script), time.monotonic()
    assert process.wait() == 0
    takes, killed = time.monotonic() - began, 0
    assert dump(tmp_path / 'timed') == undisturbed
    root = shutil.copytree(prepared, tmp_path / 'w')
    before = dump(root)
    while not killed:
        for moment in sorted(moments(5, takes)):
            process = rescoring(root, standard, script)
            time.sleep(moment)
            process.send_signal(signal.SIGKILL)
            killed += process.wait() == -signal.SIGKILL
            assert dump(root) in (before, undisturbed), moment
        takes /= 2  # where it is faster now than when it was timed
    again(root, standard)
    assert dump(root) == undisturbed
    assert list(run_sql(root, 'SELECT DISTINCT call_id FROM kpis').rows())
    assert not list(root.glob('.staging-*')) and not list(root.glob('.building-*'))
