"""The settings of a run: one YAML file, laid over `configs/default.yaml`, validated whole."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

from annotated_types import Ge

from pipeline.config_files import beside, config_tree
from pipeline.instants import InstantError, zone_of
from pipeline.lexicons import languages, load_lexicons
from pipeline.limits import LimitOptions
from pipeline.maintaining import MaintainOptions
from pipeline.privacy import PrivacyOptions, secret_of
from pipeline.sources import SourceOptions
from pipeline.yaml_records import (
    ConfigError,
    Located,
    build,
)
from transforms.decode import DecodeOptions
from transforms.diarize import DiarizeOptions
from transforms.lanes import LaneOptions
from transforms.lexicon import Lexicon
from transforms.redact import RedactOptions
from transforms.roles import RoleOptions
from transforms.sounds import SoundOptions
from transforms.transcribe import TranscribeOptions, resolve_engine, told_phrases
from transforms.vad import VadOptions

RECORD_VERSION = 1  # of what perceiving stores; a new one makes published calls stale


@dataclass(frozen=True)
class Settings:
    """A run's settings. Sections are the options of the module that they are named after.

    Attributes:
      warehouse: the warehouse folder; relative to the current folder.
      models: the folder that `etiquette models pull` has filled; null: the libraries' own caches.
      workers: worker processes; 0 is one per usable core.
      timezone: IANA name; of `call_date`. Manifest times have their own: `source.timezone`.
      standard: the standard that `kpis` and the views show.
      standards: all that calls are judged by; `standard` is always among them.
      language: ISO 639-1 of the phrase list.
      phrases: files of a site's own companies and phrases (`pipeline.lexicons`).
      questions: a folder of a site's own questions (`warehouse.questions`) for `etiquette ask`.
      agent_channel: the agent's channel (0-based) where the manifest says nothing; null: find out.
    """

    warehouse: str
    models: str | None
    workers: Annotated[int, Ge(0)]
    timezone: str
    standard: str
    standards: tuple[str, ...]
    language: str
    phrases: tuple[str, ...]
    questions: str | None
    agent_channel: Annotated[int, Ge(0)] | None
    limits: LimitOptions
    source: SourceOptions
    decode: DecodeOptions
    sounds: SoundOptions
    vad: VadOptions
    lanes: LaneOptions
    diarize: DiarizeOptions
    roles: RoleOptions
    transcribe: TranscribeOptions
    redact: RedactOptions
    maintain: MaintainOptions
    privacy: PrivacyOptions


def load_settings(path: str | None) -> Settings:
    """The settings of a file, or the defaults. Raises ConfigError that lists every fault."""
    tree = config_tree(path)
    settings = build(Settings, tree)
    try:
        zone_of(settings.timezone)
    except InstantError as error:
        raise ConfigError(f'{tree.value["timezone"].where}: timezone `{settings.timezone}` '
                          f'{error}. {error.way_out}') from None
    if settings.language not in languages():
        raise ConfigError(f'{tree.value["language"].where}: no phrase list for language '
                          f'`{settings.language}`; there is {", ".join(languages())}')
    return _with_salt(_with_phrases(_with_references(_with_models(settings), tree), tree), tree)


def lexicon_of(settings: Settings) -> Lexicon:
    """The phrases that a run of these settings looks for."""
    return load_lexicons(settings.phrases)[settings.language]


def _with_phrases(settings: Settings, tree: Located) -> Settings:
    """With the paths of the phrase files, which are relative to the file that names them."""
    named = [(Path(beside(item.where, item.value)), item) for item in tree.value['phrases'].value]
    missing = [f'{item.where}: `phrases`: {path}: no such file; give the path of a YAML file, '
               f'relative to the settings file' for path, item in named if not path.is_file()]
    if missing:
        raise ConfigError('\n'.join(missing))
    return replace(settings, phrases=tuple(str(path) for path, _ in named))


def _with_salt(settings: Settings, tree: Located) -> Settings:
    """With the path of the secret, which is relative to the file that names it."""
    options = settings.privacy
    if options.salt_file:
        where = tree.value['privacy'].value['salt_file'].where
        options = replace(options, salt_file=beside(where, options.salt_file))
    if options.caller_id == 'hash':
        secret_of(options)  # or a run would be told only once it has begun
    return replace(settings, privacy=options)


def _with_references(settings: Settings, tree: Located) -> Settings:
    """With the paths of the references, which are relative to the file that names them."""
    where = tree.value['sounds'].value['references'].where
    files = tuple(replace(file, path=beside(where, file.path))
                  for file in settings.sounds.references)
    missing = [file.path for file in files if not Path(file.path).is_file()]
    if missing:
        raise ConfigError('\n'.join(f'{where}: `sounds.references`: {path}: no such file; give the '
                                    'path of a recording, relative to the settings file'
                                    for path in missing))
    return replace(settings, sounds=replace(settings.sounds, references=files))


def _with_models(settings: Settings) -> Settings:
    """With the folder of models as the place where each part looks for its own."""
    whisperx = settings.transcribe.whisperx
    if settings.models is None or whisperx.model_dir is not None:
        return settings
    whisperx = replace(whisperx, model_dir=str(Path(settings.models).expanduser().absolute()))
    return replace(settings, transcribe=replace(settings.transcribe, whisperx=whisperx))


def fingerprint_of(settings: Settings) -> str:
    """sha256 (hex) of what decides what is perceived: options, engines, models, record version.

    Not of the audio, the standard, the number of workers or threads, or any path: these change
    how fast or where, never what is heard.
    """
    perception = {name: _without_places(asdict(getattr(settings, name))) for name in (
        'decode', 'sounds', 'vad', 'lanes', 'diarize', 'roles', 'transcribe', 'redact')}
    perception['sounds']['references'] = [
        [hashlib.sha256(Path(file.path).read_bytes()).hexdigest(), file.label]
        for file in settings.sounds.references]
    engine = resolve_engine(settings.transcribe)
    # What `auto` comes to on this machine, not the word: it is another one once weights are there.
    perception['transcribe']['engine'] = [engine.name, engine.model]
    perception['transcribe']['told'] = told_phrases(settings.transcribe, engine.name,
                                                    lexicon_of(settings))
    return hashlib.sha256(json.dumps([RECORD_VERSION, perception], sort_keys=True,
                                     default=str).encode()).hexdigest()


def _without_places(options: dict[str, Any]) -> dict[str, Any]:
    places = ('threads', 'device', 'batch_size', 'model_dir')
    return {key: _without_places(value) if isinstance(value, dict) else value
            for key, value in options.items() if key not in places}
