"""Codecs as the recordings come: encoded and decoded for real."""

from __future__ import annotations

import io
from typing import Any, cast

import numpy as np
from scipy.signal import resample_poly

from tests.simulator.bank import RATE

# codec: container, suffix, bit/s a channel (0: as it is)
CONTAINERS = {'pcm_s16le': ('wav', '.wav', 0), 'pcm_mulaw': ('wav', '.wav', 0),
              'libopus': ('ogg', '.ogg', 12_000), 'libmp3lame': ('mp3', '.mp3', 24_000)}
FASTEST = {'libopus': {'compression_level': '1', 'frame_duration': '60'},
           'libmp3lame': {'compression_level': '9'}}
NAMES = {'opus': 'libopus', 'mp3': 'libmp3lame'}


def encode(codec: str, samples: np.ndarray, rate: int) -> list[tuple[str, bytes]]:
    """(suffix, bytes) of the recording's file, or of one file a channel for GSM.

    `samples` are int16, shape (channels, frames).
    """
    if codec == 'gsm':
        return [('.gsm', _gsm(channel)) for channel in samples]
    name = NAMES.get(codec, codec)
    container, suffix, bits = CONTAINERS[name]
    return [(suffix, _av(name, container, bits, samples, rate))]


def decode(files: list[tuple[str, bytes]], rate: int, frames: int) -> np.ndarray:
    """What is heard of these files: int16, shape (channels, frames), cut or padded to so many."""
    out = np.concatenate([_decoded(data, suffix, rate) for suffix, data in files])
    short = frames - out.shape[1]
    return np.pad(out, ((0, 0), (0, max(0, short))))[:, :frames]


def _decoded(data: bytes, suffix: str, rate: int) -> np.ndarray:
    if suffix == '.gsm':  # the same samples as from FFmpeg, ten times as fast
        import soundfile
        return soundfile.read(io.BytesIO(data), dtype='int16', samplerate=8000, channels=1,
                              format='RAW', subtype='GSM610')[0][None]
    import av
    with av.open(io.BytesIO(data)) as file:
        stream = file.streams.audio[0]
        layout = 'stereo' if stream.channels == 2 else 'mono'
        resampler = av.AudioResampler('s16p', layout, rate)
        pieces = [piece.to_ndarray() for frame in file.decode(stream)
                  for piece in resampler.resample(frame)]
        pieces += [piece.to_ndarray() for piece in resampler.resample(None)]
    return np.concatenate(pieces, axis=1)


def _av(codec: str, container: str, bits: int, samples: np.ndarray, rate: int) -> bytes:
    import av
    layout = 'stereo' if len(samples) == 2 else 'mono'
    interleaved = np.ascontiguousarray(samples.T.reshape(1, -1))
    frame = av.AudioFrame.from_ndarray(interleaved, format='s16', layout=layout)
    frame.sample_rate, frame.pts = rate, 0  # without it no delay of the codec is written down
    file = io.BytesIO()
    with av.open(file, 'w', format=container, options={'fflags': '+bitexact'}) as out:
        stream = cast(Any, out.add_stream(codec, rate=rate, layout=layout))
        stream.codec_context.flags |= av.codec.context.Flags.bitexact
        if bits:
            stream.bit_rate = bits * len(samples)
            stream.codec_context.options = FASTEST[codec]
        stream.codec_context.open()
        resampler = av.AudioResampler(stream.codec_context.format, layout, rate,
                                      frame_size=stream.codec_context.frame_size or 4096)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    return file.getvalue()


def _gsm(samples: np.ndarray) -> bytes:
    """GSM 06.10 full rate of a channel at 8 kHz: libsndfile has the encoder, FFmpeg only reads."""
    import soundfile
    file = io.BytesIO()
    padded = np.pad(samples, (0, -len(samples) % 160))
    soundfile.write(file, padded, 8000, format='RAW', subtype='GSM610')
    return file.getvalue()


def through_gsm(samples: np.ndarray) -> np.ndarray:
    """A sound at 16 kHz and RMS 1 as GSM passes it on."""
    narrow = resample_poly(samples, 1, 2)
    data = np.clip(np.round(narrow * 3000), -32768, 32767).astype(np.int16)
    heard = decode(encode('gsm', data[None], 8000), 8000, len(data))[0] / 3000.0
    return resample_poly(heard, RATE // 8000, 1)[:len(samples)]
