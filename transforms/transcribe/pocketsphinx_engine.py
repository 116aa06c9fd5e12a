"""The embedded engine: CMU Sphinx with the English model inside the pocketsphinx wheel.

Fair on clean wideband English, useless on telephone speech, and sure of itself in both: its
confidence is never passed on, and its words are trusted only where the speech has the high
frequencies that the model was trained on.

Its language model knows newspapers, not call centres: "thank you for calling" is heard as "sam
queue for calling". So the phrases of the options are made words of the vocabulary, each with its
own probability and the pronunciations of its words in a row. One that is heard is taken apart
again, with the time of each of its words, by the second pass that aligns the phones.
"""

from __future__ import annotations

import re
from itertools import islice, product
from pathlib import Path
from typing import Any

import numpy as np

from transforms.conversation import Audio, Lane, Reference
from transforms.intervals import Span, total
from transforms.lexicon import Lexicon
from transforms.transcribe.seam import (
    LOW,
    NONE,
    OK,
    EngineError,
    PocketsphinxOptions,
    TranscribeOptions,
    Transcript,
    base_language,
)
from transforms.transcribe.segments import (
    ALIGNED,
    INTERPOLATED,
    Word,
    at_16_khz,
    hear_lanes,
    spread,
    stretches,
)
from warehouse.records import Words

NAME, MODEL = 'pocketsphinx', 'en-us'
FRAMES_A_SECOND = 100
EXACT, QUICK = 'exact', 'quick'  # searches of one decoder
_VARIANT = re.compile(r'\((\d+)\)$')
PRONUNCIATIONS = 6  # of a phrase at most: the first of each word and their nearest mixtures
HIGH_BAND_HZ = (4600.0, 7000.0)  # above a telephone band and its resampler's leak, below 8 kHz
SPECTRUM_FRAME = 512  # samples, 32 ms
LEAST_SPEECH_S = 2.0  # a lane with less ("yes", "okay") may have no hiss in it, and says nothing
HISS_PERCENTILE, REST_PERCENTILE = 95, 10


class PocketsphinxTranscriber:
    """Hears English with what is in the wheel. Made once per process; not thread-safe."""

    name = NAME
    model: str | None = MODEL

    def __init__(self, options: TranscribeOptions, why: str, lexicon: Lexicon | None = None):
        self.why = why
        self._options = options
        self._decoder, self._phones = _load(options.pocketsphinx, lexicon)

    def hear(self, audio: Audio, lanes: tuple[Lane, ...], language: str | None,
             ref: Reference) -> Transcript:
        spoken = base_language(language) or self._options.language
        if not any(lane.speech for lane in lanes):
            return self._transcript((Words(),) * len(lanes), spoken, NONE, 'nobody speaks')
        if spoken not in (None, 'en'):
            return self._transcript((Words(),) * len(lanes), spoken, NONE,
                                    f'the embedded engine knows no language `{spoken}`')
        doubt = ('nothing says that the call is in English' if spoken is None
                 else '' if is_wideband(audio, lanes, self._options.pocketsphinx)
                 else 'no speech above 4 kHz: a telephone line')
        # Nothing is judged by words that are not believed: they are heard quickly, for reading.
        words = hear_lanes(lanes, self._options.word_slack_s,
                           lambda channel, speech: self._words(audio, channel, speech, not doubt))
        return self._transcript(words, spoken, LOW if doubt else OK, doubt)

    def _transcript(self, words: tuple[Words, ...], language: str | None, trust: str,
                    why: str) -> Transcript:
        return Transcript(words, language, NAME, MODEL, trust, why)

    def _words(self, audio: Audio, channel: int, speech: list[Span],
               exact: bool) -> list[Word]:
        out: list[Word] = []
        for start, end in stretches(audio, channel, speech, self._options):
            samples = at_16_khz(audio.window(channel, start, end), audio.rate)
            out += [word._replace(start_s=start + word.start_s, end_s=start + word.end_s)
                    for word in self._decode(samples, exact)
                    if word.start_s is not None and word.end_s is not None]
        return out

    def _decode(self, samples: np.ndarray, exact: bool) -> list[Word]:
        """The words of a stretch, times from its start: to the phone if `exact`, else in one
        pass of a narrower search."""
        decoder = self._decoder
        raw = np.clip(np.round(samples * 32768), -32768, 32767).astype('<i2').tobytes()
        decoder.activate_search(EXACT if exact else QUICK)
        _run(decoder, raw)
        if decoder.hyp() is None:
            return []
        heard = [(segment.word, segment.start_frame, segment.end_frame + 1)
                 for segment in decoder.seg()]
        aligned = self._aligned(raw) if exact else []
        if [name for name, _ in aligned] == [name for name, _, _ in heard]:
            return [word for name, phones in aligned for word in self._exact(name, phones)]
        return [word for name, first, last in heard for word in _roughly(name, first, last)]

    def _aligned(self, raw: bytes) -> list[tuple[str, list[tuple[int, int]]]]:
        """What was just heard, with the frames of each phone."""
        decoder = self._decoder
        try:
            decoder.set_alignment()
            _run(decoder, raw)
            return [(entry.name, [(phone.start, phone.start + phone.duration) for phone in entry])
                    for entry in decoder.get_alignment()]
        except RuntimeError:  # the sound cannot be laid under these words phone by phone
            return []

    def _exact(self, name: str, phones: list[tuple[int, int]]) -> list[Word]:
        """The words of an entry of the vocabulary, by the phones that each of them has."""
        if _is_filler(name):
            return []
        out, at = [], 0
        texts = _texts(name)
        for text, count in zip(texts, self._phones.get(name, (len(phones),)), strict=True):
            first, last = phones[at], phones[at + count - 1]
            out.append(_word(text, first[0], last[1]))
            at += count
        return out


def is_wideband(audio: Audio, lanes: tuple[Lane, ...], options: PocketsphinxOptions) -> bool:
    """Whether every lane that speaks has speech above 4 kHz: measured, whatever the header says.

    False where no lane speaks long enough to tell.
    """
    if audio.rate < 2 * HIGH_BAND_HZ[1]:
        return False
    told = [high_sounds_db(audio, lane) for lane in lanes if total(lane.speech) >= LEAST_SPEECH_S]
    return bool(told) and all(
        level >= options.wideband_db and spread >= options.wideband_range_db
        for level, spread in told)


def high_sounds_db(audio: Audio, lane: Lane) -> tuple[float, float]:
    """How strong a lane's high sounds are, and how far they vary, both in dB.

    The first is the level of its strong hisses (95th percentile of 32 ms frames, 4.6 to 7 kHz)
    over that of its speech as a whole; the second that over the 10th percentile.
    """
    low, high = (round(hz * SPECTRUM_FRAME / audio.rate) for hz in HIGH_BAND_HZ)
    window = np.hanning(SPECTRUM_FRAME).astype(np.float32)
    power, hiss = [], []
    for start, end in lane.speech:
        samples = audio.window(lane.channel, start, end)
        frames = samples[:len(samples) // SPECTRUM_FRAME * SPECTRUM_FRAME]
        spectrum = np.abs(np.fft.rfft(frames.reshape(-1, SPECTRUM_FRAME) * window)) ** 2
        power.append(spectrum.sum(axis=1))
        hiss.append(spectrum[:, low:high].sum(axis=1))
    everything, high_band = np.concatenate(power), np.concatenate(hiss)
    strong, weak = np.percentile(high_band, (HISS_PERCENTILE, REST_PERCENTILE))
    tiny = np.finfo(np.float32).tiny
    return (10 * float(np.log10((strong + tiny) / (everything.mean() + tiny))),
            10 * float(np.log10((strong + tiny) / (weak + tiny))))


def _load(options: PocketsphinxOptions,
          lexicon: Lexicon | None) -> tuple[Any, dict[str, tuple[int, ...]]]:
    """The decoder, and of each phrase that it knows as one entry: the phones of each word."""
    import pocketsphinx

    folder = Path(pocketsphinx.__file__).parent / 'model' / 'en-us'
    decoder = pocketsphinx.Decoder(
        hmm=str(folder / 'en-us'), dict=str(folder / 'cmudict-en-us.dict'), lm=None,
        loglevel='FATAL', maxhmmpf=options.max_hmm, ds=options.downsample)
    language_model = pocketsphinx.NGramModel(decoder.config, decoder.logmath,
                                             str(folder / 'en-us.lm.bin'))
    phones: dict[str, tuple[int, ...]] = {}
    for phrase in dict.fromkeys([*options.phrases, *_listed(options, lexicon, decoder)]):
        name = '_'.join(phrase.split())
        for number, sounds in enumerate(_pronunciations(decoder, phrase), 1):
            entry = name if number == 1 else f'{name}({number})'
            decoder.add_word(entry, ' '.join(sounds), False)
            phones[entry] = tuple(len(sound.split()) for sound in sounds)
        language_model.add_word(name, options.phrase_weight)
    decoder.add_lm(EXACT, language_model)
    # A search takes the settings of the moment it is made.
    decoder.config['maxhmmpf'] = options.quick_hmm
    decoder.config['fwdflat'] = decoder.config['bestpath'] = False
    decoder.add_lm(QUICK, language_model)
    return decoder, phones


def _listed(options: PocketsphinxOptions, lexicon: Lexicon | None, decoder: Any) -> list[str]:
    """The phrases of the list, each up to its first slot, that the dictionary can pronounce."""
    if lexicon is None or lexicon.language != 'en':
        return []
    texts = [phrase.split('{')[0].split() for category in options.categories
             for phrase in lexicon.categories.get(category, ())]
    return [' '.join(words) for words in texts
            if len(words) > 1 and all(decoder.lookup_word(word) for word in words)]


def _pronunciations(decoder: Any, phrase: str) -> list[tuple[str, ...]]:
    """Ways to say a phrase: of each, the phones of each word."""
    ways = []
    for text in phrase.split():
        sounds = [decoder.lookup_word(text)]
        if sounds[0] is None:
            raise EngineError(f'the phrase `{phrase}` has the word `{text}`, which is not in the '
                              'pronunciation dictionary of the embedded engine',
                              way_out='Write it in words of the CMU dictionary, or take it out of '
                                      'transcribe.pocketsphinx.phrases.')
        while more := decoder.lookup_word(f'{text}({len(sounds) + 1})'):
            sounds.append(more)
        ways.append(sounds)
    return list(islice(product(*ways), PRONUNCIATIONS))


def _run(decoder: Any, raw: bytes) -> None:
    decoder.start_utt()
    try:
        decoder.process_raw(raw, full_utt=True)
    finally:
        decoder.end_utt()


def _is_filler(name: str) -> bool:
    return name[0] in '<[+'


def _texts(name: str) -> list[str]:
    """The words of an entry: `thank_you(2)` is thank, you."""
    return _VARIANT.sub('', name).split('_')


def _roughly(name: str, first: int, last: int) -> list[Word]:
    if _is_filler(name):
        return []
    span = (first / FRAMES_A_SECOND, last / FRAMES_A_SECOND)
    return spread([Word(None, None, text, None, INTERPOLATED) for text in _texts(name)], span)


def _word(text: str, first: int, last: int) -> Word:
    return Word(first / FRAMES_A_SECOND, last / FRAMES_A_SECOND, text, None, ALIGNED)
