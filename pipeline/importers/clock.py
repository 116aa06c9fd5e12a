"""Times of vendors into the manifest's form: ISO 8601 in UTC."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from pipeline.importers import Note
from pipeline.instants import InstantError, parse_instant

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_NUMBER = re.compile(r'\d{1,17}(?:\.\d{1,9})?', re.ASCII)
_LATEST_S = 253402300799  # 9999-12-31T23:59:59Z
_QUARTER_S = 900
_WEST_S, _EAST_S = 12 * 3600, 14 * 3600  # offsets in use: -12:00 to +14:00
_BACK_S = 2.0  # both are cut to whole seconds


class Clock:
    """Reads times, and counts the local ones that occur twice."""

    def __init__(self, zone: ZoneInfo | None):
        self.zone = zone
        self._twice: Counter[str] = Counter()

    def local(self, text: str) -> datetime:
        """A time in ISO form; one that names no offset is local to the zone.

        Raises InstantError, which tells of --timezone where that is missing.
        """
        try:
            instant, twice = parse_instant(text.strip(), self.zone)
        except InstantError as error:
            if str(error) == 'names no time zone':
                raise InstantError(str(error), 'Give --timezone, the IANA name of the clock that '
                                   'wrote it: --timezone Europe/Berlin.') from error
            raise
        self._twice['a local time that occurs twice, as clocks are turned back: the earlier is '
                    'taken'] += twice
        return instant

    def notes(self) -> list[Note]:
        """What must be told of the times read."""
        return [Note(text) for text, count in self._twice.items() for _ in range(count)]


def epoch(text: object, per_second: int = 1) -> datetime | None:
    """Seconds since 1970 (or `per_second` as many units) as an instant; 0 and '' are None.

    Raises InstantError where it is no such number.
    """
    value = str(text).strip()
    if not value:
        return None
    if not _NUMBER.fullmatch(value):
        raise InstantError('is no time in seconds since 1970', 'Correct it.')
    whole, _, fraction = value.partition('.')
    seconds, units = divmod(int(whole), per_second)
    if seconds > _LATEST_S:
        raise InstantError('is out of range', 'Correct it.')
    if not int(whole):
        return None
    micros = units * 1_000_000 // per_second + int(f'{fraction or 0:0<6}'[:6]) // per_second
    return EPOCH + timedelta(seconds=seconds, microseconds=micros)


def iso(instant: datetime) -> str:
    """The instant as the manifest has it."""
    return instant.astimezone(timezone.utc).isoformat()


def beside_epoch(text: str, known: datetime, slack_s: float) -> datetime | None:
    """The local time as an instant, where an instant shortly before it is known in UTC.

    Clocks are whole quarters of an hour from UTC: what is left over must be within `slack_s`.
    None where it is not, or the text is no local time.
    """
    try:
        shown, _ = parse_instant(text.strip(), ZoneInfo('UTC'))
    except InstantError:
        return None
    ahead_s = (shown - known).total_seconds()
    offset_s = round(ahead_s / _QUARTER_S) * _QUARTER_S
    if not -_BACK_S <= ahead_s - offset_s <= slack_s or not -_WEST_S <= offset_s <= _EAST_S:
        return None
    return shown - timedelta(seconds=offset_s)
