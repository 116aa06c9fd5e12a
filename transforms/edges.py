"""Where a piece of music begins and ends, by what it and the rest of its channel sound like.

Lines that stand still tell that there is music, but a soft opening or a run of short notes has
few. So the channel is its own measure: the colour of the piece's inside is held against that of
what sounds and what is silent elsewhere in the channel, frame by frame out to both sides.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from transforms.intervals import Span

OUT_S, INTO_S = 2.6, 1.0  # how far an edge is moved at most
AWAY_S = 3.0  # from a piece, there may still be music
LEAST = 25  # frames that tell a colour
SPREAD_DB = 3.0  # of a band, at least: a colour is never known better
OWN = 0.6  # weight of bands moving together, the rest each on its own: few frames tell little
MOST = 2.5  # nats that one frame may say: no one frame decides
REST = 0.5  # nats that a silent one may say against music, which has rests
FADE_DB = 25.0  # a piece has ended where it is this far below its median level


def place_edges(pieces: Sequence[Span], bands_db: np.ndarray, sounding: np.ndarray,
                step_s: float) -> list[Span]:
    """The pieces with their edges moved to where the channel changes its colour.

    Args:
      pieces: in order and disjoint.
      bands_db: loudness of the channel's bands, (frames, bands).
      sounding: which frames stand out of the channel's noise.
      step_s: from one frame to the next.
    """
    count = len(bands_db)
    away = np.ones(count, bool)
    for start, end in pieces:
        away[max(0, round((start - AWAY_S) / step_s)):round((end + AWAY_S) / step_s)] = False
    rest = [_colour(bands_db[away & part]) for part in (sounding, ~sounding)]
    known = [colour for colour in rest if colour is not None]
    blind = rest[1] is None  # nothing tells a soft note from silence
    out: list[Span] = []
    for i, (start, end) in enumerate(pieces):
        first, last = round(start / step_s), min(count, round(end / step_s))
        inside = np.zeros(count, bool)
        inside[first:last] = True
        own = _colour(bands_db[inside & sounding])
        if own is None or not known:
            out.append((start, end))
            continue
        middle, out_by, into = (first + last) // 2, round(OUT_S / step_s), round(INTO_S / step_s)
        low = max(0, first - out_by, round(out[-1][1] / step_s) if out else 0)
        high = min(count, last + out_by,
                   round(pieces[i + 1][0] / step_s) if i + 1 < len(pieces) else count)
        gain = _gain(bands_db[low:high], sounding[low:high], own, known)
        if blind:
            gain[~sounding[low:high]] = -REST
        total = np.concatenate(([0.0], np.cumsum(gain)))
        head = min(middle, first + into) - low
        tail = max(middle, last - into) - low
        begin = low + head - int(np.argmin(total[:head + 1][::-1])) if head > 0 else first
        finish = low + tail + int(np.argmax(total[tail:])) if tail < len(total) else last
        out.append((start if begin == first else begin * step_s,
                    end if finish == last else finish * step_s))
    return out


Colour = tuple[np.ndarray, np.ndarray, float]


def _colour(frames_db: np.ndarray) -> Colour | None:
    """Mean, inverse covariance and the logarithm of its determinant; None of too few frames."""
    if len(frames_db) < LEAST:
        return None
    spread = np.cov(frames_db.T.astype(np.float64))
    alone = np.diag(np.diag(spread))
    spread = OWN * spread + (1 - OWN) * alone + SPREAD_DB ** 2 * np.eye(len(spread))
    return frames_db.mean(axis=0), np.linalg.inv(spread), float(np.linalg.slogdet(spread)[1])


def _gain(frames_db: np.ndarray, sounding: np.ndarray, own: Colour,
          rest: Sequence[Colour]) -> np.ndarray:
    """How much likelier each frame is the piece's than the rest's, in nats."""
    elsewhere = np.max([_likelihood(frames_db, colour) for colour in rest], axis=0)
    gain = np.clip(_likelihood(frames_db, own) - elsewhere, -MOST, MOST)
    return np.where(sounding, gain, np.maximum(gain, -REST))


def _likelihood(frames_db: np.ndarray, colour: Colour) -> np.ndarray:
    mean, inverse, log_det = colour
    off = frames_db - mean
    return -0.5 * (np.einsum('ij,jk,ik->i', off, inverse, off) + log_det)


def trim(levels: np.ndarray, start_s: float, end_s: float, hop_s: float) -> Span:
    """The edges moved to where the sound begins and has faded, if that is near."""
    first, last = round(start_s / hop_s), min(len(levels), round(end_s / hop_s))
    quiet = levels < np.median(levels[first:max(last, first + 1)]) * 10 ** (-FADE_DB / 10)
    out, into = round(0.9 / hop_s), round(0.36 / hop_s)
    low = max(0, first - out)
    before = np.flatnonzero(quiet[low:first + into])
    if len(before):
        start_s = (low + int(before[-1]) + 1) * hop_s
    low = max(0, last - into)
    after = np.flatnonzero(quiet[low:last + out])
    if len(after):
        end_s = (low + int(after[0])) * hop_s
    return start_s, min(end_s, (len(levels) - 1) * hop_s)
