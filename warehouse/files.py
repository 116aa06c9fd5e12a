"""Files that are either whole or not there, and the lock of a warehouse."""

from __future__ import annotations

import fcntl
import os
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from warehouse.errors import WarehouseError

PART = '.part'
_POLL_S = 0.1


def write_whole(path: Path, data: bytes | memoryview) -> None:
    """Writes the file under a temporary name beside it, then renames it in, durably."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as f:
        f.write(data)


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """A file to write to that takes the place of `path` in the end, durably, or not at all."""
    part = path.with_name(f'{path.name}.{uuid.uuid4().hex}{PART}')
    try:
        with part.open('wb') as f:
            yield f
            f.flush()
            os.fsync(f.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync(path.parent)


def sync(path: Path) -> None:
    """Waits until a file, or the names in a folder, would survive a power cut."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@contextmanager
def locked(root: Path, timeout_s: float | None = None,
           on_wait: Callable[[str], None] | None = None) -> Iterator[None]:
    """Holds the warehouse's lock: one publisher at a time, freed by the system if it dies.

    Args:
      timeout_s: how long to wait for another holder; None = for ever, 0 = not at all.
      on_wait: told once, in a sentence, that somebody else holds it.

    Raises WarehouseError where the wait is over, or the folder cannot be written.
    """
    path = root / '.lock'
    try:
        root.mkdir(parents=True, exist_ok=True)
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as e:
        raise WarehouseError(f'the warehouse {root} cannot be written: {e.strerror}',
                             way_out='Name a folder you may write with --warehouse.') from e
    try:
        _acquire(fd, root, timeout_s, on_wait)
        yield
    finally:
        os.close(fd)


def _acquire(fd: int, root: Path, timeout_s: float | None,
             on_wait: Callable[[str], None] | None) -> None:
    began, told = time.monotonic(), False
    while True:
        try:
            return fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if timeout_s is not None and time.monotonic() - began >= timeout_s:
                raise WarehouseError(
                    f'another process is publishing to {root}',
                    way_out='Wait until it is done, then run the same command again.') from None
            if on_wait and not told:
                on_wait(f'waiting for another process that is publishing to {root}')
                told = True
            time.sleep(_POLL_S)
