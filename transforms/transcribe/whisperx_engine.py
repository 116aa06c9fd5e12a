"""WhisperX: Whisper by faster-whisper in batches, then forced alignment by a wav2vec2.

The speech of both lanes goes through the model together, in windows of up to 30 seconds of one lane
each. What the model makes up is dropped and noted. Where a language has no aligner on disk,
faster-whisper's own word times are taken.

Audio comes as float32, so no ffmpeg is needed; weights come from disk, and nothing is downloaded.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from transforms.conversation import Audio, Lane, Note, Reference
from transforms.errors import CallError
from transforms.intervals import Span, intersect, total
from transforms.lexicon import Lexicon
from transforms.transcribe import guards
from transforms.transcribe.aligners import Aligners
from transforms.transcribe.languages import Told, detection_windows, tell_language
from transforms.transcribe.prompts import prompt_of
from transforms.transcribe.seam import (
    LOW,
    NONE,
    OK,
    TranscribeOptions,
    Transcript,
    base_language,
)
from transforms.transcribe.segments import (
    UNSPACED,
    Word,
    by_character,
    by_lane,
    speech_by_channel,
    spoken_parts,
    stretches,
)
from transforms.transcribe.whisper_model import Decoded, Whisper, load_whisper
from transforms.transcribe.windows import Window, by_stretch, windows_of

NAME = 'whisperx'
UNHEARD = ('text_dropped', 'not_heard')  # notes of speech that left no words
BATCHES_AT_ONCE = 4  # bounds memory: samples, features and text of so many batches


class _Heard(NamedTuple):
    """What was heard in a call: the words of each channel, and what was dropped."""

    words: dict[int, list[Word]]
    notes: list[Note]


class WhisperxTranscriber:
    """Hears any of Whisper's languages. Made once per process; not thread-safe.

    Args:
      lexicon: its openings and closings are told to Whisper where the options say so.
      whisper: the model; by default the configured one, from disk.
    """

    name = NAME

    def __init__(self, options: TranscribeOptions, why: str, lexicon: Lexicon | None = None,
                 whisper: Whisper | None = None):
        self.why = why
        self.model: str | None = options.whisperx.model
        self._options, self._lexicon = options, lexicon
        self._whisper = whisper or load_whisper(options)
        self._aligners = Aligners(options.whisperx, self._whisper.device)

    def hear(self, audio: Audio, lanes: tuple[Lane, ...], language: str | None,
             ref: Reference) -> Transcript:
        said = base_language(language) or self._options.language
        speech = speech_by_channel(lanes)
        if not speech:
            return self._transcript(lanes, {}, said, NONE, 'nobody speaks', ())
        if said:
            self._check(said, ref)
        found, faint = self._worth_hearing(audio, speech)
        told = None if said else self._tell(audio, found)
        spoken = said or (told.language if told else 'en')
        if spoken not in self._whisper.languages:
            return self._transcript(lanes, {}, spoken, NONE,
                                    f'the model {self.model} knows English alone', faint)
        windows = windows_of(found, self._options.whisperx.window_s)
        heard = self._hear(audio, windows, speech, spoken, self._prompt(ref, spoken))
        known = said or (told and told.probability >= self._options.whisperx.detect.least)
        return self._judged(lanes, heard.words, spoken if known else None,
                            (*_language_notes(told, audio), *faint, *heard.notes), speech)

    def _transcript(self, lanes: Sequence[Lane], words: Mapping[int, Sequence[Word]],
                    language: str | None, trust: str, why: str,
                    notes: Sequence[Note]) -> Transcript:
        return Transcript(by_lane(lanes, self._options.word_slack_s, words), language, NAME,
                          self.model, trust, why, tuple(notes))

    def _judged(self, lanes: Sequence[Lane], words: Mapping[int, Sequence[Word]],
                language: str | None, notes: Sequence[Note],
                speech: Mapping[int, Sequence[Span]]) -> Transcript:
        """The transcript, with how far it can be trusted."""
        options = self._options.whisperx
        scores = [word.confidence for lane in words.values() for word in lane
                  if word.confidence is not None]
        median = statistics.median(scores) if scores else 0.0
        spoken_s = sum(total(spans) for spans in speech.values())
        dropped_s = sum(guards.dropped_s([(note.start_s, note.end_s) for note in notes
                                          if note.label in UNHEARD and note.channel == channel],
                                         spans) for channel, spans in speech.items())
        share = dropped_s / spoken_s
        why = ''
        if language is None:
            why = 'no language was told, and none is certain by its sound'
        elif median < options.ok_score:
            why = f'median word score {median:.2f}, {options.ok_score:.2f} is trusted'
        elif share > options.guards.max_dropped:
            why = f'{share:.0%} of the speech was not heard or dropped'
        return self._transcript(lanes, words, language, LOW if why else OK, why, notes)

    def _check(self, language: str, ref: Reference) -> None:
        known = self._whisper.languages
        if len(known) > 1 and language not in known:
            raise CallError(f'{ref.source_uri}: Whisper knows no language `{language}`',
                            field='language', value=language,
                            way_out='Correct the language (ISO 639-1) in the manifest, '
                                    'or leave it out to have it detected.')

    def _worth_hearing(self, audio: Audio, speech: Mapping[int, list[Span]],
                       ) -> tuple[dict[int, list[Span]], list[Note]]:
        """Each channel's stretches of speech, without those that are hardly louder than noise."""
        found: dict[int, list[Span]] = {}
        faint: list[Note] = []
        for channel, spans in speech.items():
            gate = guards.gate_of(audio, channel, spans, self._options.whisperx.guards)
            found[channel] = []
            for stretch in stretches(audio, channel, spans, self._options):
                why = gate.faint(intersect([stretch], spans))
                if why:
                    faint.append(Note('not_heard', channel, *stretch, None, why))
                else:
                    found[channel].append(stretch)
        return found, faint

    def _tell(self, audio: Audio, found: Mapping[int, Sequence[Span]]) -> Told | None:
        options = self._options.whisperx.detect
        windows = detection_windows(audio, found, options.windows)
        heard = self._whisper.language_probabilities([w.samples(audio) for w in windows])
        return tell_language([window for window in heard if window], options)

    def _prompt(self, ref: Reference, language: str) -> str | None:
        lexicon = self._lexicon
        listed = lexicon is not None and lexicon.language == language
        return prompt_of(ref, language, lexicon.categories if listed and lexicon else {},
                         lexicon.companies if lexicon else (), self._whisper.count_tokens,
                         self._options.whisperx.prompt)

    def _hear(self, audio: Audio, windows: Sequence[Window], speech: Mapping[int, list[Span]],
              language: str, prompt: str | None) -> _Heard:
        at_once = self._whisper.batch_size * BATCHES_AT_ONCE
        timed = self._aligners.of(language) is None
        out = _Heard(defaultdict(list), [])
        for at in range(0, len(windows), at_once):
            batch = windows[at:at + at_once]
            samples = [window.samples(audio) for window in batch]
            decoded = self._whisper.decode(samples, language, prompt, timed)
            for window, heard, sound in zip(batch, decoded, samples, strict=True):
                words, repeated = self._timed(heard, sound, language)
                if repeated:
                    out.notes.append(Note('loop_cut', window.channel, window.stretches[0][0],
                                          window.stretches[-1][1], None,
                                          f'{repeated} words of a loop'))
                self._take(out, window, by_stretch(words, window), heard, speech, language)
        return out

    def _timed(self, heard: Decoded, samples: np.ndarray,
               language: str) -> tuple[list[Word], int]:
        """The words of a window with times, loops cut, and how many words that cost."""
        options = self._options.whisperx.guards
        aligner = self._aligners.of(language)
        if aligner is not None:
            pairs = spoken_parts(heard.text, language)
            keep = guards.without_loops([bare for _, bare in pairs], language, options)
            return (self._aligners.align([pairs[n] for n in keep], samples, language, aligner),
                    len(pairs) - len(keep))
        words = [part for word in heard.words
                 for part in (by_character(word) if language in UNSPACED else [word])]
        keep = guards.without_loops([word.text for word in words], language, options)
        return [words[n] for n in keep], len(words) - len(keep)

    def _take(self, out: _Heard, window: Window, parts: Sequence[list[Word]], heard: Decoded,
              speech: Mapping[int, list[Span]], language: str) -> None:
        """Adds the words of a window's stretches, but those that are not believed."""
        for span, words in zip(window.stretches, parts, strict=True):
            if not words:
                continue
            said = guards.Said(tuple(words), total(intersect([span], speech[window.channel])),
                               heard.avg_logprob, heard.no_speech_prob)
            why = guards.doubt(said, language, self._options.whisperx.guards)
            if why:
                out.notes.append(Note('text_dropped', window.channel, *span, None,
                                      f'{len(words)} words: {why}'))
            else:
                out.words[window.channel] += words


def _language_notes(told: Told | None, audio: Audio) -> list[Note]:
    if told is None:
        return []
    return [Note('language', None, 0.0, audio.duration_s, round(told.probability, 3),
                 told.evidence)]
