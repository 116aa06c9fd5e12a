"""What a simulated call is: knobs, and the script that is drawn from a seed with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

AGENT, CALLER, IVR = 'agent', 'caller', 'ivr'

CODECS = ('pcm_s16le', 'pcm_mulaw', 'gsm', 'opus', 'mp3')
NOISES = ('white', 'pink', 'babble', 'hum')
LAYOUTS = ('two_channel', 'swapped', 'mono', 'duplicated', 'dead_channel', 'one_way')
PAUSES = ('noise', 'comfort_noise', 'digital_silence')
HOLDS = ('tonal', 'percussive', 'announced_music', 'gsm_music', 'reference', 'silence', 'zero',
         'beeps')
OVERLAPS = ('backchannel', 'terminal', 'interruption_taken', 'interruption_failed', 'contested',
            'dual_start', 'completion', 'choral', 'overlap_complete')
LANES = (AGENT, CALLER, 'both')


@dataclass(frozen=True)
class Knobs:
    """What may be asked of a call; None is drawn from the seed.

    Attributes:
      codec: one of CODECS. mu-law and GSM are at 8 kHz, Opus at 12 kbit/s a channel, MP3 at 24.
      sample_rate: 8000 or 16000 Hz; mu-law and GSM always 8000.
      layout: one of LAYOUTS; channel 0 is the agent's, in `swapped` the caller's. `duplicated` has
        the mono mix twice, `dead_channel` has it in channel 0 and digital zero in the other,
        `one_way` the agent alone in channel 0 and digital zero in the other.
      noise, snr_db: kind of NOISES, and the lane's speech over it (RMS while speaking); inf: none.
      pauses: what a lane holds where its party is silent: the noise going on, a low comfort noise
        (-68 to -58 dBFS), or digital zero, both from 0.15 s after to 0.1 s before speech.
      agent_dbfs, caller_dbfs: RMS of the lane's speech.
      bleed_db: each lane leaks into the other this much weaker (-40 to -15), `bleed_delay_s` late
        (0 to 0.02); -inf: not at all.
      clip_db: how far speech peaks are driven over full scale before they are cut off; 0: not.
      loss: share of 20 ms frames lost (0 to 0.1); loss_kind: `zero` or `repeat` of the one before.
      dc_offset: added to each channel, of full scale (-0.05 to 0.05).
      ring_country: one of `sounds.COUNTRIES`; ring_count: 0 is a recording that starts at the
        answer; ring_lane: one of LANES; ring_starts_mid: the recording begins inside a ring;
        ring_over_noise_db: level of the rings over the noise of the agent's lane (None: they are
        about as loud as speech).
      holds: how many; hold_kind: one of HOLDS, of all of them.
      beeps: 1400 Hz record-warning beeps every 15 s; dtmf: the caller presses keys.
      ivr: `none`, `before` or `after` the ringing starts.
      transfer: to a second agent, with ringing inside the call.
      music_under_talk: quiet music in the agent's lane while the call goes on: no hold.
      dead_air: silences of 2.5 to 9 s that nobody announced.
      direction: inbound or outbound; first_speaker: agent or caller.
      agent_voice, caller_voice: names in the bank.
      exchanges: statement and reply, so many times (3 to 9).
      overlap: only overlaps of this class (one of OVERLAPS, or `none`) besides ordinary timing;
        overlap_rate: probability of one in each statement.
    """

    codec: str | None = None
    sample_rate: int | None = None
    layout: str | None = None
    noise: str | None = None
    snr_db: float | None = None
    pauses: str | None = None
    agent_dbfs: float | None = None
    caller_dbfs: float | None = None
    bleed_db: float | None = None
    bleed_delay_s: float | None = None
    clip_db: float | None = None
    loss: float | None = None
    loss_kind: str | None = None
    dc_offset: float | None = None
    ring_country: str | None = None
    ring_count: int | None = None
    ring_lane: str | None = None
    ring_starts_mid: bool | None = None
    ring_over_noise_db: float | None = None
    holds: int | None = None
    hold_kind: str | None = None
    beeps: bool | None = None
    dtmf: bool | None = None
    ivr: str | None = None
    transfer: bool | None = None
    music_under_talk: bool | None = None
    dead_air: int | None = None
    direction: str | None = None
    first_speaker: str | None = None
    agent_voice: str | None = None
    caller_voice: str | None = None
    exchanges: int | None = None
    overlap: str | None = None
    overlap_rate: float | None = None


def clean(**knobs: object) -> Knobs:
    """Knobs of a faultless two-channel PCM recording at 16 kHz, save what is named."""
    plain: dict[str, object] = {
        'codec': 'pcm_s16le', 'sample_rate': 16000, 'layout': 'two_channel', 'noise': 'white',
        'snr_db': float('inf'), 'pauses': 'noise', 'bleed_db': float('-inf'), 'clip_db': 0.0,
        'loss': 0.0, 'dc_offset': 0.0, 'music_under_talk': False}
    return Knobs(**{**plain, **knobs})  # type: ignore[arg-type]


@dataclass(frozen=True)
class Utterance:
    """A clip of a voice, or its beginning, in a lane.

    `clip` is its place among the voice's clips. It is cut `keep_s` after its start, with a decay of
    `decay_s` after it; `gain_db` is relative to the lane's speech level. `speaker` is agent, caller
    or ivr, `lane` where it is heard.
    """

    speaker: str
    lane: str
    voice: str
    clip: int
    start_s: float
    keep_s: float
    decay_s: float = 0.0
    gain_db: float = 0.0
    signal: bool = False  # a short listening signal

    @property
    def end_s(self) -> float:
        return self.start_s + self.keep_s + self.decay_s


@dataclass(frozen=True)
class Ringing:
    """One ring (all its bursts), cut at `end_s`; the recording may begin inside it."""

    country: str
    lane: str
    onset_s: float  # may lie before the recording
    end_s: float
    transfer: bool = False


@dataclass(frozen=True)
class Hold:
    """The caller is parked: `end_s` is the last note, or the agent's return from a silent one."""

    kind: str
    lane: str
    start_s: float
    end_s: float
    seed: int
    level_db: float = 0.0  # relative to speech
    talked_over: bool = False  # quiet music under the talk: no hold


@dataclass(frozen=True)
class Tone:
    """A sum of sines: a record-warning beep, a key, a beep of a hold."""

    kind: str
    lane: str
    hz: tuple[float, ...]
    start_s: float
    end_s: float


class Overlap(NamedTuple):
    """Both speak, as `speaker` who came in intended it."""

    label: str
    speaker: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Script:
    """A call, with every knob drawn and every time in seconds from the start of the recording."""

    seed: int
    knobs: Knobs
    duration_s: float
    utterances: tuple[Utterance, ...]
    rings: tuple[Ringing, ...] = ()
    holds: tuple[Hold, ...] = ()
    tones: tuple[Tone, ...] = ()
    overlaps: tuple[Overlap, ...] = ()
    dead_air: tuple[tuple[float, float], ...] = ()
    ring_level_db: float = 0.0  # relative to the agent's speech
    zeros: tuple[tuple[float, float], ...] = field(default=())  # digital zero in every lane
