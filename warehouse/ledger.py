"""The ledger: one line for each thing that happened to a call in a run, appended by its worker.

It is how a run counts (calls in = published + skipped + rejected), how progress is seen from
outside the workers, and how it is known which call was in work when a worker died. One file a
worker process rather than a mark a call: a killed process leaves whole lines behind, and a
hundred thousand calls need no hundred thousand files.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

STARTED, DECODED = 'started', 'decoded'  # in work: taken up, and its length is known
LANDED, SKIPPED, REJECTED = 'landed', 'skipped', 'rejected'  # done with
IN_WORK = (STARTED, DECODED)
_YOUNG_S = 60.0  # a run that has just begun has no worker yet
_QUIET_S = 3600.0  # of a worker on another machine: a call takes less


@dataclass(frozen=True)
class Entry:
    """What happened to one call. `key` names its row in the batch: call ids may be long."""

    key: str
    outcome: str  # started | decoded | landed | skipped | rejected
    call_id: str
    why: str = ''  # of a skip or a reject; `stale`, `published`, `recovered` ...
    audio_s: float = 0.0
    work_s: float = 0.0
    rss_mb: float = 0.0
    at: float = 0.0  # seconds since the epoch, set when it is written
    pid: int = 0  # of the process that wrote it, set when it is written


def append(folder: Path, entry: Entry) -> None:
    """Adds one line to this process's file: a single write, so that a kill leaves no half line."""
    stamped = replace(entry, at=time.time(), pid=os.getpid())
    line = json.dumps(asdict(stamped), ensure_ascii=False) + '\n'
    file = os.open(folder / f'{os.uname().nodename}-{os.getpid()}.jsonl',
                   os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(file, line.encode())
    finally:
        os.close(file)


def claim(folder: Path, key: str) -> bool:
    """Takes a call for this process; False where another one was first."""
    claims = folder / 'claims'
    claims.mkdir(exist_ok=True)
    try:
        os.close(os.open(claims / key, os.O_CREAT | os.O_EXCL, 0o644))
    except FileExistsError:
        return False
    return True


def release(folder: Path, key: str) -> None:
    """Gives a call back that nobody works on any more: the process that took it has died."""
    (folder / 'claims' / key).unlink(missing_ok=True)


class Reader:
    """Reads what was appended since the last look, from all files of a ledger folder."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._at: dict[Path, int] = {}

    def new(self) -> Iterator[Entry]:
        """The entries that were not yet read, each file's in order. A half line waits."""
        for path in sorted(self._folder.glob('*.jsonl')):
            with path.open('rb') as file:
                file.seek(self._at.get(path, 0))
                for line in file:
                    if not line.endswith(b'\n'):
                        break
                    self._at[path] = self._at.get(path, 0) + len(line)
                    yield Entry(**json.loads(line))


def peak_rss_mb() -> float:
    """This process's peak resident memory so far, in MB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak / (2**20 if sys.platform == 'darwin' else 2**10))


def is_in_use(folder: Path) -> bool:
    """Whether a run may still write this ledger: it is young, or one of its processes lives."""
    import psutil
    try:
        files = [path for path in folder.iterdir() if path.is_file()]
        young_s = max(path.stat().st_mtime for path in (folder, *files))
    except FileNotFoundError:
        return False
    here = os.uname().nodename
    for path in files:
        node, _, pid = path.stem.rpartition('-')
        if path.suffix != '.jsonl' or not pid.isdecimal():
            continue
        if node == here and psutil.pid_exists(int(pid)):
            return True
        if node != here and time.time() - path.stat().st_mtime < _QUIET_S:
            return True
    return time.time() - young_s < _YOUNG_S
