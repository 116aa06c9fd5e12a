"""Records of contact centres as `etiquette import` reads them, without the command line."""

import wave
from datetime import datetime, timezone
from pathlib import Path

from pipeline.importers import Options, importer
from pipeline.importers.clock import Clock
from pipeline.importers.gather import Landing, gather
from pipeline.importers.matching import Recordings
from pipeline.manifest import Limits

RECORDS = Path(__file__).parent / 'imports'
LIMITS = Limits(None, datetime(2000, 1, 1, tzinfo=timezone.utc),
                datetime(2100, 1, 1, tzinfo=timezone.utc), 86400.0)


def imported(kind, *paths, recordings=None, folder=None, starts='auto', **own):
    """What is understood of the records; `own` are the format's options."""
    paths = [Path(path) for path in paths]
    options = Options(own=own)
    found = Recordings(recordings, ('.wav', '.flac', '.ogg'), Clock(None))
    return gather(importer(kind).read(paths, options), found,
                  Landing(folder or recordings or Path.cwd(), LIMITS, starts))


def by_id(result):
    """The cells of every call that was understood, with a recording or without."""
    return {row.cells['call_id']: dict(row.cells)
            for row in (*result.rows, *(row for row, _ in result.silent))}


def sound(path, seconds=1.0, rate=8000):
    """A silent recording of this length."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), 'wb') as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(bytes(4 * round(seconds * rate)))
    return path
