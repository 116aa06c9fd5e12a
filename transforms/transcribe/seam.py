"""What every engine is told and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, Protocol

from annotated_types import Ge, Gt, Interval, Le

from transforms.conversation import Audio, Lane, Note, Reference
from warehouse.records import Words

OK, LOW, NONE = 'ok', 'low', 'none'  # transcript_trust


class EngineError(RuntimeError):
    """The configured engine cannot work on this machine. No call of the run could be done.

    Args:
      message: what is missing, and where it was looked for.
      way_out: what the reader can do about it, as an imperative sentence.
    """

    def __init__(self, message: str, *, way_out: str):
        super().__init__(f'{message}; {way_out[:1].lower()}{way_out[1:]}')
        self.message = message
        self.way_out = way_out

    def __reduce__(self):  # type: ignore[no-untyped-def]
        return _rebuild, (self.message, self.way_out)


def _rebuild(message: str, way_out: str) -> EngineError:
    return EngineError(message, way_out=way_out)


@dataclass(frozen=True)
class DetectOptions:
    """Telling the language of a call that does not say its own.

    Attributes:
      languages: ISO 639-1 of those that calls may be in; no other is ever told.
      windows: of up to 30 s of speech that are listened to, the loudest of both lanes.
      least: mean probability over the windows from which the language is believed. Below it the
        call's language is not known, and what is heard under the best guess is not trusted.
    """

    languages: tuple[str, ...]
    windows: Annotated[int, Ge(1)]
    least: Annotated[float, Interval(ge=0, le=1)]


@dataclass(frozen=True)
class GuardOptions:
    """What Whisper says where nobody speaks (it was made to always say something).

    Attributes:
      min_dbfs: speech that is quieter is not transcribed, nor is
      min_snr_db: speech that is not so far over the noise of the lane's pauses.
      no_speech: probability of "no speech" from which (Whisper's own, for a whole window),
      avg_logprob: mean log probability of the words under which (likewise), and
      word_score: median word score of a stretch of speech under which its words are doubted. Any
        two of the three doubts drop them: one alone befalls real speech on a poor line.
      doubt_logprob, doubt_score: mean log probability, or median word score, under which
        a known phrase (below) is doubtful.
      max_repeats: words that stand more often than this in a row, in the same order, are
        said once. Figures are left: telephone numbers repeat theirs.
      compression_ratio: how far a text may be compressed before it counts as a loop: Whisper's 2.4.
      max_rate: words a second that nobody speaks; max_rate_unspaced: characters, where a
        character is a word. Of at least 5 words.
      max_dropped: share of the call's speech that may be dropped before what is left is not
        trusted: what was not heard may have been said.
      phrases: language to what Whisper is known to make up in it, from the subtitles that it learnt
        on. Dropped only where they are all that was heard in a stretch of speech, and doubtful.
        A `*` at the end stands for any words. What agents say (thanks, goodbye) is never one.
    """

    min_dbfs: Annotated[float, Le(0)]
    min_snr_db: Annotated[float, Ge(0)]
    no_speech: Annotated[float, Interval(ge=0, le=1)]
    avg_logprob: Annotated[float, Le(0)]
    word_score: Annotated[float, Interval(ge=0, le=1)]
    doubt_logprob: Annotated[float, Le(0)]
    doubt_score: Annotated[float, Interval(ge=0, le=1)]
    max_repeats: Annotated[int, Ge(1)]
    compression_ratio: Annotated[float, Gt(1)]
    max_rate: Annotated[float, Gt(0)]
    max_rate_unspaced: Annotated[float, Gt(0)]
    max_dropped: Annotated[float, Interval(ge=0, le=1)]
    phrases: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class PromptOptions:
    """What Whisper is told before it hears a call.

    Attributes:
      enabled: whether it is told anything.
      names: whether the agent's, the caller's and the companies' names are in it.
      categories: of the phrase list whose first phrases are in it, where the call is in the
        list's language.
      max_tokens: of all; Whisper reads 223 at most.
    """

    enabled: bool
    names: bool
    categories: tuple[str, ...]
    max_tokens: Annotated[int, Interval(ge=0, le=223)]


@dataclass(frozen=True)
class WhisperxOptions:
    """The WhisperX engine.

    Attributes:
      model: a folder with a CTranslate2 Whisper (model.bin, config.json, tokenizer.json), or its
        name on the Hugging Face hub (`large-v3`, `Systran/faster-whisper-small`).
      model_dir: the folder that hub models are kept in; None is the hub client's own cache.
      device: cpu, cuda, cuda:1 ...; auto takes a GPU where there is one.
      compute_type: CTranslate2's: int8, float16, float32 ...; auto is, on a GPU, float16 where
        the model and two windows fit in its free memory, else int8_float16; int8 on a CPU.
      batch_size: windows a forward pass; auto: as many as fit in half of the free memory (the
        GPU's, or the machine's share of this process), 16 at most on a GPU and 4 on a CPU.
      beam_size: hypotheses kept; Whisper's own is 5.
      window_s: stretches of a lane's speech are laid end to end up to so many seconds, for Whisper
        takes as long over one second as over 30 and hears a sentence better than a word; 0: each
        stretch alone.
      aligners: language to wav2vec2 model: a folder, a hub name, or a torchaudio bundle's name.
        A language that is not here, or whose weights are not on disk, gets faster-whisper's
        own word times, `interpolated`: they come from attention, not from sounds.
      ok_score: median word score, 0..1, from which the transcript is trusted.
    """

    model: str
    model_dir: str | None
    device: str
    compute_type: str
    batch_size: Literal['auto'] | Annotated[int, Ge(1)]
    beam_size: Annotated[int, Ge(1)]
    window_s: Annotated[float, Interval(ge=0, le=30)]
    aligners: dict[str, str]
    ok_score: Annotated[float, Interval(ge=0, le=1)]
    detect: DetectOptions
    guards: GuardOptions
    prompt: PromptOptions


@dataclass(frozen=True)
class PocketsphinxOptions:
    """The embedded engine.

    Attributes:
      phrases: what is often said on such calls, of words in the CMU dictionary: each becomes one
        entry of the vocabulary, so that "thank you for calling" is not heard as "sam queue ...".
      categories: of the English phrase list whose phrases are heard likewise, those of two words
        and more that are in the dictionary.
      phrase_weight: how probable each of them is, before any context, in units of the uniform
        model's 1.4e-5 (one in 73,000). Word error rate of the 16 kHz samples: 9.7 % without
        phrases, 8.3 % at 1, 7.9 % at 3, 7.4 % at 10.
      max_hmm: active states a frame; fewer are faster and less exact: word error rate and times
        real time 7.9 % and 4.5 at 5000, 8.0 % and 5.4 at 3000, 9.3 % and 5.7 at 2000.
      quick_hmm: the same where the words will not be trusted (a telephone line, no language): they
        are heard in one pass for people to read, at less than half the time.
      downsample: acoustic scores are computed every so many frames; 2 costs 1.7 points.
      wideband_db: strong high sounds (4.6 to 7 kHz) of a lane lie at most so many dB under its
        speech: measured -13 to -41 on wideband voices through FLAC, Opus and AAC, under -64 on
        telephone calls that were stored at 16 kHz.
      wideband_range_db: and vary by at least so many dB: speech does, noise and hum do not.
    """

    phrases: tuple[str, ...]
    categories: tuple[str, ...]
    phrase_weight: Annotated[float, Gt(0)]
    max_hmm: Annotated[int, Ge(100)]
    quick_hmm: Annotated[int, Ge(100)]
    downsample: Annotated[int, Interval(ge=1, le=4)]
    wideband_db: Annotated[float, Le(0)]
    wideband_range_db: Annotated[float, Ge(0)]


@dataclass(frozen=True)
class ProvidedOptions:
    """Transcripts that come with the recording.

    Attributes:
      max_mb: a larger file is refused.
    """

    max_mb: Annotated[float, Gt(0)]


@dataclass(frozen=True)
class TranscribeOptions:
    """Which engine hears the words, and how speech is cut for it.

    Attributes:
      engine: whisperx, pocketsphinx, provided, none; or auto: the words of `transcript_uri` where
        the manifest names one, else whisperx where its weights are on disk, else pocketsphinx.
      language: of a call that does not say its own (ISO 639-1); None: whisperx detects it,
        pocketsphinx takes it for English and does not trust what it hears.
      threads: of one engine in one process.
      join_gap_s: speech spans closer than this are heard together, with the silence between.
      max_segment_s: longest stretch heard together; Whisper takes at most 30 s.
      pad_s: of the audio around a stretch that is heard too, where no other speech is near: voice
        activity cuts soft beginnings. Word error rate 12.7 % at 0.05, 7.9 at 0.15, 7.1 at 0.25.
      word_slack_s: a word may end so long after the voice activity it lies in, and no longer:
        aligners stretch the last word of a segment into the silence (definitions 5).
    """

    engine: Literal['auto', 'whisperx', 'pocketsphinx', 'provided', 'none']
    language: str | None
    threads: Annotated[int, Ge(1)]
    join_gap_s: Annotated[float, Ge(0)]
    max_segment_s: Annotated[float, Interval(gt=1, le=30)]
    pad_s: Annotated[float, Interval(ge=0, le=1)]
    word_slack_s: Annotated[float, Ge(0)]
    whisperx: WhisperxOptions
    pocketsphinx: PocketsphinxOptions
    provided: ProvidedOptions


@dataclass(frozen=True)
class Transcript:
    """The words of a call.

    `words` has one `Words` a lane (turn -1, speaker ''), in order of time; a word without a time
    stands where it was said. `trust` is ok, low or none, as in `calls.transcript_trust`.
    `language` is ISO 639-1, None where nobody knows. `why` says in words why the trust is not ok.
    `notes` say what was dropped.
    """

    words: tuple[Words, ...]
    language: str | None
    transcriber: str
    model: str | None
    trust: str
    why: str = ''
    notes: tuple[Note, ...] = ()


class Transcriber(Protocol):
    """Hears what is said. Made by `load_transcriber`, once per process."""

    name: str
    model: str | None
    why: str  # which engine this is and why, for the log

    def hear(self, audio: Audio, lanes: tuple[Lane, ...], language: str | None,
             ref: Reference) -> Transcript:
        """The words of each lane, from its speech alone.

        Args:
          audio: of the call.
          lanes: as found; lanes of one channel (a mono recording) are heard together once.
          language: that the call was said to be in (ISO 639-1, with or without a region).
          ref: the call. Its transcript is read where the engine is `provided` or `auto`.

        Raises CallError where the call's transcript cannot be read.
        """


def base_language(language: str | None) -> str | None:
    """ISO 639-1 of a language tag: 'en' of 'en-US' and 'EN_us'; None of None and ''."""
    return (language or '').replace('_', '-').split('-')[0].strip().lower() or None
