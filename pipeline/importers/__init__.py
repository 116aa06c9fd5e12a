"""Records that phone systems write, into rows of a manifest: one module a format.

A module has `HELP` and `EXAMPLES` for the command line, `add_options(parser)` for options of its
own, and `read(paths, options)`, which yields a Row for each call, Broken for each record that it
cannot read, and Aside for records that are good and no calls. It only reads: which recording is a
call's is found by `matching`, and whether a run takes the row is checked by `gather`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

# Name on the command line to module. `importer` loads one, so that the others cost nothing.
FORMATS = {
    'asterisk': 'asterisk',
    'freeswitch': 'freeswitch',
    'names': 'names',
    'connect': 'connect',
    'genesys': 'genesys',
    'vcon': 'vcon',
    'siprec': 'siprec',
}


@dataclass(frozen=True)
class Hints:
    """What a record says of its recording, from the surest to the least sure.

    Attributes:
      files: paths or names that the record gives, as the phone system's disk has them.
      ids: ids that the name of the recording may hold.
      numbers: numbers that its name may hold, beside a time from `since` to `until`.
      since, until: when the recording can have begun.
      hashes: `sha512-<base64url>` of the file, one of which must be its own.
    """

    files: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    hashes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Begin:
    """A time at which the recording may have begun.

    Attributes:
      at: the instant.
      kind: 'call' as the call came in, 'answer' as it was picked up by anyone or anything,
        'connect' as the agent came on.
      origin: the vendor's field that says it.
    """

    at: datetime
    kind: str
    origin: str


@dataclass(frozen=True)
class Row:
    """A call as its records tell it.

    Attributes:
      where: how to find the record: 'Master.csv line 3'.
      cells: columns of the manifest that are known; times as ISO 8601 with an offset. Holds and
        transfers may give `start_at`, `end_at` and `at`.
      origin: column to the vendor's field that it is taken from.
      hints: which recording is the call's; unused where `cells` names one that is remote.
      begins: of which one is `started_at`, where `cells` does not say: the one that the length of
        the recording agrees with. `ended_at` is then needed.
      records: how many records were read for it.
      pair: before `hints`, where the agent and the caller have a file each, in this order.
    """

    where: str
    cells: Mapping[str, Any]
    origin: Mapping[str, str]
    hints: Hints = Hints()
    begins: tuple[Begin, ...] = ()
    records: int = 1
    pair: tuple[Hints, Hints] | None = None


@dataclass(frozen=True)
class Broken:
    """A record that cannot be read: where it is, what is wrong, what mends it, how it begins."""

    where: str
    cause: str
    way_out: str
    text: str = ''
    records: int = 1


@dataclass(frozen=True)
class Aside:
    """Good records that are no calls, or calls that nobody recorded."""

    why: str
    records: int = 1


@dataclass(frozen=True)
class Note:
    """What a reader must know of many rows at once; each text is told once, with its count."""

    text: str


Read = Row | Broken | Aside | Note


@dataclass(frozen=True)
class Options:
    """What the command line says to every importer.

    Attributes:
      zone: of times that name none.
      encoding: of text files.
      audio_suffixes: names of files that are recordings: '.wav', any case.
      own: the format's own options, by their names.
      tell: hears how many records are read, where a format reads all before the first call.
    """

    zone: ZoneInfo | None = None
    encoding: str = 'utf-8'
    audio_suffixes: tuple[str, ...] = ('.wav',)
    own: Mapping[str, Any] = field(default_factory=dict)
    tell: Callable[[int], None] = lambda records: None


@dataclass(frozen=True)
class Imported:
    """What has come of the records: records = those of rows, silent, broken and aside.

    Attributes:
      rows: what a run takes, as manifest cells, with the origin of each column.
      silent: calls without a recording, and why none was found.
      broken: records that could not be read, and calls that a run would refuse.
      aside: why records are no calls, to their number.
      notes: warnings, to how often they were given.
      records: how many were read.
    """

    rows: tuple[Row, ...]
    silent: tuple[tuple[Row, str], ...]
    broken: tuple[Broken, ...]
    aside: Mapping[str, int]
    notes: Mapping[str, int]
    records: int


Said = Mapping[str, tuple[Any, str]]  # column to its value and the vendor's field


def filled(said: Said) -> tuple[dict[str, Any], dict[str, str]]:
    """`cells` and `origin` of a Row: what is None or '' is left out, an empty list is not."""
    known = {name: pair for name, pair in said.items() if pair[0] not in ('', None)}
    return ({name: value for name, (value, _) in known.items()},
            {name: origin for name, (_, origin) in known.items()})


class Importer(Protocol):
    """What a module of a format has."""

    HELP: str
    EXAMPLES: str

    def add_options(self, parser: Any) -> None:
        """Adds the format's own options to its command."""

    def read(self, paths: Sequence[Path], options: Options) -> Iterator[Read]:
        """The calls of the files; raises ManifestError where a file as a whole is none."""


def importer(name: str) -> Importer:
    """The module of a format in FORMATS."""
    return import_module(f'pipeline.importers.{FORMATS[name]}')
