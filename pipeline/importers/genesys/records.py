"""A conversation of Genesys Cloud as a record tells it, by the analytics API or another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.importers.clock import Clock, iso
from pipeline.importers.json_records import Record, RecordError

TALK = ('interact', 'hold')
_BESIDE = '_metadata.json'  # the bulk export's, beside the recording


@dataclass(frozen=True)
class Segment:
    """A stretch of what a party does: alert, interact, hold ... `left` says why it ended, in lower
    case."""

    kind: str
    start: datetime
    end: datetime | None
    left: str
    queue: str | None


@dataclass(frozen=True)
class Session:
    """A party on one line, its segments in order of their start."""

    purpose: str
    person: str | None
    name: str | None
    ani: str | None
    dnis: str | None
    metrics: frozenset[str]
    segments: tuple[Segment, ...]
    queue: str | None = None  # its name, where the session has it

    @property
    def talked(self) -> list[Segment]:
        """What it was on the line for."""
        return [segment for segment in self.segments if segment.kind in TALK]


@dataclass(frozen=True)
class Conversation:
    """A conversation, whichever API it is told by.

    Attributes:
      file: the recording that its record lies beside.
      is_analytics: whether the analytics API tells it; else that of conversations.
      tells_holds: whether all holds are among the segments.
    """

    where: str
    id: str
    direction: str | None
    started: datetime | None
    ended: datetime | None
    sessions: tuple[Session, ...]
    file: str | None
    is_analytics: bool = True
    tells_holds: bool = True


def beside(path: Path) -> str | None:
    """The recording that a file of metadata lies beside."""
    return str(path)[:-len(_BESIDE)] if path.name.endswith(_BESIDE) else None


def span_of(segment: Record, clock: Clock, start_name: str,
            end_name: str) -> tuple[datetime, datetime | None]:
    """From when to when. Raises RecordError where it has no start, or ends before it."""
    start, end = segment.instant(clock, start_name), segment.instant(clock, end_name)
    if start is None:
        raise RecordError(start_name, 'is missing', 'Export the conversation again.')
    if end and end < start:
        raise RecordError(end_name, f'{iso(end)} is before {start_name} {iso(start)}',
                         'Correct one of them.')
    return start, end


def analytics_of(record: Record, id: str, path: Path, clock: Clock) -> Conversation:
    """A conversation as the analytics details query answers it."""
    sessions = [_session(participant, session, clock)
                for participant in record.parts('participants')
                for session in participant.parts('sessions')
                if (session.text('mediaType') or 'voice').lower() == 'voice']
    return Conversation(
        record.where, id, (record.text('originatingDirection') or '').lower() or None,
        record.instant(clock, 'conversationStart'), record.instant(clock, 'conversationEnd'),
        tuple(sessions), beside(path))


def _session(participant: Record, session: Record, clock: Clock) -> Session:
    segments = []
    for segment in session.parts('segments'):
        start, end = span_of(segment, clock, 'segmentStart', 'segmentEnd')
        segments.append(Segment((segment.text('segmentType') or '').lower(), start, end,
                                (segment.text('disconnectType') or '').lower(),
                                segment.text('queueId')))
    metrics = [metric.text('name') for metric in session.parts('metrics')]
    return Session(
        (participant.text('purpose') or '').lower(), participant.text('userId'),
        participant.text('participantName'), session.text('ani'), session.text('dnis'),
        frozenset(name for name in metrics if name),
        tuple(sorted(segments, key=lambda segment: segment.start)))
