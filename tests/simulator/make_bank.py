"""Makes bank/ again: one Ogg/Opus file a voice, and bank.json with what is said where.

    python -m tests.simulator.make_bank

Needs flite, and festival with the voice ked (`apt-get install flite festival
festvox-kdlpc16k`), and Debian's asterisk-core-sounds-en-g722 and asterisk-moh-opsound-g722
(`--prompts`, `--music`).
The bank is committed, so that nobody needs this to use the simulator.

A voice is a synthesizer's, played faster or slower: that moves pitch and formants together, as a
shorter or longer vocal tract does, and the synthesizer speaks slower or faster to make up for it.
Word times come from a forced alignment of the clean clip (pocketsphinx, 10 ms frames); a clip that
cannot be aligned is left out.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from tests.simulator.bank import BANK, RATE
from tests.simulator.phrases import PROMPTS, SPOKEN_PROMPTS, lines_of

BIT_RATE = 20_000
GAP_S = 0.12  # silence between clips of a file
AUDIBLE_DB = 36.0  # under the loudest 10 ms: lower than any phone, above a synthesizer's hiss
FRAME = 80  # 5 ms
EDGE_S = 0.006
MUSIC = ('macroform-robot_dity', 'macroform-the_simplicity', 'manolo_camp-morning_coffee',
         'reno_project-system')
MUSIC_FROM_S, MUSIC_S = 12.0, 16.0
MUSIC_FOLDER = '/usr/share/asterisk/moh'
PROMPTS_FOLDER = '/usr/share/asterisk/sounds/en_US_f_Allison'


@dataclass(frozen=True)
class Recipe:
    """How a voice is made: `scale` above 1 is a shorter vocal tract and a higher pitch.

    `pitch` moves the pitch alone (flite's statistical voices only); `stretch` is the pace.
    """

    engine: str
    name: str
    gender: str
    scale: float = 1.0
    pitch: float = 1.0
    stretch: float = 1.08


VOICES = {
    'anna': Recipe('flite', 'slt', 'f'),
    'ruth': Recipe('flite', 'slt', 'f', 0.89, 0.94, 1.15),
    'mia': Recipe('flite', 'slt', 'f', 1.12, 1.08, 1.0),
    'ross': Recipe('flite', 'rms', 'm'),
    'carl': Recipe('flite', 'rms', 'm', 0.90, 0.92, 1.15),
    'jo': Recipe('flite', 'rms', 'f', 1.20, 1.35, 1.0),
    'alan': Recipe('flite', 'awb', 'm'),
    'fiona': Recipe('flite', 'awb', 'f', 1.18, 1.25, 1.05),
    'kal': Recipe('flite', 'kal16', 'm', 1.0, 1.0, 1.0),
    'ted': Recipe('festival', 'ked_diphone', 'm', 1.04, 1.0, 1.05),
}
SPEAKS_PROMPTS = ('mia', 'alan')


def main() -> None:
    """Writes the bank."""
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--prompts', default=PROMPTS_FOLDER, help='folder with *.g722')
    parser.add_argument('--music', default=MUSIC_FOLDER, help='folder with *.g722')
    parser.add_argument('--only', nargs='*', default=['music', 'allison', *VOICES],
                        help='voices, or music')
    args = parser.parse_args()
    entries = {}
    if not {'allison', *VOICES} <= set(args.only):
        entries = {entry['voice']: entry for entry in json.loads((BANK / 'bank.json').read_text())}
    if 'music' in args.only:
        write_music(Path(args.music))
    for name in set(args.only) - {'music'}:
        entries[name] = recorded(Path(args.prompts)) if name == 'allison' else synthetic(name)
        save([entries[name] for name in ('allison', *VOICES) if name in entries])


def recorded(folder: Path) -> dict[str, Any]:
    """The human voice of the prompts."""
    clips = [(kind, text, prompt(folder / f'{stem}.g722'))
             for stem, (kind, text) in PROMPTS.items()]
    return write_voice('allison', 'f', ['ivr'], clips)


def synthetic(name: str) -> dict[str, Any]:
    """A voice of VOICES."""
    recipe, lines = VOICES[name], lines_of(list(VOICES).index(name))
    if name in SPEAKS_PROMPTS:
        lines += [(kind, text) for kind, texts in SPOKEN_PROMPTS.items() for text in texts]
    clips = [(kind, text, spoken(recipe, text)) for kind, text in lines]
    return write_voice(name, recipe.gender, ['agent', 'caller'], clips)


def save(voices: list[dict[str, Any]]) -> None:
    rows = ',\n '.join(compact(voice) for voice in voices)
    (BANK / 'bank.json').write_text(f'[{rows}]\n')


def compact(voice: dict[str, Any]) -> str:
    """The voice as JSON with a line for each clip."""
    clips = ',\n  '.join(json.dumps(clip, separators=(',', ':')) for clip in voice['clips'])
    head = json.dumps({key: value for key, value in voice.items() if key != 'clips'})
    return f'{head[:-1]}, "clips": [\n  {clips}]}}'


def spoken(recipe: Recipe, text: str) -> np.ndarray:
    """The text in a voice, float64 at 16 kHz."""
    stretch = recipe.stretch * recipe.scale
    with tempfile.TemporaryDirectory() as folder:
        path = f'{folder}/speech.wav'
        if recipe.engine == 'flite':
            command = ['flite', '-voice', recipe.name, '--setf', f'duration_stretch={stretch}',
                       '--setf', f'f0_shift={recipe.pitch}', '-t', text, '-o', path]
        else:
            scheme = (f"(begin (voice_{recipe.name}) (Parameter.set 'Duration_Stretch {stretch}) "
                      f'(utt.save.wave (utt.synth (Utterance Text "{text}")) "{path}"))')
            command = ['festival', '-b', scheme]
        subprocess.run(command, check=True, capture_output=True)
        with wave.open(path) as file:
            rate = file.getframerate()
            samples = np.frombuffer(file.readframes(file.getnframes()), '<i2') / 32768.0
    return resampled(samples, rate * recipe.scale)


def prompt(path: Path) -> np.ndarray:
    """A G.722 recording, float64 at 16 kHz."""
    import av
    with av.open(str(path), format='g722') as file:
        pieces = [frame.to_ndarray().ravel() for frame in file.decode(audio=0)]
    return np.concatenate(pieces) / 32768.0


def resampled(samples: np.ndarray, rate: float) -> np.ndarray:
    from scipy.signal import resample_poly
    ratio = Fraction(RATE / rate).limit_denominator(200)
    return resample_poly(samples, ratio.numerator, ratio.denominator)


def trimmed(samples: np.ndarray) -> np.ndarray:
    """From the first to the last audible sample, with soft edges."""
    frames = samples[:len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    level = np.sqrt(np.mean(frames ** 2, axis=1))
    level = np.convolve(level, [0.5, 0.5], mode='same')
    loud = np.flatnonzero(level > level.max() * 10 ** (-AUDIBLE_DB / 20))
    out = samples[int(loud[0]) * FRAME:(int(loud[-1]) + 1) * FRAME].copy()
    ramp = np.linspace(0.0, 1.0, round(EDGE_S * RATE))
    out[:len(ramp)] *= ramp
    out[-len(ramp):] *= ramp[::-1]
    return out


def write_music(folder: Path) -> None:
    """An excerpt of each piece, at RMS -20 dBFS."""
    for stem in MUSIC:
        piece = prompt(folder / f'{stem}.g722')[round(MUSIC_FROM_S * RATE):][:round(MUSIC_S * RATE)]
        name = stem.partition('-')[2].replace('_', '-')
        encode(BANK / f'music-{name}.ogg', 0.1 * piece / np.sqrt(np.mean(piece ** 2)), 'audio')


def write_voice(name: str, gender: str, roles: list[str],
                clips: list[tuple[str, str, np.ndarray]]) -> dict[str, Any]:
    """Writes the voice's file; gives its entry of bank.json."""
    entry: dict[str, Any] = {'voice': name, 'gender': gender, 'roles': roles, 'clips': []}
    pieces, at = [np.zeros(round(GAP_S * RATE))], round(GAP_S * RATE)
    for kind, text, samples in clips:
        clip = trimmed(samples)
        clip = 0.1 * clip / np.sqrt(np.mean(clip ** 2))  # RMS -20 dBFS
        words = aligned(clip, text)
        if words is None:
            print(f'{name}: {text!r} is left out', file=sys.stderr)
            continue
        entry['clips'].append({
            'kind': kind, 'text': text, 'start_s': round(at / RATE, 4),
            'end_s': round((at + len(clip)) / RATE, 4), 'words': words})
        pieces += [clip, np.zeros(round(GAP_S * RATE))]
        at += len(clip) + round(GAP_S * RATE)
    joined = np.concatenate(pieces)
    encode(BANK / f'{name}.ogg', joined)
    lag = delay(joined, BANK / f'{name}.ogg')
    if lag:
        raise ValueError(f'{name}.ogg is read back {lag} samples late')
    print(f'{name}: {len(entry["clips"])} clips, {at / RATE:.0f} s')
    return entry


def encode(path: Path, samples: np.ndarray, application: str = 'voip') -> None:
    """Opus in Ogg, mono, 16 kHz."""
    import av
    data = np.clip(np.round(samples * 32767), -32768, 32767).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(data[None], format='s16', layout='mono')
    frame.sample_rate, frame.pts = RATE, 0
    with av.open(str(path), 'w', format='ogg', options={'fflags': '+bitexact'}) as out:
        stream = out.add_stream('libopus', rate=RATE, layout='mono')
        stream.codec_context.flags |= av.codec.context.Flags.bitexact
        stream.bit_rate = BIT_RATE
        stream.codec_context.options = {'application': application, 'frame_duration': '20'}
        stream.codec_context.open()
        resampler = av.AudioResampler(stream.codec_context.format, 'mono', RATE,
                                      frame_size=stream.codec_context.frame_size)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))


def delay(samples: np.ndarray, path: Path) -> int:
    """How many samples later the file's sound comes, from the first 20 s, to 1 ms."""
    from tests.simulator.bank import decode
    heard = decode(path)[:20 * RATE] / 32768.0
    spectrum = np.fft.rfft(heard, 2 ** 19) * np.conj(np.fft.rfft(samples[:20 * RATE], 2 ** 19))
    cross = np.fft.irfft(spectrum)
    lag = int(np.argmax(cross))
    lag -= len(cross) if lag > len(cross) // 2 else 0
    return lag if abs(lag) > RATE // 1000 else 0


def aligned(clip: np.ndarray, text: str) -> list[list[float]] | None:
    """[start_s, end_s] of each word from the clip's start, or None where it does not fit."""
    words = text.split()
    tokens = [word.lower().strip('.,?!') for word in words]
    tokens = [HEARD_AS.get(token, token) for token in tokens]
    length = len(clip) / RATE
    spans = [] if len(words) <= SHORT else list(heard_words(clip, ' '.join(tokens)))
    if len(words) <= SHORT:  # nothing to divide, or hardly
        edges = np.linspace(0.0, length, len(words) + 1)
        spans = list(pairwise(edges))
    if len(spans) != len(words):
        return None
    times = [[round(max(0.0, start), 3), round(min(length, end), 3)] for start, end in spans]
    times[0][0], times[-1][1] = 0.0, round(length, 3)
    if any(end - start < 0.03 for start, end in times):
        return None
    return times


# Words that the dictionary does not have, as it would write them.
HEARD_AS = {'email': 'mail'}
PAD_S = 0.15
SHORT = 2  # words of a listening signal, too short to be aligned


@cache
def decoder() -> Any:
    from pocketsphinx import Decoder
    return Decoder(loglevel='FATAL', dither=True)


def heard_words(clip: np.ndarray, tokens: str) -> Iterator[tuple[float, float]]:
    hiss = np.random.default_rng(0).normal(0, 2e-4, len(clip) + 2 * round(PAD_S * RATE))
    hiss[round(PAD_S * RATE):-round(PAD_S * RATE)] += clip
    data = np.round(hiss * 32767).astype(np.int16).tobytes()
    try:
        decoder().set_align_text(tokens)
        decoder().start_utt()
        decoder().process_raw(data, full_utt=True)
        decoder().end_utt()
        segments = [s for s in (decoder().seg() or ()) if not s.word.startswith(('<', '['))]
    except RuntimeError:
        return
    for segment in segments:
        yield (segment.start_frame / 100 - PAD_S, (segment.end_frame + 1) / 100 - PAD_S)


if __name__ == '__main__':
    main()
