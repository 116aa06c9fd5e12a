"""`etiquette doctor --deep`, in a process of its own: loads what a worker would load.

Prints a JSON line a finding. Started by `pipeline.doctor` with a worker's environment.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from pipeline.doctor import MISSING, OK, Finding
from pipeline.models import damaged, read_manifest
from pipeline.settings import load_settings


def main() -> None:
    settings = load_settings(sys.argv[1] or None)
    from transforms.diarize import import_pyannote, load_diarizer
    from transforms.transcribe import load_transcriber
    from transforms.vad import load_vad

    _tell('voice activity loads', lambda: load_vad(settings.vad))
    _tell('telemetry of pyannote', import_pyannote, 'off, by its own word')
    _tell('diarizer loads', lambda: load_diarizer(settings.diarize))
    _tell('transcriber loads', lambda: load_transcriber(settings.transcribe))
    if settings.models:
        folder = Path(settings.models).expanduser().absolute()
        _tell('content of the models', lambda: _check(folder),
              f'{len(read_manifest(folder))} files are what the manifest says')


def _check(folder: Path) -> None:
    broken = list(damaged(folder, thorough=True))
    if broken:
        raise RuntimeError(f'{len(broken)} files differ from the manifest, such as {broken[0]}; '
                           'remove them and pull again')


def _tell(what: str, load: Callable[[], object], found: str = '') -> None:
    began = time.monotonic()
    try:
        with contextlib.redirect_stdout(sys.stderr):
            load()
        finding = Finding(what, OK, found or f'in {time.monotonic() - began:.1f} s')
    except Exception as error:
        way_out = getattr(error, 'way_out', 'make setup (the versions of requirements.lock)')
        finding = Finding(what, MISSING, f'{type(error).__name__}: {error}', way_out)
    print(json.dumps(asdict(finding)), flush=True)


if __name__ == '__main__':
    main()
