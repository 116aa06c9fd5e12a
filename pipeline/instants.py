"""Times as manifests write them, into instants in UTC."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from zoneinfo import ZoneInfo

_FORM = re.compile(
    r'(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?'
    r' ?(?:([Zz])|([+-])(\d\d):?(\d\d)?)?', re.ASCII)


class InstantError(ValueError):
    """The text is no instant, or not a single one; `way_out` says what to write."""

    def __init__(self, why: str, way_out: str):
        super().__init__(why)
        self.way_out = way_out


def parse_instant(value: object, zone: ZoneInfo | None) -> tuple[datetime, bool]:
    """The instant in UTC, and whether it is one of two that the local time may mean.

    Args:
      value: ISO 8601 / RFC 3339 text ('2024-03-01T09:30:00Z', '2024-03-01 09:30:00'), or a
        datetime. A date without a time is none.
      zone: of a time that names no offset of its own. A local time that occurs twice, when
        clocks are turned back, is the earlier of both; one that never occurs is an error.
    """
    local = value if isinstance(value, datetime) else _parse(value)
    if local.tzinfo is not None:
        return _in_utc(local), False
    if zone is None:
        raise InstantError('names no time zone',
                           'Write an offset (Z or +01:00), fill the column timezone, or set '
                           'source.timezone in the settings.')
    first = _in_utc(local.replace(tzinfo=zone, fold=0))
    second = _in_utc(local.replace(tzinfo=zone, fold=1))
    if first == second:
        return first, False
    if first.astimezone(zone).replace(tzinfo=None) != local:
        raise InstantError(f'never occurs in {zone.key}: the clocks were turned forward',
                           'Write it with its offset (Z or +01:00).')
    return first, True


@lru_cache(maxsize=1024)
def zone_of(name: str) -> ZoneInfo:
    """The IANA time zone. Raises InstantError where there is none of this name."""
    try:
        return ZoneInfo(name)
    except (ValueError, KeyError, OSError) as error:  # a folder of zones raises OSError
        raise InstantError('is no IANA time zone',
                           'Write a name like Europe/Berlin or UTC.') from error


def _parse(value: object) -> datetime:
    match = _FORM.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise InstantError('is no date and time', 'Write it as 2024-03-01T09:30:00Z.')
    year, month, day, hour, minute, second, fraction, utc, sign, hours, minutes = match.groups()
    zone = timezone.utc if utc else None
    try:
        if sign:
            offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
            zone = timezone(-offset if sign == '-' else offset)
        return datetime(int(year), int(month), int(day), int(hour), int(minute),
                        int(second or 0), int(f'{fraction or 0:0<6}'[:6]), zone)
    except ValueError as error:
        raise InstantError(f'is no date and time ({error})',
                           'Write it as 2024-03-01T09:30:00Z.') from error


def _in_utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(timezone.utc)
    except OverflowError as error:
        raise InstantError('is out of range', 'Correct the year.') from error
