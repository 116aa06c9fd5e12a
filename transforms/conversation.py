"""What travels through the pipeline: a reference to a call, then the call as it is understood."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from transforms.intervals import Span
from warehouse.records import Event, Finding, Kpis, Turn, Words, reject_key


@dataclass(frozen=True)
class Reference:
    """One admitted manifest row: which call, where its audio is, what the phone system said.

    Either `audio_uri` or both of `agent_audio_uri` and `caller_audio_uri` are set, as absolute
    local paths or Beam filesystem URIs. Instants are aware and in UTC. `manifest` is this row
    as JSON, with `holds` and `transfers` already in seconds from the start of the recording
    where that could be worked out: `transforms.metadata` reads it back.
    """

    call_id: str
    row: int | None = None
    audio_uri: str | None = None
    agent_audio_uri: str | None = None
    caller_audio_uri: str | None = None
    agent_channel: int | None = None  # 0-based
    started_at: datetime | None = None
    direction: str | None = None
    agent_id: str | None = None
    queue: str | None = None
    caller_id: str | None = None
    language: str | None = None
    hung_up_by: str | None = None
    transcript_uri: str | None = None
    manifest: str = '{}'
    published_sha256: str | None = None  # what the warehouse already holds of this call
    published_fingerprint: str | None = None

    @property
    def source_uri(self) -> str:
        """The recording, as `calls.source_uri` names it (the agent's file of a pair)."""
        return self.audio_uri or self.agent_audio_uri or ''

    @property
    def key(self) -> str:
        """What names this row of the batch in the ledger and in `rejects`."""
        return reject_key(self.source_uri, self.row, self.call_id)


@dataclass(frozen=True, eq=False)
class Audio:
    """Samples of a call: int16, shape (channels, frames), at 16 kHz (8 kHz where recorded so)."""

    samples: np.ndarray
    rate: int

    @property
    def duration_s(self) -> float:
        return self.samples.shape[1] / self.rate

    @property
    def channels(self) -> int:
        return int(self.samples.shape[0])

    def window(self, channel: int, start_s: float = 0.0, end_s: float | None = None) -> np.ndarray:
        """The channel between two instants as float32 in [-1, 1): a copy, clipped to the audio."""
        first = max(0, round(start_s * self.rate))
        last = self.samples.shape[1] if end_s is None else max(first, round(end_s * self.rate))
        return self.samples[channel, first:last].astype(np.float32) / 32768.0


@dataclass(frozen=True, eq=False)
class Leak:
    """The other party's voice, as it was taken out of a channel.

    Attributes:
      dbfs: of each frame of 10 ms.
      depth_db: by how much it became quieter; the rest of it is still there.
    """

    dbfs: np.ndarray
    depth_db: float


@dataclass(frozen=True)
class Sound:
    """Something heard that is not conversation: ringing, busy, hold music, a beep, digital zero.

    kind and label are those of the `events` table (ring/ringback, tone/busy, tone/record_beep,
    tone/transfer_ring, hold/music, hold/zero, ivr/announcement). `channel` is the audio channel
    it was heard in, None for all of them. `evidence` is short human-readable text with numbers.
    """

    kind: str
    label: str
    channel: int | None
    start_s: float
    end_s: float
    confidence: float
    evidence: str


@dataclass(frozen=True)
class Lane:
    """One party as heard, before anyone knows who it is.

    `channel` is the audio channel to listen to (both lanes of a mono call name channel 0).
    `speech` is voice activity, sorted and disjoint, without ringing, music and bleed;
    `bleed` the spans judged to be the other party leaking in. Where the party has several voices
    (agents before and after a transfer), `voices` says of each span of speech which it is, from
    1 on in order of their first word; else it is empty.
    """

    channel: int
    speech: tuple[Span, ...] = ()
    bleed: tuple[Span, ...] = ()
    words: Words = field(default_factory=Words)
    snr_db: float | None = None
    voices: tuple[int, ...] = ()


@dataclass(frozen=True)
class Note:
    """Something about the hearing of a call that its words do not show.

    Attributes:
      label: text_dropped (words that were taken for made up), loop_cut (words that were said over
        and over), not_heard (speech too faint to be transcribed), language (told from the sound)
        or transcript_trust (why it is not ok).
      channel: of the audio; None: of the whole call.
      confidence: 0..1, where there is one.
      evidence: why, with numbers; nothing of what was said but phrases of the settings.
    """

    label: str
    channel: int | None
    start_s: float
    end_s: float
    confidence: float | None
    evidence: str


@dataclass(frozen=True)
class Conversation:
    """A call on its way. Each step fills a part; `audio` is dropped once nobody needs samples."""

    ref: Reference
    audio_sha256: str = ''
    audio: Audio | None = None
    duration_s: float = 0.0
    sample_rate_hz: int = 0
    channels: int = 0
    codec: str = ''
    sounds: tuple[Sound, ...] = ()
    leaks: tuple[Leak | None, ...] = (None, None)  # of two channels
    lanes: tuple[Lane, ...] = ()  # two, or none in a silent recording
    lane_source: str | None = None  # channel | diarized
    diarizer: str | None = None
    agent_lane: int | None = None  # index into lanes
    agent_lane_source: str | None = None
    agent_lane_confidence: float | None = None
    language: str | None = None
    transcriber: str = 'none'
    transcriber_model: str | None = None
    transcript_trust: str = 'none'
    notes: tuple[Note, ...] = ()
    turns: tuple[Turn, ...] = ()
    words: Words = field(default_factory=Words)
    events: tuple[Event, ...] = ()
    findings: tuple[Finding, ...] = ()
    kpis: tuple[Kpis, ...] = ()
    work_s: float = 0.0  # seconds of work spent on it so far


@dataclass(frozen=True)
class RunContext:
    """What every call of a run shares, besides the options of the stages.

    `fingerprint` is of the perception settings; `redo_stale` does calls again that are published
    with another one; `force` does every call again. With `claims`, several processes are given
    the same calls, and each call is done by the one that takes it first; not for a runner that
    may give a call to another process again. `mask_source`: what is stored does not say where the
    recording lies.
    """

    warehouse: str
    ledger: str
    run_id: str
    fingerprint: str
    timezone: str
    force: bool = False
    redo_stale: bool = False
    claims: bool = False
    mask_source: bool = False
