"""What keeps the model libraries off the network, and tells them where models are."""

from __future__ import annotations

from pathlib import Path


def offline(models: str | None) -> dict[str, str]:
    """Environment of a process that loads models: read once, at the libraries' first import.

    Args:
      models: the folder that `etiquette models pull` has filled, None for the libraries' caches.
    """
    never = {'HF_HUB_OFFLINE': '1', 'TRANSFORMERS_OFFLINE': '1', 'HF_HUB_DISABLE_TELEMETRY': '1',
             'PYANNOTE_METRICS_ENABLED': '0'}
    if models is None:
        return never
    folder = Path(models).expanduser().absolute()
    return {**never, 'HF_HUB_CACHE': str(folder), 'TORCH_HOME': str(folder / 'torch'),
            'NLTK_DATA': str(folder / 'nltk_data')}
