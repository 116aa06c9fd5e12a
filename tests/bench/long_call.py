"""A long call for measuring time and memory: the sample dialogues, one after the other."""

from __future__ import annotations

import itertools
import struct
from pathlib import Path

import av

SAMPLES = Path(__file__).parent.parent.parent / 'samples'
CHANNELS = 2
LAYOUTS = {1: 'mono', 2: 'stereo'}
FORMATS = {'pcm_s16le': (1, 2), 'pcm_mulaw': (7, 1)}  # RIFF's tag, bytes a sample


def write_long_call(path: Path, duration_s: float, rate: int = 16000,
                    codec: str = 'pcm_s16le', channels: int = CHANNELS) -> None:
    """Writes a WAV file of that length; one channel holds both parties.

    The samples are encoded once and repeated as bytes: four hours take as long as the disk does.
    """
    tag, width = FORMATS[codec]
    frame = channels * width
    size = round(duration_s * rate) * frame
    dialogues, left = _dialogues(rate, codec, channels), size
    with path.open('wb') as file:
        file.write(struct.pack('<4sI4s4sIHHIIHHH4sI', b'RIFF', size + 38, b'WAVE', b'fmt ', 18, tag,
                               channels, rate, rate * frame, frame, 8 * width, 0, b'data', size))
        while left:
            left -= file.write(dialogues[:left])


def _dialogues(rate: int, codec: str, channels: int) -> bytes:
    encoder = av.CodecContext.create(codec, 'w')
    encoder.sample_rate, encoder.layout, encoder.format = rate, LAYOUTS[channels], 's16'
    encoded = []
    for path in sorted(SAMPLES.glob('*.flac')):
        with av.open(str(path)) as source:
            audio = source.streams.audio[0]
            if audio.channels != CHANNELS:
                continue
            resampler = av.AudioResampler('s16', LAYOUTS[channels], rate)
            frames = itertools.chain.from_iterable(map(resampler.resample, source.decode(audio)))
            for frame in itertools.chain(frames, resampler.resample(None)):
                frame.pts = None
                encoded += map(bytes, encoder.encode(frame))
    return b''.join(encoded)
