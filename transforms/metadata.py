"""What the phone system said of a call, read back from `calls.manifest`.

The manifest column is the admitted row as JSON, written by `pipeline.manifest`: instants are
ISO 8601 in UTC, `holds` is a list of {start_s, end_s}, `transfers` of {at_s, kind}, both in
seconds from the start of the recording. Assess reads this and never the manifest file, so that
a rescore from stored tables gives equal rows.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from transforms.conversation import Reference
from transforms.intervals import Span
from warehouse.records import Call


@dataclass(frozen=True)
class Metadata:
    """None, or empty with `has_holds` and `has_transfers` False, where nothing was said of it."""

    ringing_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    answered_s: float | None = None  # answered_at - started_at
    has_holds: bool = False
    holds: tuple[Span, ...] = ()
    has_transfers: bool = False
    transfers: tuple[tuple[float | None, str | None], ...] = ()  # (at_s, kind)
    agent_name: str | None = None
    caller_name: str | None = None
    call_type: str | None = None
    timezone: str | None = None  # IANA name, of the customer's place


def metadata_of(call: Call | Reference) -> Metadata:
    """The metadata of a call. Raises ValueError where `call.manifest` is not JSON."""
    row = json.loads(call.manifest or '{}')
    answered = _instant(row.get('answered_at'))
    holds, transfers = row.get('holds'), row.get('transfers')
    return Metadata(
        ringing_at=_instant(row.get('ringing_at')),
        answered_at=answered,
        ended_at=_instant(row.get('ended_at')),
        answered_s=((answered - call.started_at).total_seconds()
                    if answered and call.started_at else None),
        has_holds=holds is not None,
        holds=tuple((h['start_s'], h['end_s']) for h in holds or ()),
        has_transfers=transfers is not None,
        transfers=tuple((t.get('at_s'), t.get('kind')) for t in transfers or ()),
        agent_name=row.get('agent_name'),
        caller_name=row.get('caller_name'),
        call_type=row.get('call_type'),
        timezone=row.get('timezone'),
    )


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
