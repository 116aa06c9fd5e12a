"""Files of records, read line by line or whole, whatever is in them.

A line that is too long, not of the encoding or holds a NUL is Broken and the next one is read;
a file that ends in .gz is unpacked on the way, as rotated logs are.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from pipeline.importers import Broken
from pipeline.rows import ManifestError

LINE_MOST = 1 << 20  # bytes: no phone system writes a longer record
WHOLE_MOST = 64 << 20  # bytes of a file that is one record
TEXT_KEPT = 1000  # characters of a broken record
_BLOCK = 1 << 16
_UTF16 = (b'\xff\xfe', b'\xfe\xff')


@dataclass(frozen=True)
class Line:
    """A line of a file, and where it is."""

    where: str
    text: str


def files_of(paths: Sequence[Path], wanted: Callable[[Path], bool]) -> list[Path]:
    """The files given, and those under the folders given that are wanted, by name; hidden ones
    are not. Raises ManifestError where there is no such path."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            under = sorted(file for file in path.rglob('*') if file.is_file() and wanted(file)
                           and not any(part.startswith('.')
                                       for part in file.relative_to(path).parts))
            if not under:
                raise ManifestError(f'{path}: holds no file that is named as records of this '
                                    'format are', 'Give the files themselves.')
            found += under
        elif path.is_file():
            found.append(path)
        else:
            raise ManifestError(f'{path}: there is no such file or folder', 'Check the path.')
    return found


def lines_of(path: Path, encoding: str) -> Iterator[Line | Broken]:
    """The lines that are not empty, without their ends."""
    try:
        with _opened(path) as file:
            for number, raw in enumerate(_raw_lines(file), 1):
                where = f'{path} line {number}'
                if raw is None:
                    yield Broken(where, f'is longer than {LINE_MOST >> 20} MiB',
                                 'See whether the file is damaged, or no log of calls.')
                elif raw.strip(b'\r\n \t'):
                    text = _decoded(raw.rstrip(b'\r\n'), where, encoding, first=number == 1)
                    yield text if isinstance(text, Broken) else Line(where, text)
    except (OSError, EOFError, zlib.error) as error:
        raise _unreadable(path, error) from error


def text_of(path: Path, encoding: str) -> str | Broken:
    """The whole file, where it is one record."""
    try:
        with _opened(path) as file:
            raw = file.read(WHOLE_MOST + 1)
    except (OSError, EOFError, zlib.error) as error:
        return Broken(str(path), f'cannot be read: {getattr(error, "strerror", None) or error}',
                      'Check the file and its permissions.')
    if len(raw) > WHOLE_MOST:
        return Broken(str(path), f'is longer than {WHOLE_MOST >> 20} MiB', 'Split it by calls.')
    return _decoded(raw, str(path), encoding, first=True)


def broken(where: str, cause: str, way_out: str, text: str, records: int = 1) -> Broken:
    """A broken record that keeps how it begins."""
    return Broken(where, cause, way_out, text[:TEXT_KEPT], records)


def _opened(path: Path) -> BinaryIO:
    if path.suffix.lower() == '.gz':
        return cast(BinaryIO, gzip.open(path, 'rb'))
    return path.open('rb')


def _raw_lines(file: BinaryIO) -> Iterator[bytes | None]:
    """Lines with their ends; None for one that is too long, of which nothing is kept."""
    while line := file.readline(LINE_MOST + 1):
        if len(line) <= LINE_MOST:
            yield line
            continue
        while line and not line.endswith(b'\n'):
            line = file.readline(_BLOCK)
        yield None


def _decoded(raw: bytes, where: str, encoding: str, first: bool) -> str | Broken:
    if first and raw.startswith(_UTF16) and not encoding.lower().startswith('utf-16'):
        raise ManifestError(f'{where}: is UTF-16 text', 'Save the file as UTF-8.')
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        return broken(where, f'is not {encoding} text ({error.reason})',
                      'Give --encoding, for example cp1252 or shift_jis.',
                      raw[:TEXT_KEPT].decode(encoding, 'replace'))
    text = text.removeprefix('\ufeff') if first else text
    if '\0' in text:
        return broken(where, 'holds a NUL', 'See whether the file was cut off by a power failure: '
                      'the lines after it are read.', text.replace('\0', '\ufffd'))
    return text


def _unreadable(path: Path, error: Exception) -> ManifestError:
    return ManifestError(f'{path}: {getattr(error, "strerror", None) or error}',
                         'Check the file and its permissions.')
