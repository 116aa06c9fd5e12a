"""Run in a mount namespace of its own: a command on a disk that is full, or read-only.

Prints one JSON object: for each attempt the free bytes, the error, and whether the tables hold
what they held. `unshare -rm python -m tests.small_disk COMMAND WAREHOUSE full|read-only`.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.killing import dump
from tests.upkeep_commands import erase_caller, maintain_all, publish_all, rescore_all
from warehouse.errors import WarehouseError

COMMANDS = {'publish': publish_all, 'rescore': rescore_all, 'maintain': maintain_all,
            'erase': erase_caller}
FREE = (0, 40_000, 120_000, 300_000, 600_000, None)  # bytes; None: as much as there is


def attempt(name, root, before, free):
    filler = root.parent / 'filler'
    if free is not None:
        space = os.statvfs(root)
        with filler.open('wb') as file:
            os.posix_fallocate(file.fileno(), 0, max(space.f_bavail * space.f_frsize - free, 1))
    told = {'free': free, 'message': None, 'way_out': None}
    try:
        COMMANDS[name](root)
    except WarehouseError as error:
        told |= {'message': error.message, 'way_out': error.way_out}
    told['as_before'] = dump(root) == before
    if filler.exists():
        filler.unlink()
    return told


def main(name, source, how):
    disk = Path(tempfile.mkdtemp())
    mount = ['mount', '-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', str(disk)]
    subprocess.run(mount, check=True)
    shutil.copytree(Path(source).parent, disk / 'copy')
    root = disk / 'copy' / Path(source).name
    before = dump(root)
    if how == 'read-only':
        subprocess.run(['mount', '-o', 'remount,ro', str(disk)], check=True)
        told = [attempt(name, root, before, None)]
    else:
        told = []
        for free in FREE:
            told.append(attempt(name, root, before, free))
            if told[-1]['message'] is None:
                break
    print(json.dumps({'root': str(root), 'attempts': told}))


if __name__ == '__main__':
    main(*sys.argv[1:])
