"""Where an export goes: a file or a folder that is whole or not there.

It is written under a temporary name beside its place and renamed in. What a killed export left
there goes with the next one into the same folder.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from warehouse.errors import WarehouseError
from warehouse.files import PART, sync, write_whole

MARK = 'export.json'
_MADE_BY = 'call-etiquette'
_BESIDE, _OLD = '.etiquette-export-', 'old'
_OWNED = re.compile(re.escape(_BESIDE) + r'(.*)-(\d+)-[0-9a-f]{32}' + re.escape(PART))
_LEFT_KEPT_S = 24 * 3600.0  # of an owner of whom it is not known that it is gone


def check(out: Path, root: Path, *, folder: bool, force: bool) -> Path:
    """The destination as an absolute path.

    Raises WarehouseError where it cannot be taken: inside the warehouse, there already, a folder
    that no export has made.
    """
    out = out.parent.resolve() / out.name  # a link in its place is replaced, never followed
    home = root.resolve()
    if not out.name or out == home or home in out.parents:
        raise WarehouseError(f'{out} lies in the warehouse itself', way_out=(
            'Name a place outside of it with --out.'))
    if not out.parent.is_dir():
        raise WarehouseError(f'there is no folder {out.parent}', way_out=(
            'Make it first, or name another place with --out.'))
    if out.is_dir() and not out.is_symlink():
        _check_folder(out, folder, force)
    elif out.exists() or out.is_symlink():
        if folder:
            raise WarehouseError(f'{out} is a file, and this export is a folder', way_out=(
                'Name a folder with --out.'))
        if not force:
            raise _there(out)
    return out


@contextmanager
def whole_file(out: Path) -> Iterator[Path]:
    """Yields the file to write, alone in a folder of its own; it is renamed to `out`."""
    with _beside(out) as folder:
        yield folder / out.name
        sync(folder / out.name)
        (folder / out.name).replace(out)
    sync(out.parent)


@contextmanager
def whole_folder(out: Path) -> Iterator[Path]:
    """Yields the folder to fill; it is renamed to `out`, and what was there goes."""
    with _beside(out) as folder:
        new, old = folder / 'new', folder / _OLD / out.name
        new.mkdir()
        yield new
        for path in new.iterdir():
            sync(path)
        sync(new)
        if out.exists():
            old.parent.mkdir()
            out.rename(old)
        try:
            new.rename(out)
        except OSError:
            if old.exists():
                old.rename(out)
            raise
        sync(out.parent)


def mark(folder: Path, told: Mapping[str, Any]) -> None:
    """Leaves in a folder what it is an export of; only such a folder is ever replaced."""
    text = json.dumps({'made_by': _MADE_BY, **told}, indent=1, ensure_ascii=False)
    write_whole(folder / MARK, text.encode())


@contextmanager
def _beside(out: Path) -> Iterator[Path]:
    _remove_left(out.parent)
    folder = out.with_name(
        f'{_BESIDE}{os.uname().nodename}-{os.getpid()}-{uuid.uuid4().hex}{PART}')
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_left(place: Path) -> None:
    """Removes what killed exports left; a folder that one had moved away is put back."""
    for left in place.glob(f'{_BESIDE}*{PART}'):
        if not _is_left(left):
            continue
        for old in (left / _OLD).glob('*'):
            with suppress(OSError):
                if not (place / old.name).exists():
                    old.rename(place / old.name)
        shutil.rmtree(left, ignore_errors=True)


def _is_left(folder: Path) -> bool:
    """Whether the process that wrote it is gone, or has not touched it for a day: after a while its
    number may be another's."""
    owner = _OWNED.fullmatch(folder.name)
    if owner and owner[1] == os.uname().nodename and not psutil.pid_exists(int(owner[2])):
        return True
    try:
        touched_s = max(path.stat().st_mtime for path in (folder, *folder.rglob('*')))
    except OSError:  # another export ends, or removes it, just now
        return False
    return touched_s < time.time() - _LEFT_KEPT_S


def _check_folder(out: Path, folder: bool, force: bool) -> None:
    if not folder:
        raise WarehouseError(f'{out} is a folder, and this export is one file', way_out=(
            'Name a file with --out.'))
    if not any(out.iterdir()):
        return
    if not force:
        raise _there(out)
    if not _is_marked(out):
        raise WarehouseError(
            f'{out} holds files that no export has put there', way_out=(
                'Name another folder with --out: only an earlier export is replaced.'))


def _is_marked(folder: Path) -> bool:
    try:
        told = json.loads((folder / MARK).read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(told, dict) and told.get('made_by') == _MADE_BY


def _there(out: Path) -> WarehouseError:
    return WarehouseError(f'{out} is there already', way_out=(
        'Replace it with --force, or name another place with --out.'))
