"""A long two-channel call for measuring memory: the sample dialogues, one after the other."""

from __future__ import annotations

import itertools
from pathlib import Path

import av
import numpy as np

SAMPLES = Path(__file__).parent.parent.parent / 'samples'
RATE = 16000
BLOCK = RATE


def write_long_call(path: Path, duration_s: float) -> None:
    """Writes 16 kHz two-channel FLAC of that length, block by block, from the 16 kHz samples."""
    left = round(duration_s * RATE)
    with av.open(str(path), 'w') as out:
        stream = out.add_stream('flac', rate=RATE, layout='stereo')
        for block in _blocks():
            block = block[:, :left]
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(block.T.reshape(1, -1)), format='s16', layout='stereo')
            frame.sample_rate = RATE
            out.mux(stream.encode(frame))
            left -= block.shape[1]
            if left <= 0:
                break
        out.mux(stream.encode(None))


def _blocks():  # type: ignore[no-untyped-def]
    for path in itertools.cycle(sorted(SAMPLES.glob('*.flac'))):
        with av.open(str(path)) as source:
            audio = source.streams.audio[0]
            if audio.rate != RATE or audio.channels != 2:
                continue
            resampler = av.AudioResampler('s16p', 'stereo', RATE, BLOCK)
            for frame in source.decode(audio):
                for part in resampler.resample(frame):
                    yield part.to_ndarray()
