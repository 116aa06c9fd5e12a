"""The pipeline's own steps over audio that is in memory: what the accuracy bench hears with."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

from pipeline.graph import way_of
from pipeline.run import plan_of
from pipeline.settings import Settings, fingerprint_of, load_settings
from transforms.conversation import Audio, Conversation, Reference, RunContext
from transforms.levels import take_out_offset

QUICK = Path(__file__).parent.parent / 'configs' / 'quick.yaml'
_NOT_HERE = ('admit', 'decode', 'land')


def hear(audio: Audio, ref: Reference, config: str = str(QUICK)) -> Conversation:
    """What the steps from tones to assess make of the audio, with the settings of a file.

    The steps are loaded once a process and settings file.
    """
    take_out_offset(audio)  # as the decode step does
    call = Conversation(ref=ref, audio=audio, duration_s=audio.duration_s,
                        sample_rate_hz=audio.rate, channels=audio.channels, codec='simulated')
    for stage in _way(config):
        call = stage(call)
    return replace(call, audio=None)


@cache
def _way(config: str) -> tuple:
    settings: Settings = load_settings(config)
    nowhere = RunContext('', '', 'bench', fingerprint_of(settings), settings.timezone)
    return tuple(load() for name, load in way_of(plan_of(settings, nowhere))
                 if name not in _NOT_HERE)
