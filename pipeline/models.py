"""`etiquette models pull`: all models that a config needs, into one folder to copy.

The folder is laid out as the libraries look for their models: a cache of the hub's client (without
its links, so that any copy is whole), torch's home and nltk's data. `models: FOLDER` in a config
is then enough, and `manifest.json` says what every file must be.
"""

from __future__ import annotations

import fnmatch
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.fetch import (
    KEPT,
    FetchError,
    File,
    Repository,
    fetch,
    list_repository,
    sha256_of_file,
    size_of,
)
from pipeline.settings import Settings
from transforms.diarize import PYANNOTE
from transforms.transcribe import weights
from warehouse.files import write_whole

TORCHAUDIO = 'https://download.pytorch.org/torchaudio/models/'
NLTK = 'https://raw.githubusercontent.com/nltk/nltk_data/gh-pages/packages/tokenizers/'
PUNKT = 'punkt_tab'
MANIFEST = 'manifest.json'
WHISPER, ALIGNER, DIARIZER, SPLITTER = 'Whisper', 'aligner', 'diarizer', 'sentences'

WHISPER_PARTS = ('config.json', 'preprocessor_config.json', 'model.bin', 'tokenizer.json',
                 'vocabulary.*')
ALIGNER_PARTS = ('config.json', 'preprocessor_config.json', 'vocab.json', 'tokenizer_config.json',
                 'special_tokens_map.json', 'added_tokens.json')
PIPELINE_PARTS = ('*.yaml', '*.bin', '*.ckpt', '*.npz', '*.safetensors', '*.json', '*.onnx')
_HUB_NAME = re.compile(r'[\w.-]+/[\w.-]+')


@dataclass(frozen=True)
class Needed:
    """A model that a config needs and that is not part of the installation.

    Attributes:
      what: Whisper, aligner, diarizer or sentences.
      name: on the hub, of torchaudio's bundle, or of nltk's data.
      language: of an aligner.
    """

    what: str
    name: str
    language: str | None = None

    @property
    def label(self) -> str:
        return f'{self.what} {self.language}' if self.language else self.what


@dataclass(frozen=True)
class Pulled:
    """What a pull comes to: each file, the model it belongs to, and whether it was there."""

    files: tuple[tuple[Needed, File, bool], ...]
    unknown: tuple[tuple[Needed, str], ...] = ()  # what could not be asked, and why


def needed(settings: Settings, languages: Iterable[str] = ()) -> tuple[Needed, ...]:
    """The models of a config that come from elsewhere; folders of the user's own are not among
    them. `languages` are those whose aligners are needed; none: all that the config names.

    Raises ValueError for a language that the config has no aligner for.
    """
    out: list[Needed] = []
    options = settings.transcribe.whisperx
    if settings.transcribe.engine in ('whisperx', 'auto'):
        if not _is_folder(options.model):
            out.append(Needed(WHISPER, weights.repository_of(options.model)))
        for language in languages or options.aligners:
            if language not in options.aligners:
                raise ValueError(f'no aligner for `{language}` in transcribe.whisperx.aligners; '
                                 f'there is {", ".join(options.aligners)}')
            if not _is_folder(options.aligners[language]):
                out.append(Needed(ALIGNER, options.aligners[language], language))
        if languages or options.aligners:
            out.append(Needed(SPLITTER, PUNKT))
    model = settings.diarize.model
    if settings.diarize.engine == PYANNOTE and model and not _is_folder(model):
        out.append(Needed(DIARIZER, model))
    return tuple(out)


def plan_pull(wanted: Iterable[Needed], folder: Path, patient: bool = False) -> Pulled:
    """The files of these models and whether they are in the folder already.

    Raises FetchError where their publisher cannot be asked; `patient` notes that instead.
    """
    files: list[tuple[Needed, File, bool]] = []
    unknown = []
    known = read_manifest(folder)
    for need in {need.name: need for need in wanted}.values():
        try:
            parts = _files_of(need)
        except FetchError as error:
            if not patient:
                raise
            unknown.append((need, str(error)))
            continue
        files += [(need, file, _is_there(file, folder, known)) for file in parts]
    return Pulled(tuple(files), tuple(unknown))


def pull(wanted: Iterable[Needed], folder: Path, settings: Settings,
         on_file: Callable[[Needed, File], Callable[[int], None]]) -> int:
    """Fetches what is not in the folder; the number of files fetched.

    A model is found by a run only once all its files are there and are what was announced. Raises
    FetchError; what came until then is kept.
    """
    fetched = 0
    wanted = list(wanted)
    for need in wanted:
        parts = plan_pull([need], folder).files
        for _, file, there in parts:
            if not there:
                _record(folder, file, fetch(file, folder, on_file(need, file)))
                fetched += 1
        if need.what == SPLITTER:
            _unpack(folder / parts[0][1].path)
        elif need.name not in weights.BUNDLES:
            _name_revision(folder, parts[0][1])
        if need.what == DIARIZER:
            fetched += pull(_parts_elsewhere(folder / Path(parts[0][1].path).parent), folder,
                            settings, on_file)
    _check_found(wanted, folder, settings)
    return fetched


def read_manifest(folder: Path) -> dict[str, dict[str, Any]]:
    """What each file must be: path under the folder -> size, sha256, url. Empty without one."""
    try:
        return dict(json.loads((folder / MANIFEST).read_text(encoding='utf-8'))['files'])
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def damaged(folder: Path, thorough: bool = False) -> Iterator[str]:
    """The files of the manifest that are not there or not what they must be.

    By size, or where `thorough` by their sha256: seconds a gigabyte.
    """
    for name, told in read_manifest(folder).items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != told['size'] or (
                thorough and sha256_of_file(path) != told['sha256']):
            yield name


def _files_of(need: Needed) -> tuple[File, ...]:
    if need.what == SPLITTER:
        url = f'{NLTK}{need.name}.zip'
        return (File(url, f'nltk_data/tokenizers/{need.name}.zip', size_of(url)),)
    if need.name in weights.BUNDLES:
        name = weights.BUNDLES[need.name]
        return (File(f'{TORCHAUDIO}{name}', f'torch/hub/checkpoints/{name}',
                     size_of(f'{TORCHAUDIO}{name}')),)
    found = list_repository(need.name, _CHOICES[need.what])
    _check_whole(need, found)
    return found.files


def _whisper_parts(names: list[str]) -> set[str]:
    return _matching(names, WHISPER_PARTS)


def _aligner_parts(names: list[str]) -> set[str]:
    best = [name for name in weights.ALIGNER_WEIGHTS if name in names][:1]
    return _matching(names, ALIGNER_PARTS) | set(best)


def _pipeline_parts(names: list[str]) -> set[str]:
    return _matching(names, PIPELINE_PARTS)


_CHOICES = {WHISPER: _whisper_parts, ALIGNER: _aligner_parts, DIARIZER: _pipeline_parts}


def _matching(names: list[str], patterns: Iterable[str]) -> set[str]:
    return {name for name in names if any(fnmatch.fnmatch(name, p) for p in patterns)}


def _check_whole(need: Needed, found: Repository) -> None:
    """That the model is one of the kind that is wanted."""
    names = {file.path.split('/', 3)[3] for file in found.files}
    must: tuple[str, ...] = ()
    if need.what == WHISPER:
        must = weights.WHISPER_FILES
    elif need.what == ALIGNER:
        must = weights.ALIGNER_FILES
        if not names & set(weights.ALIGNER_WEIGHTS):
            must = (*must, weights.ALIGNER_WEIGHTS[0])
    missing = [name for name in must if name not in names]
    if missing or not names:
        raise FetchError(
            f'{need.name} is no {need.what} that can be used: it has no '
            f'{", ".join(missing) or "file of a model"}',
            'Name a CTranslate2 conversion in transcribe.whisperx.model.' if need.what == WHISPER
            else 'Correct its name in the config.')


def _is_there(file: File, folder: Path, known: dict[str, dict[str, Any]]) -> bool:
    path, told = folder / file.path, known.get(file.path)
    if not told or not path.is_file() or path.stat().st_size != told['size']:
        return False
    kind, _, digest = (file.digest or '').partition(':')
    same = told['sha256'] == digest if kind == 'sha256' else True
    return same and file.size in (None, told['size'])


def _record(folder: Path, file: File, sha256: str) -> None:
    files = read_manifest(folder)
    files[file.path] = {'size': (folder / file.path).stat().st_size, 'sha256': sha256,
                        'url': file.url}
    text = json.dumps({'files': dict(sorted(files.items()))}, indent=1)
    write_whole(folder / MANIFEST, text.encode())


def _name_revision(folder: Path, file: File) -> None:
    """Makes a whole model the one that is found by its name."""
    repository, _, revision = file.path.split('/')[:3]
    write_whole(folder / repository / 'refs' / 'main', revision.encode())


def _unpack(path: Path) -> None:
    """nltk reads the folder; the archive stays beside it, for the manifest."""
    try:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(path.parent)
    except (zipfile.BadZipFile, OSError) as error:
        path.unlink(missing_ok=True)
        raise FetchError(f'{path.name} came damaged ({error})', f'Try again; {KEPT}') from error


def _parts_elsewhere(snapshot: Path) -> list[Needed]:
    """Models of the hub that a diarization pipeline's config.yaml names as its parts."""
    import yaml
    config = snapshot / 'config.yaml'
    if not config.is_file():
        return []
    tree = yaml.safe_load(config.read_text(encoding='utf-8')) or {}
    params = (tree.get('pipeline') or {}).get('params') or {}
    names = [value.split('@')[0] for value in params.values() if isinstance(value, str)]
    return [Needed(DIARIZER, name) for name in names if _HUB_NAME.fullmatch(name)]


def _check_found(wanted: list[Needed], folder: Path, settings: Settings) -> None:
    """That a run finds what was fetched, by the way it looks for it."""
    options = replace(settings.transcribe.whisperx, model_dir=str(folder))
    for need in wanted:
        if (need.what == WHISPER and not weights.whisper_folder(options)) or (
                need.what == ALIGNER and need.language
                and not weights.aligner(options, need.language)):
            raise FetchError(f'{need.name} was fetched, but is not found in {folder}',
                             'Remove the folder and pull again.')


def _is_folder(name: str) -> bool:
    return name.startswith(('/', '.', '~')) or Path(name).expanduser().is_dir()
