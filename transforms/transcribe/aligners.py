"""Forced alignment by WhisperX: a wav2vec2 model says when each word of a known text was said.

WhisperX is used as it is but for two things: its sentence splitter (a download) is not needed for
words, and it is handed words without punctuation, since it would give a comma a time of its own and
stretch the word before it.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from transforms.intervals import Span
from transforms.transcribe import weights
from transforms.transcribe.seam import WhisperxOptions
from transforms.transcribe.segments import (
    ALIGNED,
    INTERPOLATED,
    RATE,
    UNSPACED,
    UNTIMED,
    Word,
    fill_times,
    spread,
)

KEPT = 2  # models of 0.4 to 1.3 GB each

Aligner = tuple[Any, dict[str, Any]]  # as WhisperX gives it: model, metadata
Pairs = Sequence[tuple[str, str]]  # of each word: as written, and what is spoken of it


class Aligners:
    """The aligners on disk, loaded when their language comes. Made once per process."""

    def __init__(self, options: WhisperxOptions, device: str):
        self._options, self._device = options, device
        self._load_once = lru_cache(KEPT)(self._load)

    def of(self, language: str) -> Aligner | None:
        """The aligner of a language; None where its weights are not on disk."""
        return self._load_once(language)

    def align(self, pairs: Pairs, samples: np.ndarray, language: str,
              aligner: Aligner) -> list[Word]:
        """The words with the times that the aligner gives them, in seconds of the samples.

        A word that the aligner's alphabet cannot spell (digits, foreign script) is `interpolated`,
        whatever time it was given; where nothing can be aligned, all are spread over the samples.
        """
        import whisperx.alignment

        span: Span = (0.0, len(samples) / RATE)
        if not pairs:
            return []
        text = ('' if language in UNSPACED else ' ').join(bare for _, bare in pairs)
        with quiet():
            aligned = whisperx.alignment.align(
                [{'text': text, 'start': span[0], 'end': span[1]}], *aligner, samples, self._device)
        timed = aligned['word_segments']
        if [word['word'] for word in timed] != [bare for _, bare in pairs]:
            return spread([Word(None, None, text, None, UNTIMED) for text, _ in pairs], span)
        alphabet = aligner[1]['dictionary']
        return fill_times([_word(text, all(letter in alphabet for letter in bare.lower()),
                                 word, span[1])
                           for (text, bare), word in zip(pairs, timed, strict=True)], span)

    def _load(self, language: str) -> Aligner | None:
        name = weights.aligner(self._options, language)
        if name is None:
            return None
        with quiet():
            import whisperx.alignment
            whisperx.alignment.nltk_load = lambda _: _OneSentence()
            loaded: Aligner = whisperx.alignment.load_align_model(
                language, self._device, model_name=name, model_cache_only=True,
                model_dir=(str(weights.bundle_folder(self._options))
                           if name in weights.BUNDLES else None))
        return loaded


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """WhisperX prints to stdout, which belongs to whoever called the command."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield


def _word(text: str, spelt: bool, timed: dict[str, Any], last_s: float) -> Word:
    start, end = timed.get('start'), timed.get('end')
    return Word(None if start is None else min(float(start), last_s),
                None if end is None else min(float(end), last_s), text,
                timed.get('score') if spelt else None,
                ALIGNED if spelt and 'score' in timed else INTERPOLATED)


class _OneSentence:
    """Stands for nltk's sentence splitter: WhisperX would download its model, and only words
    are wanted of what it aligns."""

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        return [(0, len(text))]
