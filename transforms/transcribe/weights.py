"""Where the weights of an engine are on disk. Nothing here downloads, or loads a model."""

from __future__ import annotations

import os
from pathlib import Path

from transforms.transcribe.seam import EngineError, WhisperxOptions

WHISPER_FILES = ('model.bin', 'config.json', 'tokenizer.json')  # a missing one is downloaded
ALIGNER_FILES = ('config.json', 'preprocessor_config.json')
ALIGNER_WEIGHTS = ('model.safetensors', 'pytorch_model.bin')
# faster-whisper's short names; others are "Systran/faster-whisper-NAME".
SHORT_NAMES = {
    'large': 'Systran/faster-whisper-large-v3',
    'distil-large-v2': 'Systran/faster-distil-whisper-large-v2',
    'distil-medium.en': 'Systran/faster-distil-whisper-medium.en',
    'distil-small.en': 'Systran/faster-distil-whisper-small.en',
    'distil-large-v3': 'Systran/faster-distil-whisper-large-v3',
    'distil-large-v3.5': 'distil-whisper/distil-large-v3.5-ct2',
    'large-v3-turbo': 'mobiuslabsgmbh/faster-whisper-large-v3-turbo',
    'turbo': 'mobiuslabsgmbh/faster-whisper-large-v3-turbo',
}
# torchaudio's bundles that WhisperX names, and the file each is kept in.
BUNDLES = {
    'WAV2VEC2_ASR_BASE_960H': 'wav2vec2_fairseq_base_ls960_asr_ls960.pth',
    'VOXPOPULI_ASR_BASE_10K_FR': 'wav2vec2_voxpopuli_base_10k_asr_fr.pt',
    'VOXPOPULI_ASR_BASE_10K_DE': 'wav2vec2_voxpopuli_base_10k_asr_de.pt',
    'VOXPOPULI_ASR_BASE_10K_ES': 'wav2vec2_voxpopuli_base_10k_asr_es.pt',
    'VOXPOPULI_ASR_BASE_10K_IT': 'wav2vec2_voxpopuli_base_10k_asr_it.pt',
}


def whisper_folder(options: WhisperxOptions) -> Path | None:
    """The folder of the configured Whisper, complete; None where it is not on disk."""
    repository = repository_of(options.model)
    return next((folder for folder in _folders(options.model, repository, options.model_dir)
                 if all((folder / file).is_file() for file in WHISPER_FILES)), None)


def repository_of(model: str) -> str:
    """The hub's name of a Whisper that is given by it or by faster-whisper's short name."""
    return model if '/' in model else SHORT_NAMES.get(model, f'Systran/faster-whisper-{model}')


def missing(options: WhisperxOptions) -> EngineError:
    """That the weights of the configured model are not on disk."""
    return EngineError(
        f'the Whisper model `{options.model}` is not on this machine: neither a folder with '
        f'{", ".join(WHISPER_FILES)} nor in the hub cache',
        way_out='Run `etiquette models pull --to DIR` where there is a network and set '
                '`models: DIR`, name a folder of your own as transcribe.whisperx.model, or set '
                'transcribe.engine to auto.')


def aligner(options: WhisperxOptions, language: str) -> str | None:
    """What `whisperx.load_align_model` takes for a language's aligner; None if not on disk."""
    name = options.aligners.get(language)
    if name is None:
        return None
    if name in BUNDLES:
        return name if (bundle_folder(options) / BUNDLES[name]).is_file() else None
    return next((str(folder) for folder in _folders(name, name, options.model_dir)
                 if all((folder / file).is_file() for file in ALIGNER_FILES)
                 and any((folder / file).is_file() for file in ALIGNER_WEIGHTS)), None)


def bundle_folder(options: WhisperxOptions) -> Path:
    """Where torchaudio's bundles are kept: in `model_dir` as `etiquette models pull` lays it out
    or directly, or in torch's own cache."""
    if options.model_dir:
        folder = Path(options.model_dir).expanduser()
        pulled = folder / 'torch' / 'hub' / 'checkpoints'
        return pulled if pulled.is_dir() else folder
    cache = os.environ.get('XDG_CACHE_HOME', '~/.cache')
    torch_home = os.environ.get('TORCH_HOME', f'{cache}/torch')
    return Path(torch_home).expanduser() / 'hub' / 'checkpoints'


def _folders(name: str, repository: str, model_dir: str | None) -> list[Path]:
    """Where a model may be: the folder named, one in `model_dir`, the hub client's cache."""
    beside = [Path(model_dir).expanduser() / part
              for part in (name, repository.rsplit('/', 1)[-1])] if model_dir else []
    cached = hub_cache(model_dir) / f"models--{repository.replace('/', '--')}"
    main = cached / 'refs' / 'main'
    revisions = [main.read_text(encoding='ascii').strip()] if main.is_file() else []
    snapshots = [cached / 'snapshots' / revision for revision in revisions]
    return [Path(name).expanduser(), *beside, *snapshots]


def hub_cache(model_dir: str | None) -> Path:
    """Where the hub's client keeps models: `model_dir`, or its own cache."""
    if model_dir:
        return Path(model_dir).expanduser()
    cache = os.environ.get('XDG_CACHE_HOME', '~/.cache')
    home = os.environ.get('HF_HOME', f'{cache}/huggingface')
    return Path(os.environ.get('HF_HUB_CACHE', f'{home}/hub')).expanduser()
