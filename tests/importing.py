"""Records of phone systems read as `etiquette import` reads them, and recordings for them."""

import wave
from datetime import datetime, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from pipeline.importers import Imported, Options, importer
from pipeline.importers.clock import Clock
from pipeline.importers.gather import Landing, gather
from pipeline.importers.matching import Recordings
from pipeline.manifest import Limits

FIXTURES = Path(__file__).parent / 'imports'
LIMITS = Limits(zone=None, earliest_at=datetime(1990, 1, 1, tzinfo=timezone.utc),
                latest_at=datetime(2030, 1, 1, tzinfo=timezone.utc), longest_s=86400)


def imported(format, paths, recordings=None, *, zone=None, starts='auto', encoding='utf-8',
             out=None, **own) -> Imported:
    """What the records come to; `own` are the format's options."""
    zone = ZoneInfo(zone) if zone else None
    options = Options(zone, encoding, ('.wav',), own)
    paths = [paths] if isinstance(paths, Path) else paths
    return gather(importer(format).read(paths, options),
                  Recordings(recordings, options.audio_suffixes, Clock(zone)),
                  Landing(out or recordings or paths[0], LIMITS, starts))


def by_id(result: Imported):
    """The rows that were written, by their call_id: (cells, origin)."""
    return {row.cells['call_id']: row for row in result.rows}


def recording(path: Path, seconds: float = 1.0) -> Path:
    """A silent WAV of this length."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), 'wb') as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(4000)
        file.writeframes(b'\x80' * round(4000 * seconds))
    return path
