"""Silero VAD's network, computed for all windows of a lane at once.

The weights are those inside the silero-vad wheel. onnxruntime runs the network's convolutions a
window at a time, each too small to be worth its call; here the windows of a block go through
each layer as one matrix product, which takes a third of the time and gives the same
probabilities to 1e-5. Telephone audio stays at 8 kHz: its spectrum has the lower half of the
bins, and the others are zero.
"""

from __future__ import annotations

import importlib.util
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

RATE = 16_000
WINDOW, CONTEXT = 512, 64  # samples at 16 kHz a probability; and of the window before, seen again
FRAME, HOP, FRAMES = 256, 128, 4  # of a window's spectrum
HIDDEN = 128
INTERPOLATION = 41  # taps of the filter that telephone audio would be interpolated by
_LAYERS = ((0, 1), (1, 2), (2, 2), (3, 1))  # of the encoder: number, stride


class State(NamedTuple):
    """What the network remembers of the windows before: float32, (128,) each."""

    hidden: np.ndarray
    cell: np.ndarray


START = State(np.zeros(HIDDEN, np.float32), np.zeros(HIDDEN, np.float32))


class Silero:
    """The network for audio of 8000 or 16000 Hz. Holds no state between calls."""

    def __init__(self, weights: Mapping[str, np.ndarray], rate: int):
        self._share = RATE // rate
        size = FRAME // self._share
        self._taper = np.float32(self._share * np.hanning(size + 1)[:-1])
        frames, self._layers = FRAMES, []
        for layer, stride in _LAYERS:
            kernel, bias = weights[f'encoder.{layer}.weight'], weights[f'encoder.{layer}.bias']
            if layer == 0 and self._share > 1:
                kernel = _folded(kernel)
            self._layers.append(_Layer(kernel, bias, frames, stride))
            frames = self._layers[-1].frames
        lstm, inner, bias = (weights[f'onnx::LSTM_{n}'][0] for n in (209, 210, 211))
        # ONNX has the gates as input, output, forget, cell. The logistic function is half a
        # tanh of half: all four then are one tanh.
        half = np.repeat(np.array([0.5, 0.5, 0.5, 1.0], np.float32), HIDDEN)
        self._input = np.ascontiguousarray((lstm * half[:, None]).T)
        self._bias = (bias[:4 * HIDDEN] + bias[4 * HIDDEN:]) * half
        self._inner = np.ascontiguousarray((inner * half[:, None]).T)
        self._out, self._out_bias = weights['output.weight'][0, :, 0], weights['output.bias'][0]

    def chances(self, windows: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """The chance of speech in each window, and the state after the last.

        Args:
          windows: float32 in [-1, 1], (n, 576 at 16 kHz or 288 at 8): each with the end of the
            one before it in front.
        """
        hidden, state = self._remember(self._gates(windows), state)
        logit = np.maximum(hidden, 0) @ self._out + self._out_bias
        return 1 / (1 + np.exp(-logit)), state

    def _gates(self, windows: np.ndarray) -> np.ndarray:
        """What each window says to the recurrent layer: (n, 512)."""
        from scipy.fft import rfft
        edge, size, hop = (n // self._share for n in (CONTEXT, FRAME, HOP))
        last = -2 // self._share  # at 16 kHz the mirror is the last sample, not the one at 8
        samples = np.concatenate([windows, windows[:, last:last - edge:-1]], axis=1)
        frames = np.lib.stride_tricks.sliding_window_view(samples, size, axis=1)[:, ::hop]
        spectrum = rfft(frames * self._taper, axis=-1)
        found = np.sqrt(spectrum.real ** 2 + spectrum.imag ** 2).reshape(len(windows), -1)
        for layer in self._layers:
            found = layer(found)
        return found @ self._input + self._bias

    def _remember(self, gates: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """The recurrent layer: its output for each window (n, 128)."""
        hidden, cell = state.hidden, state.cell.copy()
        out = np.empty((len(gates), HIDDEN), np.float32)
        now, fresh = np.empty(4 * HIDDEN, np.float32), np.empty(HIDDEN, np.float32)
        opened = now[:3 * HIDDEN]
        let_in, let_out, keep, new = now.reshape(4, HIDDEN)
        half = np.full(3 * HIDDEN, 0.5, np.float32)
        dot, add, multiply, tanh, inner = np.dot, np.add, np.multiply, np.tanh, self._inner
        for gate, row in zip(gates, out, strict=True):  # 17 us each: no call more than needed
            dot(hidden, inner, now)
            add(now, gate, now)
            tanh(now, now)
            multiply(opened, half, opened)
            add(opened, half, opened)
            multiply(cell, keep, cell)
            multiply(let_in, new, fresh)
            add(cell, fresh, cell)
            tanh(cell, fresh)
            hidden = multiply(let_out, fresh, row)
        return out, State(hidden.copy(), cell)


def load_weights() -> dict[str, np.ndarray]:
    """The network's weights by name, from the wheel, without importing it: that brings torch."""
    package = importlib.util.find_spec('silero_vad')
    if package is None or package.origin is None:
        raise ModuleNotFoundError('silero-vad is not installed')
    model = Path(package.origin).parent / 'data' / 'silero_vad_16k_sequence.onnx'
    graph = _fields(memoryview(model.read_bytes()))[7][0]
    out = {}
    for initializer in _fields(graph)[5]:
        tensor = _fields(initializer)
        shape, name, values = tensor[1], bytes(tensor[8][0]).decode(), tensor[9][0]
        out[name] = np.frombuffer(values, np.float32).reshape(shape)
    return out


class _Layer:
    """A convolution of width 3 with its rectifier, over windows of so few frames that each frame
    of its output is one matrix product with those of its input that it depends on."""

    def __init__(self, kernel: np.ndarray, bias: np.ndarray, frames: int, stride: int):
        self._bias = bias
        self._products = []
        into = kernel.shape[1]
        for middle in range(0, frames, stride):
            seen = range(max(0, middle - 1), min(frames, middle + 2))
            matrix = np.concatenate([kernel[:, :, frame - middle + 1].T for frame in seen])
            self._products.append((slice(seen[0] * into, (seen[-1] + 1) * into), matrix))
        self.frames = len(self._products)

    def __call__(self, found: np.ndarray) -> np.ndarray:
        """From (windows, frames * channels) to the same of the output."""
        out = np.concatenate([found[:, seen] @ matrix for seen, matrix in self._products], axis=1)
        out.reshape(len(out), self.frames, -1)[...] += self._bias
        return np.maximum(out, 0, out=out)


def _folded(kernel: np.ndarray) -> np.ndarray:
    """A kernel over the bins of 16 kHz as one over those of 8 kHz.

    As if the audio had been interpolated: its spectrum is mirrored at 4 kHz, and what the
    interpolation filter leaves on either side is heard.
    """
    from scipy.signal import firwin, freqz
    taps = firwin(INTERPOLATION, 0.5, window=('kaiser', 5.0))
    bins = kernel.shape[1]
    _, gain = freqz(taps, worN=np.arange(bins) * np.pi / (bins - 1))
    passed = kernel * np.abs(gain).astype(np.float32)[:, None]
    half = bins // 2
    return np.concatenate([passed[:, :half] + passed[:, :half:-1], passed[:, half:half + 1]],
                          axis=1)


def _fields(message: memoryview) -> dict[int, list[Any]]:
    """The fields of a message in protobuf's wire format, by number (onnx.proto has the names)."""
    at = 0
    out: dict[int, list[Any]] = defaultdict(list)

    def varint() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = message[at]
            at, value, shift = at + 1, value | (byte & 127) << shift, shift + 7
            if byte < 128:
                return value

    while at < len(message):
        key = varint()
        if key & 7 == 0:
            out[key >> 3].append(varint())
            continue
        length = {1: 8, 5: 4}.get(key & 7) or varint()
        out[key >> 3].append(message[at:at + length])
        at += length
    return out
