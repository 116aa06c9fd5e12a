"""Diarization: who speaks when in a mono recording.

pyannote.audio's speaker diarization, either on two models that come inside wheels (the
segmentation checkpoint of whisperx, the voice encoder of resemblyzer: nothing to download) or
as a whole pipeline by its hub name or folder.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import typing
import warnings
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Protocol

import numpy as np
from annotated_types import Ge, Interval

from transforms.intervals import Span

EMBEDDED, PYANNOTE = 'embedded', 'pyannote'
RATE = 16_000  # of the models
LEAST_S = 0.1  # of samples: less is not worth asking
SpeakerSpan = tuple[str, float, float]  # label, start_s, end_s


@dataclass(frozen=True)
class DiarizeOptions:
    """Which diarizer, and how it decides.

    Attributes:
      engine: 'embedded' (the two bundled models) or 'pyannote' (a pipeline of your own).
      model: for 'pyannote': a folder with a config.yaml, or a name on the Hugging Face hub.
      num_speakers: voices of a mono call that was not transferred. What tells one voice from
        two in one recording tells none in another: it is not left to the engine.
      max_speakers: voices at most, each known transfer being one more.
      alone_share: embedded: share of the windows, 0..1, in which a second voice is heard, under
        which there is one voice only. Lanes of one party had .05 at most, calls .2 and more;
        .06 is a call whose turns change once a minute.
      segmentation_step: embedded: windows of 5 s start this share of 5 s apart, 0..1. pyannote's
        own 0.1 takes 2.5 times as long as 0.25 and is no better on the recordings at hand.
      segmentation_threshold: embedded: probability from which a voice is active.
      min_cluster_size: embedded: windows a speaker has at least, where the call is long enough.
      min_duration_off_s: embedded: shorter pauses of a speaker are filled.
      batch_size: windows of 5 s a forward pass.
      threads: torch's, of this process; 1 where there are several workers.
      device: a torch device: 'cpu', 'cuda', 'cuda:1' ...; 'auto' takes a GPU where there is one.
    """

    engine: str
    model: str | None
    num_speakers: Annotated[int, Ge(1)]
    max_speakers: Annotated[int, Ge(1)]
    alone_share: Annotated[float, Interval(ge=0, lt=1)]
    segmentation_step: Annotated[float, Interval(gt=0, le=1)]
    segmentation_threshold: Annotated[float, Interval(gt=0, lt=1)]
    min_cluster_size: Annotated[int, Ge(1)]
    min_duration_off_s: Annotated[float, Ge(0)]
    batch_size: Annotated[int, Ge(1)]
    threads: Annotated[int, Ge(1)]
    device: str


class Diarizer(Protocol):
    """Tells who speaks when.

    Attributes:
      name: what `calls.diarizer` shows.
    """

    name: str

    def __call__(self, samples: np.ndarray, rate: int,
                 transfers: int = 0) -> list[SpeakerSpan]:
        """Spans of each voice as (label, start_s, end_s), sorted by start; voices may overlap.

        Args:
          samples: mono, int16 or float32 in [-1, 1], of any length.
          rate: 8000 or 16000.
          transfers: how often the call is known to have been transferred: so many voices more.
        """


def load_diarizer(options: DiarizeOptions) -> Diarizer:
    """The diarizer the options name. Sets torch's threads for this process.

    Raises RuntimeError, naming the way out, where the engine or its model is not there.
    """
    if options.engine not in (EMBEDDED, PYANNOTE):
        raise RuntimeError(f'no diarization engine is called {options.engine!r}: '
                           f'use {EMBEDDED!r} or {PYANNOTE!r}')
    import_pyannote()
    import torch
    torch.set_num_threads(options.threads)
    with _quiet():
        if options.engine == EMBEDDED:
            name, pipeline = EMBEDDED, _bundled(options)
        else:
            name, pipeline = f'{PYANNOTE}:{options.model}', _pipeline(options.model)
        device = options.device
        if device == 'auto':
            device = 'cuda' if torch.cuda.is_available() else 'cpu'
        pipeline.to(torch.device(device))
    return PyannoteDiarizer(name, pipeline, options.num_speakers, options.max_speakers)


def load_ear() -> Callable[[np.ndarray, int, Sequence[Span]], np.ndarray]:
    """What tells the voice in each span of samples: unit vectors (n, 256), by the encoder in the
    resemblyzer wheel. Spans are of 0.1 s at least."""
    import_pyannote()
    import torch
    encoder = load_encoder()

    def ear(samples: np.ndarray, rate: int, spans: Sequence[Span]) -> np.ndarray:
        if not spans:
            return np.zeros((0, encoder.dimension), np.float32)
        with torch.inference_mode():
            return encoder.voices([torch.from_numpy(_wideband(
                samples[round(start * rate):round(end * rate)], rate)) for start, end in spans]
            ).numpy()

    return ear


def import_pyannote() -> Any:
    """pyannote.audio, imported with its telemetry off.

    It reports the length of each file it diarizes to its makers unless told otherwise before
    it is imported.
    """
    os.environ['PYANNOTE_METRICS_ENABLED'] = '0'
    with _quiet():  # torchcodec's missing FFmpeg: audio is handed over as samples
        import pyannote.audio
        from pyannote.audio.telemetry.metrics import is_metrics_enabled
    if is_metrics_enabled():
        raise RuntimeError('the telemetry of pyannote.audio cannot be switched off: '
                           'use the versions in requirements.lock')
    return pyannote.audio


class PyannoteDiarizer:
    """See `Diarizer`. Not to be shared by threads."""

    def __init__(self, name: str, pipeline: Any, least: int, most: int):
        self.name = name
        self._pipeline = pipeline
        self._least, self._most = least, most

    def __call__(self, samples: np.ndarray, rate: int,
                 transfers: int = 0) -> list[SpeakerSpan]:
        import torch
        if len(samples) < LEAST_S * rate:
            return []
        if self.name != EMBEDDED:
            samples, rate = _wideband(samples, rate), RATE
        voices = min(self._most, self._least + transfers)
        with _quiet():
            waveform = torch.from_numpy(np.ascontiguousarray(samples))[None]
            out = self._pipeline({'uri': 'call', 'sample_rate': rate, 'waveform': waveform},
                                 num_speakers=voices)
        found = getattr(out, 'speaker_diarization', out)
        end_s = len(samples) / rate
        return sorted(((str(label), max(0.0, segment.start), min(end_s, segment.end))
                       for segment, _, label in found.itertracks(yield_label=True)
                       if segment.start < end_s), key=lambda span: (span[1], span[2], span[0]))


def _wideband(samples: np.ndarray, rate: int) -> np.ndarray:
    """The samples as pipelines of others take them: float32 at 16 kHz."""
    if samples.dtype == np.int16:
        samples = samples.astype(np.float32) / 32768
    if rate != RATE:
        from scipy.signal import resample_poly
        samples = resample_poly(samples, RATE // rate, 1)
    return samples.astype(np.float32, copy=False)


def wheel_file(package: str, *parts: str) -> Path:
    """A file inside an installed package, without importing the package."""
    found = importlib.util.find_spec(package)
    path = Path(found.origin).parent.joinpath(*parts) if found and found.origin else None
    if path is None or not path.is_file():
        raise RuntimeError(f'{package} is not installed with its models: install the versions '
                           'in requirements.lock, or name a pyannote pipeline in the config')
    return path


def load_segmentation() -> Any:
    """The segmentation model in the whisperx wheel, without running code from its file."""
    import torch
    from pyannote.audio.models.segmentation import PyanNet
    path = wheel_file('whisperx', 'assets', 'pytorch_model.bin')
    with torch.serialization.safe_globals(_harmless()):
        saved = torch.load(path, map_location='cpu', weights_only=True)
    model = PyanNet(**saved['hyper_parameters'])
    model.specifications = saved['pyannote.audio']['specifications']
    model.setup()
    model.load_state_dict(saved['state_dict'])
    return model.eval()


def load_encoder() -> Any:
    """The voice encoder in the resemblyzer wheel."""
    import torch

    from transforms.voices import VoiceEncoder
    path = wheel_file('resemblyzer', 'pretrained.pt')
    saved = torch.load(path, map_location='cpu', weights_only=True)['model_state']
    model = VoiceEncoder()
    model.load_state_dict({name: value for name, value in saved.items()
                           if name.startswith(('lstm.', 'linear.'))})
    return model.eval()


def _bundled(options: DiarizeOptions) -> Any:
    from transforms.voices import BundledDiarization
    pipeline = BundledDiarization(load_segmentation(), load_encoder(),
                                  options.segmentation_step, options.batch_size,
                                  options.alone_share)
    return pipeline.instantiate({
        'segmentation': {'threshold': options.segmentation_threshold,
                         'min_duration_off': options.min_duration_off_s},
        'clustering': {'method': 'ward', 'threshold': 1.0,  # of which the number wanted is free
                       'min_cluster_size': options.min_cluster_size}})


def _pipeline(model: str | None) -> Any:
    from pyannote.audio import Pipeline
    if not model:
        raise RuntimeError('the pyannote diarizer needs a pipeline: set diarize.model to a '
                           'folder or a hub name')
    try:
        pipeline = Pipeline.from_pretrained(model)
    except (OSError, ValueError, KeyError) as error:
        raise RuntimeError(f'the diarization pipeline {model!r} cannot be loaded: {error}. '
                           'Fetch it into a folder and set diarize.model to that') from error
    if pipeline is None:
        raise RuntimeError(f'the diarization pipeline {model!r} is not to be had: accept its '
                           'terms on the hub, fetch it into a folder and set diarize.model')
    return pipeline


def _harmless() -> list[Any]:
    """The classes in the segmentation checkpoint besides tensors: plain holders of settings."""
    from omegaconf.base import ContainerMetadata, Metadata
    from omegaconf.listconfig import ListConfig
    from omegaconf.nodes import AnyNode
    from pyannote.audio.core.model import Introspection
    from pyannote.audio.core.task import Problem, Resolution, Specifications
    from torch.torch_version import TorchVersion
    return [dict, list, int, defaultdict, typing.Any, TorchVersion, ContainerMetadata, Metadata,
            ListConfig, AnyNode, Introspection, Problem, Resolution, Specifications]


@contextlib.contextmanager
def _quiet() -> typing.Iterator[None]:
    """Without what the libraries print and warn of: a command's output is its own."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter('ignore')
        yield
