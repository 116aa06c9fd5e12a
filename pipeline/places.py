"""Where the recordings of a batch may lie, and where they do."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from urllib.parse import unquote

from transforms.media import is_remote

_FILE = 'file://'


class PlaceError(ValueError):
    """The URI leads nowhere, or where it must not; `error` is what kind of fault it is."""

    def __init__(self, why: str, way_out: str, error: str):
        super().__init__(why)
        self.way_out = way_out
        self.error = error


class Place:
    """A folder that URIs are relative to and, unless `allow_outside`, may not leave.

    Nothing is said of a file outside, not even whether it exists.
    """

    def __init__(self, folder: Path, allow_outside: bool):
        self._root = os.path.realpath(folder)
        self._allow_outside = allow_outside
        self._real_parents: dict[str, str] = {}

    def locate(self, uri: str) -> str:
        """The absolute path of the file, links followed; a URI of another scheme as it is."""
        if uri.lower().startswith(_FILE):
            uri = self._path_of(uri)
        elif is_remote(uri):
            return uri
        if '\0' in uri:
            raise PlaceError('holds a NUL', 'Correct the path.', 'ValueError')
        path = self._real(uri)
        if not self._allow_outside and not path.startswith(self._root.rstrip('/') + '/'):
            raise PlaceError('leaves the folder of the manifest',
                             'Put the recording under it, or set source.allow_outside.',
                             'OutsideFolder')
        try:
            mode = os.stat(path).st_mode  # noqa: PTH116 - a Path costs more than the call
        except OSError as error:
            raise PlaceError(f'cannot be found ({error.strerror})',
                             'Put the file there, or correct the path: it is relative to the '
                             'manifest.', type(error).__name__) from error
        if not stat.S_ISREG(mode):
            raise PlaceError('is no file', 'Name the recording itself.', 'NotAFile')
        return path

    def name_of(self, uri: str) -> str:
        """The same absolute path or URI for a file that is not there, or not allowed."""
        try:
            local = self._path_of(uri) if uri.lower().startswith(_FILE) else uri
            return uri if is_remote(local) else self._real(local)
        except ValueError:  # another machine, or a NUL
            return uri

    def _real(self, path: str) -> str:
        parent, name = os.path.split(os.path.join(self._root, path))  # noqa: PTH118
        if name in ('', '.', '..'):
            return os.path.realpath(os.path.join(parent, name))  # noqa: PTH118
        real_parent = self._real_parents.get(parent)
        if real_parent is None:
            real_parent = self._real_parents[parent] = os.path.realpath(parent)
        real = f'{real_parent.rstrip("/")}/{name}'
        return os.path.realpath(real) if os.path.islink(real) else real  # noqa: PTH114

    @staticmethod
    def _path_of(uri: str) -> str:
        host, slash, path = uri[len(_FILE):].partition('/')
        if host not in ('', 'localhost') or not slash:
            raise PlaceError('names a file of another machine',
                             'Write file:/// and the absolute path.', 'ValueError')
        return unquote('/' + path)
