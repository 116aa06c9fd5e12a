"""Commands that are stopped at a step, or killed at any moment, and what the tables hold then."""

import multiprocessing
import random
import time
from contextlib import contextmanager

import pytest

from warehouse import database
from warehouse.query import run_sql
from warehouse.schemas import TABLES

# Children are forked from a server that has imported, and not begun to use, what they need.
_PROCESSES = multiprocessing.get_context('forkserver')
_PROCESSES.set_forkserver_preload(['tests.upkeep_commands', 'pytest'])


class Crash(BaseException):
    """In place of a process's death."""


def ask(root, sql, **given):
    return list(run_sql(root, sql, **given).rows())


def dump(root, leave_out=('runs',)):
    """Every row of every table, in an order that does not depend on how it came there."""
    names = [('kpis_all' if name == 'kpis' else name) for name in TABLES if name not in leave_out]
    with database.open_readonly(root) as con:
        return {name: sorted(map(repr, con.execute(f'SELECT * FROM {name}').fetchall()))
                for name in names}


@contextmanager
def stopped_at(monkeypatch, module, name, nth=0):
    """Inside, the nth call of a function is where the process dies; it must come to it."""
    count, real = [0], getattr(module, name)

    def crash(*args, **kwargs):
        count[0] += 1
        if count[0] <= nth:
            return real(*args, **kwargs)
        raise Crash
    with monkeypatch.context() as m, pytest.raises(Crash):
        m.setattr(module, name, crash)
        yield


def begun(command, *args):
    """A process of its own that runs a function of a module that can be imported."""
    process = _PROCESSES.Process(target=command, args=args)
    process.start()
    return process


def seconds_of(command, *args):
    """How long the command takes undisturbed; it must succeed."""
    began = time.monotonic()
    process = begun(command, *args)
    process.join()
    assert process.exitcode == 0
    return time.monotonic() - began


def killed_after(process, seconds):
    """Kills it, as the system does; whether it was still at work."""
    time.sleep(seconds)
    process.kill()
    process.join()
    return process.exitcode != 0


def moments(count, within_s):
    """Random moments."""
    dice = random.Random()
    return [dice.uniform(0, within_s) for _ in range(count)]
