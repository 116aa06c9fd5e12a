"""What several test modules need: the samples, the command line as a user has it, one real run."""

import fcntl
import json
import os
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import asdict, dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path

import hypothesis
import pytest

from pipeline.cli import run_command
from tests.copying import copy_of

# A machine that is busy with other tests makes none of them wrong.
hypothesis.settings.register_profile('tests', deadline=None)
hypothesis.settings.load_profile('tests')

HERE = Path(__file__).parent
SAMPLES = HERE.parent / 'samples'
QUICK = HERE / 'configs' / 'quick.yaml'  # no transcriber: seconds a run


# Files go to the workers whole and in this order: the long ones first, or the last of them would
# leave the other workers with nothing to do. All other files follow by name.
LONGEST_FIRST = (
    'samples_run', 'rescore', 'maintain', 'publish', 'erase', 'rescore_crash', 'rescore_reuse',
    'readme', 'killed', 'killed_upkeep', 'publish_crash', 'rerun', 'catalog', 'mono_simulated',
    'checks', 'private', 'broken', 'export', 'export_vcon')


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """The same order in every worker."""
    order = {f'test_{name}.py': n for n, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: order.get(item.path.name, len(order)))


@dataclass(frozen=True)
class Ran:
    """A finished command line."""

    code: int
    out: str
    err: str

    def json(self):
        return json.loads(self.out)


def environment(**more):
    return {**os.environ, 'OMP_NUM_THREADS': '1', **more}


def etiquette(*args, cwd=None, timeout=600, **env):
    """Runs `etiquette ARGS` as a process of its own."""
    done = subprocess.run([sys.executable, '-m', 'pipeline', *map(str, args)], text=True,
                          capture_output=True, cwd=cwd or HERE.parent, timeout=timeout,
                          env=environment(**env))
    return Ran(done.returncode, done.stdout, done.stderr)


def rows(root, query):
    """The rows of a query as a list of dicts."""
    with redirect_stdout(TextIOWrapper(printed := BytesIO())) as out:
        code = run_command(['sql', query, '--warehouse', str(root), '--format', 'json'])
        out.flush()
        assert code == 0
        return json.loads(printed.getvalue())


@pytest.fixture(scope='session')
def sample_folder(tmp_path_factory):
    """A folder to work in as a newcomer does: the samples in it, and nothing else."""
    folder = tmp_path_factory.mktemp('newcomer')
    (folder / 'samples').symlink_to(SAMPLES)
    return folder


@pytest.fixture(scope='session')
def sample_run(sample_folder, tmp_path_factory):
    """The samples processed with the default settings: (warehouse folder, Ran).

    It is done once for all workers of a test run; each has a copy of its own.
    """
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if 'PYTEST_XDIST_WORKER' in os.environ else base) / 'sample-run'
    shared.mkdir(exist_ok=True)
    told = shared / 'ran.json'
    with (shared / 'lock').open('w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            (shared / 'samples').symlink_to(SAMPLES)
            ran = etiquette('run', 'samples/manifest.csv', cwd=shared)
            told.write_text(json.dumps(asdict(ran)))
    root = copy_of(shared / 'warehouse-data', sample_folder / 'warehouse-data')
    return root, Ran(**json.loads(told.read_text()))
