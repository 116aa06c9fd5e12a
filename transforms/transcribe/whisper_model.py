"""Whisper itself, by faster-whisper: where it runs, how much at once, and what it says."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from transforms.intervals import Span
from transforms.transcribe import weights
from transforms.transcribe.seam import TranscribeOptions, WhisperxOptions
from transforms.transcribe.segments import INTERPOLATED, RATE, Word

MOST_WINDOWS = {'cuda': 16, 'cpu': 4}  # at once; a CPU gains nothing from more
WINDOW_SHARE = 0.2  # memory of a window, in the model's own size: 0.6 GB of large-v3's 3 GB
FREE_SHARE = 0.5  # of the free memory; the rest is the aligner's and the other stages'
INT8_SHARE = 0.5  # of the file's size (float16) that the int8 model takes


class Decoded(NamedTuple):
    """What Whisper says of a window."""

    text: str
    avg_logprob: float
    no_speech_prob: float  # 0..1
    words: tuple[Word, ...] = ()  # seconds of the window; none where times were not asked for


class Whisper(Protocol):
    """The model, as the engine needs it."""

    languages: frozenset[str]  # ISO 639-1
    device: str  # cpu, cuda, cuda:1 ...: where the aligner goes as well
    batch_size: int

    def decode(self, windows: Sequence[np.ndarray], language: str, prompt: str | None,
               timed: bool) -> list[Decoded]:
        """What is said in each window (float32, 16 kHz, 30 s at most).

        Args:
          prompt: what the model is told beforehand.
          timed: whether words with times are wanted.
        """

    def language_probabilities(self, windows: Sequence[np.ndarray]) -> list[dict[str, float]]:
        """Of each window, how probable each language is; of a model of one language, {}."""

    def count_tokens(self, text: str) -> int:
        """How many tokens a text has."""


class Place(NamedTuple):
    """Where the model runs."""

    kind: str  # cpu | cuda
    number: int
    compute_type: str
    batch_size: int


def place_of(options: WhisperxOptions, model_mb: float, gpus: int, free_mb: Sequence[float],
             supported: frozenset[str], free_ram_mb: float) -> Place:
    """What `auto` comes to for device, compute type and batch size.

    Args:
      model_mb: of model.bin, which holds float16.
      gpus, free_mb: how many there are, and the free memory of each.
      supported: compute types of the first device that would be taken.
      free_ram_mb: this process's share of what is free.
    """
    device = options.device
    if device == 'auto':
        device = 'cuda' if gpus else 'cpu'
    kind, _, number = device.partition(':')
    index = int(number or 0)
    free = free_mb[index] if kind == 'cuda' and index < len(free_mb) else free_ram_mb
    compute_type = options.compute_type
    if compute_type == 'auto':
        fits = model_mb * (1 + 2 * WINDOW_SHARE) <= free * FREE_SHARE
        wanted = (('float16', 'int8_float16') if fits else ('int8_float16', 'int8_float32')
                  ) if kind == 'cuda' else ('int8',)
        compute_type = next((name for name in wanted if name in supported), 'default')
    if options.batch_size != 'auto':
        return Place(kind, index, compute_type, options.batch_size)
    held = model_mb * (INT8_SHARE if compute_type.startswith('int8') else 1.0)
    rest = free * FREE_SHARE - held
    batch = int(rest / (model_mb * WINDOW_SHARE)) if model_mb else 1
    return Place(kind, index, compute_type, max(1, min(MOST_WINDOWS.get(kind, 1), batch)))


def load_whisper(options: TranscribeOptions) -> Whisper:
    """The configured model from disk. Raises EngineError where it is not there."""
    folder = weights.whisper_folder(options.whisperx)
    if folder is None:
        raise weights.missing(options.whisperx)
    # Before the first import: the hub client and pyannote's telemetry read these once.
    os.environ.update(HF_HUB_OFFLINE='1', TRANSFORMERS_OFFLINE='1', PYANNOTE_METRICS_ENABLED='0')
    return FasterWhisper(folder, options)


class FasterWhisper:
    """A CTranslate2 Whisper in a folder. Not thread-safe."""

    def __init__(self, folder: Path, options: TranscribeOptions):
        from faster_whisper import BatchedInferencePipeline, WhisperModel

        place = _place_here(options.whisperx, folder)
        self.batch_size = place.batch_size
        self.device = place.kind if place.kind == 'cpu' else f'{place.kind}:{place.number}'
        self._model = WhisperModel(
            str(folder), device=place.kind, device_index=place.number,
            compute_type=place.compute_type, cpu_threads=options.threads, local_files_only=True)
        self._pipeline = BatchedInferencePipeline(self._model)
        self._beam_size = options.whisperx.beam_size
        self.languages = frozenset(self._model.supported_languages)

    def decode(self, windows: Sequence[np.ndarray], language: str, prompt: str | None,
               timed: bool) -> list[Decoded]:
        clips = _laid_end_to_end(windows)
        segments, _ = self._pipeline.transcribe(
            np.concatenate(windows), language=language, word_timestamps=timed, vad_filter=False,
            clip_timestamps=[{'start': start, 'end': end} for start, end in clips],
            batch_size=self.batch_size, beam_size=self._beam_size, without_timestamps=True,
            initial_prompt=prompt)
        out = [Decoded('', 0.0, 0.0)] * len(clips)
        for segment in segments:
            # A segment says where its window began, in hundredths; its times may leave it.
            index = min(range(len(clips)), key=lambda n: abs(clips[n][0] - segment.seek / 100))
            out[index] = Decoded(out[index].text + segment.text, float(segment.avg_logprob),
                                 float(segment.no_speech_prob),
                                 (*out[index].words, *_timed(segment, clips[index])))
        return out

    def language_probabilities(self, windows: Sequence[np.ndarray]) -> list[dict[str, float]]:
        from faster_whisper.audio import pad_or_trim

        if not self._model.model.is_multilingual:
            return [{}] * len(windows)
        features = np.stack([pad_or_trim(self._model.feature_extractor(window)[..., :-1])
                             for window in windows])
        out: list[dict[str, float]] = []
        for at in range(0, len(features), self.batch_size):
            encoded = self._model.encode(features[at:at + self.batch_size])
            out += [{token[2:-2]: float(probability) for token, probability in window}
                    for window in self._model.model.detect_language(encoded)]
        return out

    def count_tokens(self, text: str) -> int:
        return len(self._model.hf_tokenizer.encode(text, add_special_tokens=False).ids)


def _timed(segment: Any, clip: Span) -> list[Word]:
    words = []
    for word in segment.words or ():
        start = min(max(0.0, word.start - clip[0]), clip[1] - clip[0])
        end = min(max(start, word.end - clip[0]), clip[1] - clip[0])
        text = word.word.strip()
        if text:
            words.append(Word(start, end, text, float(word.probability), INTERPOLATED))
    return words


def _laid_end_to_end(parts: Sequence[np.ndarray]) -> list[Span]:
    """Where each part lies once they are concatenated, in seconds."""
    edges = accumulate((len(part) for part in parts), initial=0)
    return [(first / RATE, last / RATE) for first, last in pairwise(edges)]


def _place_here(options: WhisperxOptions, folder: Path) -> Place:
    import ctranslate2
    import psutil

    gpus = ctranslate2.get_cuda_device_count()
    kind = options.device.partition(':')[0]
    kind = ('cuda' if gpus else 'cpu') if kind == 'auto' else kind
    return place_of(
        options, (folder / 'model.bin').stat().st_size / 1e6, gpus, _free_gpu_mb(gpus),
        frozenset(ctranslate2.get_supported_compute_types(kind)),
        psutil.virtual_memory().available / 1e6 / (os.cpu_count() or 1))


def _free_gpu_mb(gpus: int) -> list[float]:
    if not gpus:
        return []
    import torch
    if not torch.cuda.is_available():
        return [0.0] * gpus
    return [torch.cuda.mem_get_info(index)[0] / 1e6 for index in range(gpus)]
