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
from pyannote.audio.pipelines.clustering import AgglomerativeClustering
from pyannote.core import SlidingWindow, SlidingWindowFeature

RATE = 16_000
WINDOW, HOP, BANDS = 400, 160, 40  # 25 ms every 10 ms, as the encoder was trained
PIECE, STEP = 160, 80  # frames: it was trained on 1.6 s; one every 0.8 s
HIDDEN, LAYERS = 256, 3
LEVEL_DBFS = -30.0  # it was trained on voices at this level, on a linear spectrogram
ENOUGH_S = 0.2  # of a voice alone: with less, the frames where others speak too are used
STRETCH = 32  # windows heard together: bounds memory
EDGE = 16  # samples at 8 kHz that the interpolation filter reaches
HEARD_S = 0.5  # of a voice in a window at least, to say that it is there
TELLING = 8  # windows with speech
MOST_CUTS = 50  # clusters more than wanted, at which no more are tried
COMPARED = 3000  # voices compared with each other, of which memory and time take the square


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

    def voices(self, stretches: list[torch.Tensor]) -> torch.Tensor:
        """The voice (n, 256) in each stretch of samples, all heard together."""
        pieces: list[torch.Tensor] = []
        owner: list[int] = []
        for i, samples in enumerate(stretches):
            found = self.pieces(*self.spectrogram(samples))
            pieces += found
            owner += [i] * len(found)
        return self.encode(pieces, owner, len(stretches))


class NoPlda(PLDA):
    """pyannote's constructor wants one; only its VBx clustering, which is not used, asks it."""

    def __init__(self) -> None:
        pass


class CallClustering(AgglomerativeClustering):
    """Agglomerative clustering into a known number of voices, or one, in bounded memory.

    How far two voices are apart on one line says nothing about another line, so that no
    distance tells one voice from two. But where two people talk, windows hold both: with
    fewer such windows than a share of `alone_share` (0..1) there is one voice, however many
    are asked for. Too few windows tell nothing.

    Of more than COMPARED voices as many are compared, evenly over the call; each of the others
    joins the cluster whose centre is nearest, as pyannote has it for all in the end.
    """

    def __init__(self, metric: str, alone_share: float):
        super().__init__(metric=metric)
        self.alone_share = alone_share

    def __call__(  # type: ignore[override]
            self, embeddings: np.ndarray, segmentations: SlidingWindowFeature,
            num_clusters: int | None = None, **more: Any) -> Any:
        active_s = (np.nan_to_num(segmentations.data).mean(axis=1)
                    * segmentations.sliding_window.duration)
        first, second = np.sort(active_s, axis=1).T[-1:-3:-1]
        second = second[first >= HEARD_S]
        if (num_clusters == 2 and len(second) >= TELLING
                and np.mean(second >= HEARD_S) < self.alone_share):
            num_clusters = 1
            more |= {'min_clusters': 1, 'max_clusters': 1}
        return super().__call__(embeddings=embeddings, segmentations=segmentations,
                                num_clusters=num_clusters, **more)

    def cluster(self, embeddings: np.ndarray, min_clusters: int | None = None,
                max_clusters: int | None = None, num_clusters: int | None = None) -> np.ndarray:
        """The cluster (voices,) of each voice, by Ward's criterion.

        A handful of odd windows is a cluster far from all others by its centre, and would pass
        for a speaker; Ward's criterion weighs distances by size. The tree is cut where it first
        has enough clusters of `min_cluster_size`.
        """
        from scipy.cluster.hierarchy import fcluster, linkage

        wanted = num_clusters or max_clusters or 2
        if len(embeddings) <= wanted:
            return np.arange(len(embeddings))
        units = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
        tree = linkage(units, method='ward')
        least = min(self.min_cluster_size, max(1, round(0.1 * len(units))))
        for cut in range(wanted, min(len(units), wanted + MOST_CUTS) + 1):
            found = fcluster(tree, cut, 'maxclust')
            sizes = np.bincount(found)
            if np.sum(sizes >= least) >= wanted:
                break
        else:
            sizes = np.bincount(found := fcluster(tree, wanted, 'maxclust'))
        largest = np.argsort(-sizes, kind='stable')[:min(wanted, np.sum(sizes > 0))]
        centres = np.stack([units[found == label].mean(axis=0) for label in largest])
        centres /= np.linalg.norm(centres, axis=1, keepdims=True)
        return np.unique(np.argmax(units @ centres.T, axis=1), return_inverse=True)[1]

    def filter_embeddings(self, embeddings: np.ndarray, *args: Any,
                          **more: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        found = super().filter_embeddings(embeddings, *args, **more)
        if len(found[0]) <= COMPARED:
            return found
        kept = np.linspace(0, len(found[0]) - 1, COMPARED).round().astype(int)
        return found[0][kept], found[1][kept], found[2][kept]


class BundledDiarization(SpeakerDiarization):
    """Speaker diarization on the bundled models, its voices encoded in batches.

    A file's `waveform` (1, samples) is int16 or float32 in [-1, 1], at 8000 or 16000 Hz. It is
    made float at 16 kHz by the stretch: of a call of hours there is no such copy.
    """

    def __init__(self, segmentation: Model, encoder: VoiceEncoder, step: float, batch: int,
                 alone_share: float):
        super().__init__(segmentation=segmentation, segmentation_step=step, embedding=encoder,
                         plda=NoPlda(), clustering='AgglomerativeClustering',
                         segmentation_batch_size=batch)
        self.clustering = CallClustering(self._embedding.metric, alone_share)
        self.encoder = encoder

    def get_segmentations(self, file: Any, hook: Any = None) -> SlidingWindowFeature:
        """The activity (windows, frames, speakers) in each window, the last one padded."""
        inference = self._segmentation
        size, step = round(inference.duration * RATE), round(inference.step * RATE)
        length = file['waveform'].shape[1] * RATE // file['sample_rate']
        windows = 1 + max(0, -(-(length - size) // step))
        found = []
        for first in range(0, windows, inference.batch_size):
            count = min(inference.batch_size, windows - first)
            samples = _heard(file, first * step, (first + count - 1) * step + size)
            found.append(inference.infer(samples.unfold(0, size, step)[:, None]))
        return SlidingWindowFeature(np.vstack(found), SlidingWindow(
            start=0.0, duration=inference.duration, step=inference.step))

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
                samples = _heard(file, first * step, (first + len(some) - 1) * step + size)
                voices.append(self._voices(samples.to(self.encoder.device), some, size, step))
        return np.concatenate(voices)

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


def _heard(file: Any, first: int, last: int) -> torch.Tensor:
    """Samples of a file from one to another, counted at 16 kHz: float32, zero after its end."""
    from scipy.signal import resample_poly

    samples, factor = file['waveform'][0].numpy(), RATE // file['sample_rate']
    start, end = first // factor - EDGE, last // factor + EDGE
    part = samples[max(0, start):end]
    part = np.pad(part.astype(np.float32), (max(0, -start), max(0, end - len(samples))))
    if samples.dtype == np.int16:
        part /= 32768
    if factor > 1:
        part = resample_poly(part, factor, 1)
    return torch.from_numpy(part[EDGE * factor:][:last - first])


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
