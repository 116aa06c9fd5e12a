"""Transcribe: what is said, word by word, by one of several engines behind one seam."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from transforms.conversation import Audio, Lane, Reference
from transforms.lexicon import Lexicon
from transforms.transcribe.seam import (
    NONE,
    DetectOptions,
    EngineError,
    GuardOptions,
    PocketsphinxOptions,
    PromptOptions,
    ProvidedOptions,
    TranscribeOptions,
    Transcriber,
    Transcript,
    WhisperxOptions,
    base_language,
)
from warehouse.records import Words

__all__ = ['DetectOptions', 'Engine', 'EngineError', 'GuardOptions', 'PocketsphinxOptions',
           'PromptOptions', 'ProvidedOptions', 'TranscribeOptions', 'Transcriber', 'Transcript',
           'WhisperxOptions', 'load_transcriber', 'resolve_engine', 'told_phrases']


@dataclass(frozen=True)
class Engine:
    """Which engine a configuration comes to on this machine, and why."""

    name: str
    model: str | None
    why: str


def resolve_engine(options: TranscribeOptions) -> Engine:
    """The engine for these options, told from the files on disk; loads and downloads nothing.

    Raises EngineError where the configuration names an engine that is not here.
    """
    from transforms.transcribe import weights

    if options.engine in ('provided', 'none'):
        return Engine(options.engine, None, 'the configuration says so')
    model = options.whisperx.model
    if options.engine in ('whisperx', 'auto'):
        folder = weights.whisper_folder(options.whisperx)
        if folder is not None:
            return Engine('whisperx', model, f'the weights of {model} are in {folder}')
        if options.engine == 'whisperx':
            raise weights.missing(options.whisperx)
        return Engine('pocketsphinx', 'en-us',
                      f'no weights of WhisperX ({model}) are on disk; embedded, English only')
    return Engine('pocketsphinx', 'en-us', 'the configuration says so')


def told_phrases(options: TranscribeOptions, engine: str, lexicon: Lexicon) -> list[object]:
    """What of a phrase list an engine is told before it hears a call; empty where nothing is."""
    if engine == 'pocketsphinx':
        categories: tuple[str, ...] = options.pocketsphinx.categories
        names: tuple[str, ...] = ()
    elif engine == 'whisperx' and options.whisperx.prompt.enabled:
        categories, names = options.whisperx.prompt.categories, lexicon.companies
    else:
        return []
    return [lexicon.language, names, [lexicon.categories.get(name, ()) for name in categories]]


def load_transcriber(options: TranscribeOptions, lexicon: Lexicon | None = None) -> Transcriber:
    """The engine that `resolve_engine` names, ready to hear. Downloads nothing.

    Args:
      lexicon: phrases and company names that an engine may be told beforehand.

    Raises EngineError where it is not here.
    """
    engine = resolve_engine(options)
    logging.getLogger(__name__).info('transcriber %s: %s', engine.name, engine.why)
    if engine.name == 'whisperx':
        from transforms.transcribe.whisperx_engine import WhisperxTranscriber
        heard: Transcriber = WhisperxTranscriber(options, engine.why, lexicon)
    elif engine.name == 'pocketsphinx':
        from transforms.transcribe.pocketsphinx_engine import PocketsphinxTranscriber
        heard = PocketsphinxTranscriber(options, engine.why, lexicon)
    else:
        heard = _Deaf(engine, options.language)
    if options.engine in ('auto', 'provided'):
        return _ProvidedFirst(heard, options)
    return heard


class _Deaf:
    """No words at all: acoustic KPIs only."""

    model: str | None = None

    def __init__(self, engine: Engine, language: str | None):
        self.name, self.why, self._language = engine.name, engine.why, language

    def hear(self, audio: Audio, lanes: tuple[Lane, ...], language: str | None,
             ref: Reference) -> Transcript:
        return Transcript((Words(),) * len(lanes), base_language(language) or self._language,
                          self.name, None, NONE, 'no engine was asked, no transcript was given')


class _ProvidedFirst:
    """The words of the call's own transcript where it has one, else what the engine hears."""

    def __init__(self, engine: Transcriber, options: TranscribeOptions):
        self._engine, self._options = engine, options
        self.name, self.model, self.why = engine.name, engine.model, engine.why

    def hear(self, audio: Audio, lanes: tuple[Lane, ...], language: str | None,
             ref: Reference) -> Transcript:
        if ref.transcript_uri is None:
            return self._engine.hear(audio, lanes, language, ref)
        from transforms.transcribe.provided import provided_words
        return provided_words(audio, ref, lanes, language, self._options)
