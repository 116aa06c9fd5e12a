"""What the doctor looks at among the models: those that are installed, and those of a config."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipeline.doctor import MISSING, NOTE, OK, Finding
from pipeline.models import MANIFEST, PUNKT, damaged, read_manifest
from pipeline.offline import offline
from pipeline.settings import Settings
from transforms.diarize import PYANNOTE, wheel_file
from transforms.transcribe import EngineError, resolve_engine, weights

# Package, file inside it, and bytes under which it is not whole.
BUNDLED = {
    'voice activity': ('silero_vad', ('data', 'silero_vad_16k_sequence.onnx'), 500_000),
    'segmentation': ('whisperx', ('assets', 'pytorch_model.bin'), 5_000_000),
    'voice encoder': ('resemblyzer', ('pretrained.pt',), 5_000_000),
    'embedded recogniser': ('pocketsphinx', ('model', 'en-us', 'en-us.lm.bin'), 5_000_000),
}
PULL = 'etiquette models pull --to DIR, then models: DIR in the config'


def bundled() -> Iterator[Finding]:
    """The models that come inside packages."""
    for what, (package, parts, least) in BUNDLED.items():
        try:
            size = wheel_file(package, *parts).stat().st_size
        except (RuntimeError, OSError):
            size = 0
        whole = size >= least
        yield Finding(what, OK if whole else MISSING,
                      f'{parts[-1]} in {package}' + ('' if whole else ' is not there or not whole'),
                      '' if whole else 'make setup')


def transcriber(settings: Settings) -> Iterator[Finding]:
    try:
        engine = resolve_engine(settings.transcribe)
    except EngineError as error:
        yield Finding('transcriber', MISSING, error.message, PULL)
        return
    falls_back = settings.transcribe.engine == 'auto' and engine.name != 'whisperx'
    yield Finding('transcriber', NOTE if falls_back else OK, f'{engine.name}: {engine.why}',
                  PULL if falls_back else '')


def aligners(settings: Settings) -> Iterator[Finding]:
    """One line for those that are there, one for those that are not."""
    if not _is_whisperx(settings):
        return
    options = settings.transcribe.whisperx
    there = [name for name in options.aligners if weights.aligner(options, name)]
    absent = [name for name in options.aligners if name not in there]
    if there:
        yield Finding('aligners', OK, ', '.join(there))
    if absent:
        yield Finding('aligners', NOTE,
                      f'none for {", ".join(absent)}: Whisper\'s own word times are taken',
                      f'etiquette models pull --language {",".join(absent)}')


def sentences(settings: Settings) -> Iterator[Finding]:
    if not _is_whisperx(settings):
        return
    data = offline(settings.models).get('NLTK_DATA')
    if data and (Path(data) / 'tokenizers' / PUNKT).is_dir():
        yield Finding('sentences', OK, f'{PUNKT} in {data}')
    else:
        yield Finding('sentences', OK, f'no {PUNKT}: not needed, words are aligned without it')


def diarizer(settings: Settings) -> Iterator[Finding]:
    options = settings.diarize
    if options.engine != PYANNOTE:
        yield Finding('diarizer', OK, 'embedded: the bundled models')
        return
    model = options.model or ''
    folders = [Path(model).expanduser()] if model else []
    cache = offline(settings.models).get('HF_HUB_CACHE')
    repository = f'models--{model.replace("/", "--")}'
    caches = [Path(cache)] if cache else [weights.hub_cache(None)]
    folders += [path for folder in caches for path in (folder / repository).glob('snapshots/*')]
    there = next((folder for folder in folders if (folder / 'config.yaml').is_file()), None)
    if there:
        yield Finding('diarizer', OK, f'{model} in {there}')
    else:
        yield Finding('diarizer', MISSING, f'the pyannote pipeline {model or "(no name)"} is not '
                                           'here', PULL)


def pulled(settings: Settings) -> Iterator[Finding]:
    """Whether the folder of models is what its manifest says, by the sizes of its files."""
    if settings.models is None:
        return
    folder = Path(settings.models).expanduser().absolute()
    known = read_manifest(folder)
    broken = list(damaged(folder))
    mend = f'etiquette models pull --to {folder}'
    if broken:
        yield Finding('models', MISSING, f'{len(broken)} of {len(known)} files in {folder} are not '
                                         f'whole, such as {broken[0]}', mend)
    elif known:
        yield Finding('models', OK, f'{len(known)} files in {folder}, each of its size')
    else:
        yield Finding('models', MISSING, f'{folder} has no {MANIFEST}', mend)


def _is_whisperx(settings: Settings) -> bool:
    try:
        return resolve_engine(settings.transcribe).name == 'whisperx'
    except EngineError:
        return True
