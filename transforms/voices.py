"""The voice encoder of the resemblyzer wheel inside pyannote's speaker diarization.

Imports torch and pyannote.audio at once: only `transforms.diarize` imports this module, inside
the functions that need it and after `import_pyannote`. Importing resemblyzer itself would bring
in webrtcvad, which needs a compiler; its weights need neither.

pyannote embeds one window and one speaker at a time and hears every sample of a window again
for each of them. Here a stretch of windows gets its spectrogram once, and all the pieces of
voice found in it go through the encoder together: that is most of the speed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
import torchaudio
from pyannote.audio import Model
from pyannote.audio.core.plda import PLDA
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.pipelines import SpeakerDiarization
from pyannote.core import SlidingWindowFeature

RATE = 16_000
WINDOW, HOP, BANDS = 400, 160, 40  # 25 ms every 10 ms, as the encoder was trained
PIECE, STEP = 160, 80  # frames: it was trained on 1.6 s; one every 0.8 s
HIDDEN, LAYERS = 256, 3
LEVEL_DBFS = -30.0  # it was trained on voices at this level, on a linear spectrogram
ENOUGH_S = 0.2  # of a voice alone: with less, the frames where others speak too are used
STRETCH = 32  # windows heard together: bounds memory


class VoiceEncoder(Model):
    """Voices as unit vectors of 256 numbers (GE2E): two of one speaker point the same way.

    A pyannote model, so that a pipeline's `config.yaml` can name a checkpoint of it as its
    embedding.
    """

    bank: torch.Tensor
    taper: torch.Tensor

    def __init__(self, sample_rate: int = RATE, num_channels: int = 1, task: Any = None):
        super().__init__(sample_rate=sample_rate, num_channels=num_channels, task=task)
        self.lstm = torch.nn.LSTM(BANDS, HIDDEN, LAYERS, batch_first=True)
        self.linear = torch.nn.Linear(HIDDEN, HIDDEN)
        bank = torchaudio.functional.melscale_fbanks(
            WINDOW // 2 + 1, 0.0, RATE / 2, BANDS, RATE, norm='slaney', mel_scale='slaney')
        self.register_buffer('bank', bank, persistent=False)
        self.register_buffer('taper', torch.hann_window(WINDOW), persistent=False)
        self.specifications = Specifications(
            problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=PIECE / 100,
            classes=None)

    @property
    def dimension(self) -> int:
        return HIDDEN

    def build(self) -> None:
        """Nothing depends on a task."""

    def spectrogram(self, samples: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mel power (..., frames, 40) of samples (..., n), and mean power of each frame."""
        spectrum = torch.stft(samples, WINDOW, HOP, window=self.taper, center=True,
                              pad_mode='constant', return_complex=True)
        power = (spectrum.real.square() + spectrum.imag.square()).transpose(-1, -2)
        mean = power.sum(-1) * 2 / (WINDOW * self.taper.square().sum())
        return power @ self.bank, mean

    def pieces(self, mel: torch.Tensor, mean: torch.Tensor) -> list[torch.Tensor]:
        """One voice's frames, mel (n, 40) and mean power (n,), as pieces (160, 40) to encode.

        Fewer frames than a piece are repeated until they fill one.
        """
        frames = mel * (10 ** (LEVEL_DBFS / 10) / mean.mean().clamp_min(1e-10))
        if len(frames) < PIECE:
            return [frames.repeat(-(-PIECE // len(frames)), 1)[:PIECE]]
        starts = list(range(0, len(frames) - PIECE + 1, STEP))
        if len(frames) - PIECE - starts[-1] > STEP // 2:
            starts.append(len(frames) - PIECE)
        return [frames[at:at + PIECE] for at in starts]

    def encode(self, pieces: list[torch.Tensor], owner: list[int], owners: int) -> torch.Tensor:
        """The voice (owners, 256) of each owner of pieces; NaN for an owner of none."""
        out = torch.zeros(owners, HIDDEN, device=self.linear.weight.device)
        if pieces:
            _, (hidden, _) = self.lstm(torch.stack(pieces))
            voice = torch.nn.functional.normalize(torch.relu(self.linear(hidden[-1])))
            out.index_add_(0, torch.tensor(owner, device=out.device), voice)
        return out / out.norm(dim=1, keepdim=True)

    def forward(self, waveforms: torch.Tensor,  # type: ignore[override]
                weights: torch.Tensor | None = None) -> torch.Tensor:
        """The voice (batch, 256) in each waveform (batch, 1, samples).

        weights: (batch, frames), over 0.5 where the wanted voice speaks; all of it without.
        """
        mel, mean = self.spectrogram(waveforms[:, 0])
        pieces: list[torch.Tensor] = []
        owner: list[int] = []
        for i in range(len(mel)):
            used = (torch.arange(mel.shape[1], device=mel.device) >= 0 if weights is None
                    else _stretched(weights[i] > 0.5, mel.shape[1]))
            if used.any():
                found = self.pieces(mel[i][used], mean[i][used])
                pieces += found
                owner += [i] * len(found)
        return self.encode(pieces, owner, len(mel))


class NoPlda(PLDA):
    """pyannote's constructor wants one; only its VBx clustering, which is not used, asks it."""

    def __init__(self) -> None:
        pass


class BundledDiarization(SpeakerDiarization):
    """Speaker diarization on the bundled models, its voices encoded in batches."""

    def __init__(self, segmentation: Model, encoder: VoiceEncoder, step: float, batch: int):
        super().__init__(segmentation=segmentation, segmentation_step=step, embedding=encoder,
                         plda=NoPlda(), clustering='AgglomerativeClustering',
                         segmentation_batch_size=batch)
        self.encoder = encoder

    def get_embeddings(self, file: Any, binary_segmentations: SlidingWindowFeature,
                       exclude_overlap: bool = False, hook: Any = None) -> np.ndarray:
        """The voice (windows, speakers, 256) of each speaker of each window, NaN where silent.

        Where a speaker talks alone for long enough only that is used, whatever
        `exclude_overlap` says: a mixture is nobody's voice.
        """
        window = binary_segmentations.sliding_window
        active = np.nan_to_num(binary_segmentations.data) > 0.5
        size, step = round(window.duration * RATE), round(window.step * RATE)
        voices = []
        with torch.inference_mode():
            for first in range(0, len(active), STRETCH):
                some = active[first:first + STRETCH]
                length = (len(some) - 1) * step + size
                samples = file['waveform'][0, first * step:first * step + length]
                samples = torch.nn.functional.pad(samples, (0, length - len(samples)))
                voices.append(self._voices(samples.to(self.encoder.device), some, size, step))
        return np.concatenate(voices).astype(np.float64)

    def _voices(self, samples: torch.Tensor, active: np.ndarray, size: int,
                step: int) -> np.ndarray:
        mel, mean = self.encoder.spectrogram(samples)
        windows, _, speakers = active.shape
        pieces: list[torch.Tensor] = []
        owner: list[int] = []
        for w, mask in enumerate(_alone(active, size / RATE)):
            at, frames = w * step // HOP, size // HOP
            for s in range(speakers):
                used = _stretched(torch.from_numpy(mask[:, s]).to(mel.device), frames)
                if used.any():
                    found = self.encoder.pieces(mel[at:at + frames][used],
                                                mean[at:at + frames][used])
                    pieces += found
                    owner += [w * speakers + s] * len(found)
        voices = self.encoder.encode(pieces, owner, windows * speakers)
        return voices.reshape(windows, speakers, -1).cpu().numpy()


def _alone(active: np.ndarray, duration_s: float) -> Iterator[np.ndarray]:
    """Each window's mask (frames, speakers), overlap left out of it for who has enough else."""
    enough = ENOUGH_S / duration_s * active.shape[1]
    for mask in active:
        clean = mask & (mask.sum(axis=1, keepdims=True) < 2)
        yield np.where(clean.sum(axis=0) >= enough, clean, mask)


def _stretched(mask: torch.Tensor, frames: int) -> torch.Tensor:
    """The mask with `frames` entries, by the nearest."""
    at = torch.arange(frames, device=mask.device) * len(mask) // frames
    return mask[at]
