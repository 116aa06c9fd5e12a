"""Hold music: told from speech by spectral lines that stand still, then step.

A note keeps its frequency to a hertz or so for a tenth of a second; a voice never does for
long, however flat it speaks. What counts is the share of the strongest spectral peaks that are
found again unmoved a moment later. A line that stands still for many seconds is mains hum or a
dial tone and does not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np
from annotated_types import Ge, Gt, Interval

from transforms.edges import trim
from transforms.intervals import Span
from transforms.spectrum import SILENT, SpectrumOptions, floor_of, runs

MUSIC_HZ = (150.0, 3400.0)
STRIDE = 2  # every second frame is enough
SEGMENT = 6  # such frames are one segment: 0.24 s with a hop of 0.02 s
LAG = 3  # such frames later a peak must be found again: 0.12 s, nearly a new window
SEARCH_S = 1.9  # how far a piece's edge may lie from where its windows begin to look like music
QUIET = 0.1  # of a channel's segments that are not digital silence, in which a hum stands alone...
ALONE = 0.35  # ...for this share of them: hums have 0.41 and more, music 0.03 (fitted)
ENOUGH = 10  # such segments, or they tell nothing
STILL_SHARE = 0.6  # of a segment's frames, from which a bin's line counts as standing still
MAINS_HZ = (50.0, 60.0)
MAINS_TOP_HZ = 1000.0  # its harmonics die away above
MAINS_OFF_HZ = 1.6  # of a harmonic, as measured
MAINS_LOBE = 1.5  # bins to either side of a harmonic that hold most of its power


@dataclass(frozen=True)
class UnspokenOptions:
    """What else is music: sound that goes on, that nobody speaks, and that has a trace of lines
    or of a beat. Drums, vibrato and dense orchestras are found so.

    Attributes:
      window_s: length over which the traces are taken.
      score: share of still peaks that is a trace.
      repeats: likeness to itself `lag_min_s` to `lag_max_s` later that is a trace: a beat, a bar...
      repeats_windows: ...in so many windows in a row, a second apart.
      share: of a piece, 0..1, that must bear a trace.
      reach_s: how far a piece may reach beyond its last trace.
      pause_s: longest rest inside a piece.
      under_db: what is this far under the piece's loud parts is a rest.
      quieter_db: what is this far under the channel's loudest is background, not played to it.
      spoken: largest share of a piece that may be taken for speech.
      voice_pad_s: the edges of speech that voice activity cuts off.
    """

    window_s: Annotated[float, Gt(0)]
    score: Annotated[float, Interval(gt=0, lt=1)]
    repeats: Annotated[float, Interval(gt=0, lt=1)]
    repeats_windows: Annotated[int, Ge(1)]
    lag_min_s: Annotated[float, Gt(0)]
    lag_max_s: Annotated[float, Gt(0)]
    share: Annotated[float, Interval(ge=0, le=1)]
    reach_s: Annotated[float, Ge(0)]
    pause_s: Annotated[float, Ge(0)]
    under_db: Annotated[float, Gt(0)]
    quieter_db: Annotated[float, Gt(0)]
    spoken: Annotated[float, Interval(ge=0, le=1)]
    voice_pad_s: Annotated[float, Ge(0)]


@dataclass(frozen=True)
class PromptOptions:
    """When speech between two pieces of music is an announcement and not the agent's return.

    Attributes:
      voice_min_s: less speech is a note mistaken for a voice.
      max_s: the longest announcement.
      same: correlation of two from which they are one recording, which nobody says live.
      leak: correlation of two channels at one time from which both carry the same.
      edge_s: one heard once is an announcement if the music stops and goes on this near to it...
      quiet_db: ...and no party is heard: what is so far over a channel's noise is no noise,
      party_db: what is so much louder, or quieter, in another channel than the music's way to it
        would have it is a party,
      party_s: heard for so long.
    """

    voice_min_s: Annotated[float, Gt(0)]
    max_s: Annotated[float, Gt(0)]
    same: Annotated[float, Interval(gt=0, lt=1)]
    leak: Annotated[float, Interval(gt=0, lt=1)]
    edge_s: Annotated[float, Ge(0)]
    quiet_db: Annotated[float, Ge(0)]
    party_db: Annotated[float, Gt(0)]
    party_s: Annotated[float, Gt(0)]


@dataclass(frozen=True)
class MusicOptions:
    """Thresholds of the music rule, fitted on real music-on-hold against real and made voices.

    Attributes:
      min_dbfs: quietest frame looked at, dB re full scale.
      floor_db: segments must also be this far above the channel's noise floor, dB...
      floor_cap_dbfs: ...which is never taken to ask for more than this level.
      peak_range_db: peaks this far below a frame's strongest are ignored.
      peak_rise_db: how far a peak must rise above the 200 Hz around it.
      peaks: how many of the strongest peaks of a frame count.
      still_hz: a peak stands still if it moves by less, within 0.12 s.
      window_s: length over which the share of still peaks is taken.
      score: that share, from which a window is music; voices stay under 0.16 nearly always,
        music is rarely below 0.23.
      active: share of a window that must be loud enough to be looked at, 0..1.
      hum_s: a line that stands still this long is hum or a tone, not music.
      mains: share of the still peaks under 1 kHz on the mains' harmonics, 0..1, from which these
        are hum, however often speech or a gated line parts them.
      run_min_s: shortest run of such windows that begins or continues a piece.
      join_s: pieces less than this apart are one.
      min_s: shortest piece reported.
      unspoken: what is music though its lines do not stand still.
      prompts: the announcements in between.
    """

    min_dbfs: float
    floor_db: Annotated[float, Ge(0)]
    floor_cap_dbfs: float
    peak_range_db: Annotated[float, Gt(0)]
    peak_rise_db: Annotated[float, Gt(0)]
    peaks: Annotated[int, Ge(1)]
    still_hz: Annotated[float, Gt(0)]
    window_s: Annotated[float, Gt(0)]
    score: Annotated[float, Interval(gt=0, lt=1)]
    active: Annotated[float, Interval(ge=0, le=1)]
    hum_s: Annotated[float, Gt(0)]
    mains: Annotated[float, Interval(gt=0, le=1)]
    run_min_s: Annotated[float, Ge(0)]
    join_s: Annotated[float, Ge(0)]
    min_s: Annotated[float, Gt(0)]
    unspoken: UnspokenOptions
    prompts: PromptOptions


@dataclass(frozen=True, eq=False)
class MusicFeatures:
    """A value a segment of SEGMENT * STRIDE frames; `still` has a column a spectrum bin.

    still: peaks of the bin that stood still (uint8). peaks: all peaks. loud: share of frames
    above `min_dbfs`. dbfs: level of the loudest frame. mains_still, mains_peaks: those of both
    that lie on the harmonics of each of MAINS_HZ; unhummed_dbfs: `dbfs` without the bins there.
    """

    still: np.ndarray
    peaks: np.ndarray
    loud: np.ndarray
    dbfs: np.ndarray
    mains_still: np.ndarray
    mains_peaks: np.ndarray
    unhummed_dbfs: np.ndarray


def segment_frames() -> int:
    """Spectrum frames in a segment: blocks must hold a multiple of it."""
    return SEGMENT * STRIDE


def music_features(power: np.ndarray, spectrum: SpectrumOptions,
                   options: MusicOptions) -> MusicFeatures:
    """What the music rule needs of a block of spectra (frames, bins)."""
    band = spectrum.bins(*MUSIC_HZ)
    power = power[::STRIDE]
    parts = np.stack([np.ones(band.stop - band.start, bool),
                      *(~bins for bins in _harmonics(spectrum))], axis=1).astype(np.float32)
    dbfs, *unhummed = 10.0 * np.log10(power[:, band] @ parts + 1e-11).T
    loud = np.flatnonzero(dbfs > options.min_dbfs)
    db = 10.0 * np.log10(power[loud, band.start - 1:band.stop + 1] + 1e-11)
    strong = np.zeros((len(power), db.shape[1] - 2), bool)
    at = np.full(strong.shape, -99.0, np.float32)
    if len(loud):
        rows, bins, tops = _peaks(db, options)
        strong[loud[rows], bins] = True
        at[loud[rows], bins] = tops
    still = _still(strong, at, options.still_hz / spectrum.bin_hz)
    starts = np.arange(0, len(power), SEGMENT)
    frames = np.diff(np.append(starts, len(power)))
    # a peak in a block's last frames has no later frame to be found in: not counted
    counted = _with_future(strong)
    mains = _on_mains(at, band.start, spectrum.bin_hz)
    low = slice(0, mains.shape[2])
    return MusicFeatures(
        still=np.add.reduceat(still, starts, axis=0, dtype=np.uint8),
        peaks=np.add.reduceat(counted.sum(axis=1), starts),
        loud=np.add.reduceat((dbfs > options.min_dbfs).astype(np.float32), starts) / frames,
        dbfs=np.maximum.reduceat(dbfs, starts),
        mains_still=np.add.reduceat((mains & still[:, low]).sum(axis=2).T, starts),
        mains_peaks=np.add.reduceat((mains & counted[:, low]).sum(axis=2).T, starts),
        unhummed_dbfs=np.maximum.reduceat(np.stack(unhummed, axis=1), starts))


def join_features(blocks: Sequence[MusicFeatures]) -> MusicFeatures:
    """The features of consecutive blocks as one."""
    return MusicFeatures(*(np.concatenate([getattr(b, name) for b in blocks])
                           for name in MusicFeatures.__dataclass_fields__))


def _harmonics(spectrum: SpectrumOptions) -> list[np.ndarray]:
    """Which bins of the band hold the harmonics of each of MAINS_HZ."""
    band = spectrum.bins(*MUSIC_HZ)
    hz = np.arange(band.start, band.stop) * spectrum.bin_hz
    return [(np.abs(hz - mains * np.round(hz / mains)) < MAINS_LOBE * spectrum.bin_hz)
            & (hz < MAINS_TOP_HZ) for mains in MAINS_HZ]


def _on_mains(at: np.ndarray, first_bin: int, bin_hz: float) -> np.ndarray:
    """Which bins (of MAINS_HZ, frame, bin) have their peak on a harmonic, those below the top."""
    hz = (at[:, :int(MAINS_TOP_HZ / bin_hz) - first_bin] + first_bin) * bin_hz
    return np.stack([np.abs(hz - mains * np.round(hz / mains)) < MAINS_OFF_HZ
                     for mains in MAINS_HZ]) & (hz > 0)


def _peaks(db: np.ndarray,
           options: MusicOptions) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The strongest peaks of each frame: their rows, their bins, and where each is, in bins.

    `db` has one more bin on each side than those that are numbered.
    """
    from scipy.ndimage import uniform_filter1d

    left, here, right = db[:, :-2], db[:, 1:-1], db[:, 2:]
    rise = here - uniform_filter1d(here, 25, axis=1, mode='nearest')
    height = here - (here.max(axis=1, keepdims=True) - options.peak_range_db)
    peak = (here > left) & (here >= right) & (rise > options.peak_rise_db) & (height > 0)
    height = np.where(peak, height, 0.0)
    kept = min(options.peaks, height.shape[1])
    least = np.partition(height, -kept, axis=1)[:, -kept, None]
    rows, bins = np.nonzero(peak & (height >= least))
    a, b, c = left[rows, bins], here[rows, bins], right[rows, bins]
    return rows, bins, bins + 0.5 * (a - c) / (a - 2 * b + c - 1e-9)  # the parabola's top


def _still(strong: np.ndarray, at: np.ndarray, tolerance: float) -> np.ndarray:
    """Which peaks are found again LAG frames later, moved by less than `tolerance` bins."""
    still = np.zeros_like(strong)
    if len(at) <= LAG:
        return still
    later = np.pad(at[LAG:], ((0, 0), (1, 1)), constant_values=-999.0)
    rows, bins = np.nonzero(strong[:-LAG])
    now = at[rows, bins]
    moved = np.min([np.abs(later[rows, bins + step] - now) for step in range(3)], axis=0)
    still[rows, bins] = moved < tolerance
    return still


def _with_future(strong: np.ndarray) -> np.ndarray:
    known = strong.copy()
    known[-LAG:] = False
    return known


class Piece(NamedTuple):
    """Something played, from its first to its last note; `share` of its peaks stand still."""

    start_s: float
    end_s: float
    share: float


@dataclass(frozen=True, eq=False)
class Lines:
    """Of each segment of a channel the peaks that stand still, all peaks, the share of frames that
    are loud and the level of the loudest; hum, call-progress tones and what is under the noise
    floor left out."""

    still: np.ndarray
    peaks: np.ndarray
    loud: np.ndarray
    dbfs: np.ndarray
    segment_s: float

    def near(self, window_s: float, score: float, active: float) -> np.ndarray:
        """Whether in the window around each segment enough is loud and enough peaks are still."""
        from scipy.ndimage import uniform_filter1d

        width = max(1, round(window_s / self.segment_s))
        still, peaks, loud = (uniform_filter1d(x.astype(np.float64), width, mode='constant')
                              for x in (self.still, self.peaks, self.loud))
        return (still >= score * peaks) & (peaks > 0) & (loud >= active)

    def share(self, start_s: float, end_s: float) -> float:
        """The share of still peaks between two instants."""
        part = slice(round(start_s / self.segment_s), round(end_s / self.segment_s) + 1)
        return float(self.still[part].sum() / max(1, self.peaks[part].sum()))


def lines_of(features: MusicFeatures, tones: Sequence[Span], spectrum: SpectrumOptions,
             options: MusicOptions) -> Lines:
    """What stands still in a channel.

    Args:
      features: of the whole channel.
      tones: when call-progress tones were heard; they are never music.
    """
    segment_s = segment_frames() * spectrum.hop_s
    mains = _mains(features, spectrum, options)
    still, peaks = _counts(features, tones, segment_s, mains, spectrum, options)
    dbfs = features.unhummed_dbfs[:, mains].min(axis=1) if mains else features.dbfs
    return Lines(still, peaks, features.loud, dbfs, segment_s)


def find_tonal(lines: Lines, levels: np.ndarray, spectrum: SpectrumOptions,
               options: MusicOptions) -> list[Piece]:
    """The pieces that are music by their still lines alone, in order.

    Args:
      levels: power of the speech band, a value a spectrum frame: places the edges.
    """
    segment_s = lines.segment_s
    pieces = []
    for first, last in runs(lines.near(options.window_s, options.score, options.active)):
        if (last - first) * segment_s < options.run_min_s:
            continue
        a, b = _edges(lines.still, lines.peaks, first, last, round(SEARCH_S / segment_s))
        if b > a:
            share = float(lines.still[a:b].sum() / max(1, lines.peaks[a:b].sum()))
            pieces.append(Piece(*trim(levels, a * segment_s, b * segment_s, spectrum.hop_s),
                                share))
    return pieces


def _counts(features: MusicFeatures, tones: Sequence[Span], segment_s: float,
            mains: Sequence[int], spectrum: SpectrumOptions,
            options: MusicOptions) -> tuple[np.ndarray, np.ndarray]:
    """Still peaks and all peaks of each segment, hum, tones and the noise floor left out."""
    floor = 10 * np.log10(floor_of(10 ** (features.dbfs / 10)) + 1e-11)
    at_least = min(floor + options.floor_db, options.floor_cap_dbfs)
    heard = features.dbfs > at_least
    for start_s, end_s in tones:
        heard[max(0, int(start_s / segment_s)):int(np.ceil(end_s / segment_s)) + 1] = False
    power = 10 ** (features.dbfs / 10)
    quiet = (power > SILENT) & (power <= floor_of(power, QUIET))
    still, lines, peaks = features.still, features.still.sum(axis=1, dtype=np.int64), features.peaks
    for i in mains:
        still = np.where(_harmonics(spectrum)[i], np.uint8(0), still)
        lines, peaks = lines - features.mains_still[:, i], peaks - features.mains_peaks[:, i]
    humming = _humming(still, quiet, max(1, round(options.hum_s / segment_s)))
    # a bin beside a harmonic may lie in both
    lines, peaks = np.maximum(lines - humming, 0), np.maximum(peaks - humming, 0)
    return lines * heard, peaks * heard


def _mains(features: MusicFeatures, spectrum: SpectrumOptions, options: MusicOptions) -> list[int]:
    """The mains that hum in a channel, as places in MAINS_HZ."""
    top = int(MAINS_TOP_HZ / spectrum.bin_hz) - spectrum.bins(*MUSIC_HZ).start
    lines = max(1, int(features.still[:, :top].sum()))
    return [i for i in range(len(MAINS_HZ))
            if features.mains_still[:, i].sum() >= options.mains * lines]


def _humming(still: np.ndarray, quiet: np.ndarray, long: int) -> np.ndarray:
    """Of each segment the still peaks that belong to lines at least `long` segments long, or that
    are there in many of the channel's `quiet` segments: a voice over a hum parts its lines.

    A line between two bins is counted in either, so each bin is taken with its neighbours. A few
    bins at a time: a call of four hours has 60,000 segments.
    """
    from scipy.ndimage import binary_opening

    humming = np.zeros(len(still), np.int64)
    wide = np.pad(still, ((0, 0), (1, 1)))
    for first in range(0, still.shape[1], 32):
        part = still[:, first:first + 32]
        width = part.shape[1]
        lines = np.sum([wide[:, first + i:first + i + width] for i in range(3)], axis=0)
        standing = np.asarray(lines >= STILL_SHARE * SEGMENT)
        alone = np.zeros(width, bool)
        if quiet.sum() >= ENOUGH:
            alone = standing[quiet].mean(axis=0) >= ALONE
        hums = alone | (standing.sum(axis=0) >= long)
        if hums.any():
            hum = binary_opening(standing[:, hums], np.ones((long, 1))) | alone[hums]
            humming += (part[:, hums] * hum).sum(axis=1, dtype=np.int64)
    return humming


def _edges(still: np.ndarray, peaks: np.ndarray, first: int, last: int,
           search: int) -> tuple[int, int]:
    """The run's edges where its segments, and not only the windows around them, are music.

    Before and after lie voices (a share near 0.06): halfway between that and the run's own
    share, the running sum of the excess is lowest at the first note and highest at the last.
    """
    share = still[first:last].sum() / max(1, peaks[first:last].sum())
    total = np.concatenate(([0.0], np.cumsum(still - (0.06 + share) / 2 * peaks)))
    middle = (first + last) // 2
    low = max(0, first - search)
    heads = total[low:max(low + 1, min(middle, first + search) + 1)]
    start = low + len(heads) - 1 - int(np.argmin(heads[::-1]))
    high = max(middle, last - search, start)
    tails = total[high:last + search + 1]
    return start, high + int(np.argmax(tails))
