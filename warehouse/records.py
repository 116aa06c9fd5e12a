"""The records of the warehouse: one frozen record a table row, words as columns.

Turns, events and findings are named tuples: a call has hundreds, and a rescore makes millions of
them, which takes a tenth of the time that frozen dataclasses take.

Times are seconds from the first sample of the recording unless the name ends in `_at`
(an aware datetime in UTC). `None` is "not known", never "zero" and never "no".
The columns `call_id` and `call_date` that every table repeats are added when a call is
published, from its `Call`; the records of a call do not carry them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # commands that only ask need no numpy
    import numpy as np
    from numpy.typing import NDArray

AGENT = 'agent'
CALLER = 'caller'


@dataclass(frozen=True)
class Call:
    """A row of `calls`: the recording, what the phone system said of it, and how it was heard."""

    call_id: str
    source_uri: str
    audio_sha256: str
    started_at: datetime | None
    call_date: date | None  # of started_at, in the configured timezone
    duration_s: float
    sample_rate_hz: int  # as recorded, not as kept
    channels: int  # as recorded
    codec: str  # FFmpeg's name: pcm_s16le, pcm_mulaw, opus ...
    direction: str | None  # inbound | outbound
    agent_id: str | None
    queue: str | None
    caller_id: str | None
    language: str | None  # ISO 639-1
    hung_up_by: str | None  # agent | caller
    lane_source: str | None  # channel | diarized
    agent_lane_source: str | None  # manifest | config | phrases | first_speaker | holds
    agent_lane_confidence: float | None  # 0..1
    agent_snr_db: float | None
    caller_snr_db: float | None
    diarizer: str | None
    transcriber: str
    transcriber_model: str | None
    transcript_trust: str  # ok | low | none
    manifest: str  # the admitted row as JSON: what `transforms.metadata.metadata_of` reads
    fingerprint: str = ''
    run_id: str = ''
    processed_at: datetime | None = None


class Turn(NamedTuple):
    """A row of `turns`: what one party said until the other took the floor (or a backchannel)."""

    turn: int
    speaker: str  # agent | caller
    is_backchannel: bool
    start_s: float
    end_s: float
    text: str = ''
    word_count: int = 0
    confidence: float | None = None  # mean word score, 0..1
    level_dbfs: float | None = None  # RMS of the turn's speech
    f0_st: float | None = None  # median pitch, semitones over 100 Hz
    f0_iqr_st: float | None = None  # its interquartile range, semitones


@dataclass(frozen=True)
class Words:
    """The words of one call (or of one lane) as parallel columns, in order of time.

    All columns have the same length. `start_s`/`end_s` are None for a word without a time
    (then `time_quality` is 'none'); `confidence` is None where the engine's is not to be
    believed. `turn` is -1 and `speaker` '' until the turns are known.
    """

    start_s: tuple[float | None, ...] = field(default_factory=tuple)
    end_s: tuple[float | None, ...] = field(default_factory=tuple)
    text: tuple[str, ...] = field(default_factory=tuple)
    confidence: tuple[float | None, ...] = field(default_factory=tuple)
    time_quality: tuple[str, ...] = field(default_factory=tuple)  # aligned | interpolated | none
    turn: tuple[int, ...] = field(default_factory=tuple)
    speaker: tuple[str, ...] = field(default_factory=tuple)

    def __len__(self) -> int:
        return len(self.text)

    @cached_property
    def arrays(self) -> WordArrays:
        """What can be counted of the words, as arrays."""
        import numpy as np
        start_s, end_s, confidence = (np.array(column, dtype=np.float64) for column in (
            self.start_s, self.end_s, self.confidence))
        is_agent, is_caller = (np.array([speaker == party for speaker in self.speaker], dtype=bool)
                               for party in (AGENT, CALLER))
        return WordArrays(start_s, end_s, confidence, is_agent, is_caller,
                          np.array(self.turn, dtype=np.int32))

    def of(self, speaker: str) -> list[int]:
        """The places of a party's words that lie in its turns."""
        arrays = self.arrays
        own = arrays.is_agent if speaker == AGENT else arrays.is_caller
        places: list[int] = (own & (arrays.turn >= 0)).nonzero()[0].tolist()
        return places


class WordArrays(NamedTuple):
    """Columns of words as arrays: NaN for None."""

    start_s: NDArray[np.float64]
    end_s: NDArray[np.float64]
    confidence: NDArray[np.float64]
    is_agent: NDArray[np.bool_]
    is_caller: NDArray[np.bool_]
    turn: NDArray[np.int32]


class Event(NamedTuple):
    """A row of `events`: something that happened between two instants of a call."""

    event: int  # counts from 0 in order of (start_s, end_s, agent before caller)
    kind: str  # speech | ring | ivr | hold | dead_air | silence | overlap | phrase | tone | note
    label: str  # the class within the kind: music, interruption_taken, farewell ...
    speaker: str | None
    start_s: float
    end_s: float
    confidence: float | None = None
    evidence: str | None = None


class Finding(NamedTuple):
    """A row of `findings`: what one rule says of one call, and why."""

    standard: str
    rule_version: str
    rule_id: str
    stage: str
    tier: str  # A | B
    result: str  # pass | fail | unknown | not_applicable
    score: float | None
    weight: float
    stage_weight: float
    why: str
    confidence: float | None = None
    speaker: str | None = None
    start_s: float | None = None
    end_s: float | None = None
    evidence: str | None = None


@dataclass(frozen=True)
class Kpis:
    """A row of `kpis`. Every value but the first three is None where it cannot be known."""

    standard: str
    rule_version: str
    call_date: date | None = None
    agent_id: str | None = None
    queue: str | None = None
    ring_to_answer_s: float | None = None
    ring_count: int | None = None
    ring_source: str | None = None  # metadata | audio | audio_partial
    ring_at_least_s: float | None = None
    hold_count: int | None = None
    hold_total_s: float | None = None
    hold_longest_s: float | None = None
    hold_source: str | None = None  # metadata | audio | words (announced), comma-separated
    agent_interruptions: int | None = None
    caller_interruptions: int | None = None
    agent_backchannels: int | None = None
    caller_backchannels: int | None = None
    agent_talk_s: float | None = None
    caller_talk_s: float | None = None
    agent_talk_ratio: float | None = None
    agent_only_s: float | None = None
    caller_only_s: float | None = None
    overlap_s: float | None = None
    gap_s: float | None = None
    pause_s: float | None = None
    ring_s: float | None = None
    ivr_s: float | None = None
    dead_air_s: float | None = None
    overlap_ratio: float | None = None
    dead_air_count: int | None = None
    longest_silence_s: float | None = None
    trailing_silence_s: float | None = None
    agent_reply_median_s: float | None = None
    agent_longest_turn_s: float | None = None
    agent_speech_rate: float | None = None
    caller_speech_rate: float | None = None
    speech_rate_unit: str | None = None  # word | char | syllable
    agent_loudness_dbfs: float | None = None
    caller_loudness_dbfs: float | None = None
    signoff_order: str | None = None
    signoff_spoken: str | None = None
    signoff_status: str | None = None
    last_speaker: str | None = None
    hung_up_by: str | None = None
    transfer_count: int | None = None
    opening_score: float | None = None
    hold_score: float | None = None
    signoff_score: float | None = None
    etiquette_score: float | None = None
    etiquette_lo: float | None = None
    etiquette_hi: float | None = None
    etiquette_coverage: float | None = None
    rules_passed: int | None = None
    rules_failed: int | None = None
    rules_unknown: int | None = None


@dataclass(frozen=True)
class Result:
    """All that is known of one call: what a landing file holds and a publish spreads."""

    call: Call
    turns: tuple[Turn, ...] = ()
    words: Words = field(default_factory=Words)
    events: tuple[Event, ...] = ()
    findings: tuple[Finding, ...] = ()
    kpis: tuple[Kpis, ...] = ()


@dataclass(frozen=True)
class Reject:
    """A row of `rejects`: a call that could not be processed, why, and the way out."""

    reject_key: str  # sha256 of (source_uri, row, call_id), hex
    source_uri: str | None
    row: int | None  # 1-based row of the manifest, header excluded; None for a bare folder
    call_id: str | None
    step: str  # manifest | admit | decode | ... | land | worker
    field: str | None
    value: str | None
    error: str  # the error's class, or `crashed`
    message: str
    way_out: str
    manifest: str | None  # the row as it was given, JSON
    run_id: str = ''
    failed_at: datetime | None = None


def reject_key(source_uri: str | None, row: int | None, call_id: str | None) -> str:
    """The key of a row of `rejects`: sha256, in hex, over a form that tells the three apart."""
    return hashlib.sha256(json.dumps([source_uri, row, call_id]).encode('ascii')).hexdigest()


@dataclass(frozen=True)
class Run:
    """A row of `runs`. calls_in = calls_published + calls_skipped + calls_rejected, always."""

    run_id: str
    started_at: datetime
    finished_at: datetime
    command: str
    fingerprint: str
    calls_in: int
    calls_published: int
    calls_skipped: int
    calls_rejected: int
    audio_s: float
    work_s: float
    peak_rss_mb: float
