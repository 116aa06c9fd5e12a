"""Records of contact centres as `etiquette import` reads them: more than one file, all calls."""

from pathlib import Path

from pipeline.importers import Options, importer
from pipeline.importers.clock import Clock
from pipeline.importers.gather import Landing, gather
from pipeline.importers.matching import Recordings
from tests.importing import FIXTURES as RECORDS
from tests.importing import LIMITS
from tests.importing import recording as sound

__all__ = ['RECORDS', 'by_id', 'imported', 'sound']


def imported(kind, *paths, recordings=None, folder=None, **own):
    """What is understood of the records; `own` are the format's options and --out."""
    options = Options(own=own)
    return gather(importer(kind).read([Path(path) for path in paths], options),
                  Recordings(recordings, ('.wav', '.flac', '.ogg'), Clock(None)),
                  Landing(folder or recordings or Path.cwd(), LIMITS))


def by_id(result):
    """The cells of every call that was understood, with a recording or without."""
    return {row.cells['call_id']: dict(row.cells)
            for row in (*result.rows, *(row for row, _ in result.silent))}
