"""`etiquette doctor`: what a config needs of this machine, what is missing, and what mends it.

Fast, for it asks files and metadata: nothing is loaded. `--deep` loads every model in a process of
its own, which takes as long as the start of a run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline.lexicons import load_lexicons
from pipeline.offline import offline
from pipeline.settings import Settings, load_settings
from pipeline.standards import load_standard
from pipeline.yaml_records import ConfigError

OK, NOTE, MISSING = 'ok', 'note', 'missing'
DEEP_S = 600.0  # for all models to load


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
      what: it is.
      state: ok; note: the config can do without; missing: it cannot.
      found: in words.
      mend: the command or setting that mends it, empty where nothing is to be done.
    """

    what: str
    state: str
    found: str
    mend: str = ''


Check = Callable[[Settings], Iterator[Finding]]


def examine(config: str | None, warehouse: str | None, deep: bool = False) -> list[Finding]:
    """All findings. A config that is wrong is one of them, and ends what depends on it."""
    from pipeline import doctor_machine, doctor_models

    found = [*doctor_machine.python(), *doctor_machine.packages(), *doctor_machine.codecs()]
    try:
        settings = load_settings(config)
        for name in dict.fromkeys((settings.standard, *settings.standards)):
            load_standard(name)
        load_lexicons(settings.phrases)
    except ConfigError as error:
        return [*found, *doctor_models.bundled(),
                *(Finding('config', MISSING, line, 'etiquette config check FILE')
                  for line in str(error).splitlines())]
    found.append(Finding('config', OK, f'{config or "the defaults"}, valid'))
    checks: list[Check] = [
        doctor_machine.time_zones, lambda _: doctor_models.bundled(), doctor_models.transcriber,
        doctor_models.aligners, doctor_models.sentences, doctor_models.diarizer,
        doctor_models.pulled, doctor_machine.gpu, doctor_machine.memory,
        lambda chosen: doctor_machine.warehouse(Path(warehouse or chosen.warehouse).absolute()),
        _privacy]
    for check in checks:
        found += check(settings)
    return [*found, *_deep(settings, config)] if deep else found


def as_json(found: list[Finding]) -> str:
    """The findings for machines."""
    return json.dumps({'ok': is_well(found), 'findings': [asdict(finding) for finding in found]},
                      indent=1)


def is_well(found: list[Finding]) -> bool:
    """Whether a run with this config can do its work here."""
    return all(finding.state != MISSING for finding in found)


def _privacy(settings: Settings) -> Iterator[Finding]:
    off = offline(settings.models)
    switches = ', '.join(f'{name}={off[name]}' for name in
                         ('HF_HUB_OFFLINE', 'PYANNOTE_METRICS_ENABLED'))
    yield Finding('telemetry', OK, f'off in every worker, and no download: {switches}')


def _deep(settings: Settings, config: str | None) -> Iterator[Finding]:
    """Loads what a run would load, in a process of its own, as its workers are told to."""
    env = {**os.environ, **offline(settings.models)}
    try:
        ran = subprocess.run([sys.executable, '-m', 'pipeline.doctor_deep', config or ''], env=env,
                             capture_output=True, text=True, timeout=DEEP_S)
    except subprocess.TimeoutExpired:
        yield Finding('models load', MISSING, f'not within {DEEP_S:g} s', 'Try again.')
        return
    told = [line for line in ran.stdout.splitlines() if line.startswith('{')]
    yield from (Finding(**json.loads(line)) for line in told)
    if ran.returncode:
        last = (ran.stderr.strip().splitlines() or ['no message'])[-1]
        yield Finding('models load', MISSING, f'ended with {ran.returncode}: {last}',
                      'make setup (the versions of requirements.lock)')
