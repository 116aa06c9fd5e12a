"""WhisperX: Whisper by faster-whisper in batches, then forced alignment by a wav2vec2.

The library is used as it is, but for three things. Its voice activity detection (a download, or a
second model) is given our speech spans instead; its sentence splitter (another download) is not
needed for words; and it is handed words without punctuation to align, since it would give a
comma a time of its own and stretch the word before it. Where a language has no aligner on disk,
faster-whisper's own word times are taken.

Audio comes as float32, so no ffmpeg is needed; weights come from disk, and nothing is downloaded.
"""

from __future__ import annotations

import contextlib
import io
import os
import statistics
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np

from transforms.conversation import Audio, Lane, Reference
from transforms.errors import CallError
from transforms.intervals import Span
from transforms.transcribe import weights
from transforms.transcribe.seam import (
    LOW,
    NONE,
    OK,
    TranscribeOptions,
    Transcript,
    base_language,
)
from transforms.transcribe.segments import (
    ALIGNED,
    INTERPOLATED,
    RATE,
    UNSPACED,
    UNTIMED,
    Word,
    at_16_khz,
    by_character,
    fill_times,
    hear_lanes,
    spoken_parts,
    spread,
    stretches,
)
from warehouse.records import Words

NAME = 'whisperx'
DETECT_S = 30.0  # of speech, from which the language is told: all that Whisper looks at
BATCHES_AT_ONCE = 4  # bounds memory: samples, features and text of so many batches
ALIGNERS_KEPT = 2  # of 0.4 to 1.3 GB each


class Heard(NamedTuple):
    """What Whisper heard in one stretch."""

    span: Span
    samples: np.ndarray  # float32, 16 kHz
    text: str


class WhisperxTranscriber:
    """Hears any of Whisper's languages. Made once per process; not thread-safe."""

    name = NAME

    def __init__(self, options: TranscribeOptions, why: str):
        self.why = why
        self.model: str | None = options.whisperx.model
        self._options = options
        self._pipeline, self._speech = _load(options)
        self._device = str(self._pipeline.device)
        self._multilingual = bool(self._pipeline.model.model.is_multilingual)
        self._aligner = lru_cache(ALIGNERS_KEPT)(self._load_aligner)

    def hear(self, audio: Audio, lanes: tuple[Lane, ...], language: str | None,
             ref: Reference) -> Transcript:
        asked = base_language(language) or self._options.language
        if not any(lane.speech for lane in lanes):
            return Transcript((Words(),) * len(lanes), asked, NAME, self.model, NONE,
                              'nobody speaks')
        spoken = asked or self._detect(audio, lanes)
        if not self._multilingual and spoken != 'en':
            return Transcript((Words(),) * len(lanes), spoken, NAME, self.model, NONE,
                              f'the model {self.model} knows English alone')
        self._check(spoken, ref)
        words = hear_lanes(lanes, self._options.word_slack_s,
                           lambda channel, speech: self._words(audio, channel, speech, spoken))
        trust, why = self._trust(words)
        return Transcript(words, spoken, NAME, self.model, trust, why)

    def _check(self, language: str, ref: Reference) -> None:
        known = self._pipeline.model.supported_languages
        if language not in known:
            raise CallError(f'{ref.source_uri}: Whisper knows no language `{language}`',
                            field='language', value=language,
                            way_out='Correct the language (ISO 639-1) in the manifest, '
                                    'or leave it out to have it detected.')

    def _trust(self, words: tuple[Words, ...]) -> tuple[str, str]:
        scores = [score for lane in words for score in lane.confidence if score is not None]
        median = statistics.median(scores) if scores else 0.0
        least = self._options.whisperx.ok_score
        if median >= least:
            return OK, ''
        return LOW, f'median word score {median:.2f}, {least:.2f} is trusted'

    def _detect(self, audio: Audio, lanes: tuple[Lane, ...]) -> str:
        if not self._multilingual:
            return 'en'
        spans = sorted((start, end, lane.channel) for lane in lanes for start, end in lane.speech)
        parts, heard_s = [], 0.0
        for start, end, channel in spans:
            parts.append(at_16_khz(audio.window(channel, start, end), audio.rate))
            heard_s += end - start
            if heard_s >= DETECT_S:
                break
        with _quiet():
            return str(self._pipeline.detect_language(np.concatenate(parts)))

    def _words(self, audio: Audio, channel: int, speech: list[Span],
               language: str) -> list[Word]:
        spans = stretches(audio, channel, speech, self._options)
        at_once = self._options.whisperx.batch_size * BATCHES_AT_ONCE
        align = self._aligner(language)
        out: list[Word] = []
        for at in range(0, len(spans), at_once):
            batch = spans[at:at + at_once]
            parts = [at_16_khz(audio.window(channel, *span), audio.rate) for span in batch]
            if align is None:
                out += self._timed_by_whisper(batch, parts, language)
            else:
                for heard in self._transcribe(batch, parts, language):
                    out += align_words(heard, language, *align, self._device)
        return out

    def _transcribe(self, spans: Sequence[Span], parts: Sequence[np.ndarray],
                    language: str) -> Iterator[Heard]:
        self._speech.spans = _laid_end_to_end(parts)
        with _quiet():
            result = self._pipeline.transcribe(np.concatenate(parts), language=language,
                                               batch_size=self._options.whisperx.batch_size)
        for span, samples, segment in zip(spans, parts, result['segments'], strict=True):
            yield Heard(span, samples, segment['text'])

    def _timed_by_whisper(self, spans: Sequence[Span], parts: Sequence[np.ndarray],
                          language: str) -> list[Word]:
        from faster_whisper import BatchedInferencePipeline

        clips = _laid_end_to_end(parts)
        segments, _ = BatchedInferencePipeline(self._pipeline.model).transcribe(
            np.concatenate(parts), language=language, word_timestamps=True, vad_filter=False,
            clip_timestamps=[{'start': start, 'end': end} for start, end in clips],
            batch_size=self._options.whisperx.batch_size,
            beam_size=self._options.whisperx.beam_size, without_timestamps=True)
        out: list[Word] = []
        for segment in segments:
            # A segment says where its clip began, in hundredths; word times may leave the clip.
            index = min(range(len(clips)), key=lambda n: abs(clips[n][0] - segment.seek / 100))
            shift, (_, last) = spans[index][0] - clips[index][0], spans[index]
            for word in segment.words or ():
                start = min(word.start + shift, last)
                heard = Word(start, min(max(start, word.end + shift), last), word.word.strip(),
                             float(word.probability), ALIGNED)
                out += by_character(heard) if language in UNSPACED else [heard]
        return [word for word in out if word.text]

    def _load_aligner(self, language: str) -> tuple[Any, dict[str, Any]] | None:
        name = weights.aligner(self._options.whisperx, language)
        if name is None:
            return None
        import whisperx.alignment

        with _quiet():
            return whisperx.alignment.load_align_model(
                language, self._device, model_name=name, model_cache_only=True,
                model_dir=(str(weights.bundle_folder(self._options.whisperx))
                           if name in weights.BUNDLES else None))


def align_words(heard: Heard, language: str, model: Any, metadata: dict[str, Any],
                device: str) -> list[Word]:
    """The words of a stretch with the times that the aligner gives them.

    A word that the aligner's alphabet cannot spell (digits, foreign script) is `interpolated`,
    whatever time it was given; where nothing can be aligned, all are spread over the stretch.
    """
    import whisperx.alignment

    pairs = spoken_parts(heard.text, language)
    if not pairs:
        return []
    start, end = heard.span
    seconds = len(heard.samples) / RATE
    segment = {'text': ('' if language in UNSPACED else ' ').join(bare for _, bare in pairs),
               'start': 0.0, 'end': seconds}
    with _quiet():
        aligned = whisperx.alignment.align([segment], model, metadata, heard.samples, device)
    timed = aligned['word_segments']
    if [word['word'] for word in timed] != [bare for _, bare in pairs]:
        return spread([Word(None, None, text, None, UNTIMED) for text, _ in pairs], heard.span)
    alphabet = metadata['dictionary']
    words = []
    for (text, bare), word in zip(pairs, timed, strict=True):
        spelt = all(letter in alphabet for letter in bare.lower())
        first, last = word.get('start'), word.get('end')
        words.append(Word(None if first is None else min(start + float(first), end),
                          None if last is None else min(start + float(last), end), text,
                          word.get('score') if spelt else None,
                          ALIGNED if spelt and 'score' in word else INTERPOLATED))
    return fill_times(words, heard.span)


def _laid_end_to_end(parts: Sequence[np.ndarray]) -> list[Span]:
    """Where each part lies once they are concatenated, in seconds."""
    edges = accumulate((len(part) for part in parts), initial=0)
    return [(first / RATE, last / RATE) for first, last in pairwise(edges)]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """WhisperX prints to stdout, which belongs to whoever called the command."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield


class _OneSentence:
    """Stands for nltk's sentence splitter: WhisperX would download its model, and only words
    are wanted of what it aligns."""

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        return [(0, len(text))]


def _load(options: TranscribeOptions) -> tuple[Any, Any]:
    """The library's pipeline, and the speech spans that it takes for voice activity."""
    folder = weights.whisper_folder(options.whisperx)
    if folder is None:
        raise weights.missing(options.whisperx)
    # Before the first import: the hub client and pyannote's telemetry read these once.
    os.environ.update(HF_HUB_OFFLINE='1', TRANSFORMERS_OFFLINE='1', PYANNOTE_METRICS_ENABLED='0')
    with _quiet():
        import torch
        import whisperx.alignment
        import whisperx.asr
        from whisperx.vads import Vad

        class GivenSpeech(Vad):
            spans: Sequence[Span] = ()

            def __init__(self) -> None:
                super().__init__(0.5)

            @staticmethod
            def preprocess_audio(audio: np.ndarray) -> np.ndarray:
                return audio

            def __call__(self, audio: Any) -> list[dict[str, float]]:
                return [{'start': start, 'end': end} for start, end in self.spans]

            @staticmethod
            def merge_chunks(segments: Any, *_: Any, **__: Any) -> Any:
                return segments

        torch.set_num_threads(options.threads)
        device = options.whisperx.device
        if device == 'auto':
            device = 'cuda' if torch.cuda.is_available() else 'cpu'
        kind, _, index = device.partition(':')
        compute_type = options.whisperx.compute_type
        if compute_type == 'auto':
            compute_type = 'float16' if kind == 'cuda' else 'int8'
        speech = GivenSpeech()
        whisperx.alignment.nltk_load = lambda _: _OneSentence()
        pipeline = whisperx.asr.load_model(
            str(folder), kind, device_index=int(index or 0), compute_type=compute_type,
            vad_model=speech, threads=options.threads, local_files_only=True,
            asr_options={'beam_size': options.whisperx.beam_size})
    return pipeline, speech

