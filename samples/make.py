"""Makes the sample calls again: recordings, manifest.csv, truth.json, and broken/.

    python samples/make.py

Needs flite 2.2 (`apt-get install flite`) beside the project's own environment. The audio is
committed, so that nobody needs this to use or test the project. The same flite and the same
FFmpeg give the same bytes: all randomness is seeded by the call's name.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import av
import faults
import numpy as np
from script import CALLS, Script
from sounds import telephone
from stage import Stage, rounded, truth_of

HERE = Path(__file__).resolve().parent
COLUMNS = ('call_id', 'audio_uri', 'agent_audio_uri', 'caller_audio_uri', 'agent_channel',
           'started_at', 'direction', 'agent_id', 'queue', 'caller_id', 'language', 'ringing_at',
           'answered_at', 'hung_up_by', 'transcript_uri')
CODECS = {'.flac': ('flac', 'flac'), '.wav': ('wav', 'pcm_mulaw'), '.ogg': ('ogg', 'libopus'),
          '.webm': ('webm', 'libopus'), '.m4a': ('ipod', 'aac'), '.mp3': ('mp3', 'libmp3lame')}
BITS_A_SAMPLE = 1.5  # of a channel, where the codec loses anything: nothing that is measured


def main() -> None:
    """Writes everything beside this file."""
    rows, truths = [], {}
    for script in CALLS:
        row, truth = make(script, HERE)
        rows.append(row)
        truths[script.call_id] = truth
        print(f'{script.call_id}: {truth["duration_s"]:.1f} s')
    write_manifest(HERE / 'manifest.csv', COLUMNS, rows)
    (HERE / 'truth.json').write_text(json.dumps(truths, indent=1) + '\n')
    write_table(HERE / 'README.md', truths)
    broken = faults.make(HERE / 'broken', lambda script, folder: make(script, folder)[0])
    write_manifest(HERE / 'broken' / 'manifest.csv', faults.COLUMNS,
                   [{name: row[name] for name in faults.COLUMNS if name in row} for row in broken])


def make(script: Script, folder: Path) -> tuple[dict[str, str], dict[str, Any]]:
    """Writes a call's recording; gives its row of the manifest and its entry in truth.json."""
    stage = Stage(script)
    lanes = stage.lanes()
    if script.rate == 8000:
        lanes = np.stack([telephone(lane) for lane in lanes])
    samples = np.round(lanes * 32767)
    if np.abs(samples).max() > 32767:
        raise ValueError(f'{script.call_id} clips')
    row = {'call_id': script.call_id, 'direction': 'inbound', 'language': 'en', **script.manifest}
    if '{}' in script.file:
        for who, lane in zip(('agent', 'caller'), samples, strict=True):
            row[f'{who}_audio_uri'] = script.file.format(who)
            rate = encode(folder / row[f'{who}_audio_uri'], lane[None], script.rate)
    else:
        row['audio_uri'] = script.file
        channels = (samples.sum(axis=0, keepdims=True) if script.mono
                    else samples[::-1] if script.agent_channel else samples)
        rate = encode(folder / script.file, channels, script.rate)
    if script.transcript:
        row['transcript_uri'] = script.transcript
        (folder / script.transcript).write_text(json.dumps(whisperx(stage), indent=1) + '\n')
    return row, truth_of(stage, rate)


def encode(path: Path, samples: np.ndarray, rate: int) -> int:
    """Writes channels of int16 values; the suffix chooses the codec. Gives the rate as read back.

    Opus is always read back at 48 kHz.
    """
    container, codec = CODECS[path.suffix]
    layout = 'stereo' if len(samples) == 2 else 'mono'
    interleaved = np.ascontiguousarray(samples.T.reshape(1, -1)).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(interleaved, format='s16', layout=layout)
    frame.sample_rate, frame.pts = rate, 0  # without it no delay of the codec is written down
    with av.open(str(path), 'w', format=container, options={'fflags': '+bitexact'}) as out:
        stream = cast(av.AudioStream, out.add_stream(codec, rate=rate, layout=layout))
        stream.codec_context.flags |= av.codec.context.Flags.bitexact
        stream.bit_rate = max(16_000, round(BITS_A_SAMPLE * rate * len(samples)))
        if codec == 'flac':
            stream.codec_context.options = {'compression_level': '12'}
        stream.codec_context.open()
        resampler = av.AudioResampler(stream.codec_context.format, layout, rate,
                                      frame_size=stream.codec_context.frame_size or 4096)
        for piece in (*resampler.resample(frame), *resampler.resample(None)):
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    with av.open(str(path)) as read:
        return int(read.streams.audio[0].rate)


def whisperx(stage: Stage) -> dict[str, Any]:
    """The words as scripted, in the shape of WhisperX's JSON with speakers."""
    segments = [{'start': said['start_s'], 'end': said['end_s'], 'text': said['text'],
                 'speaker': said['speaker'],
                 'words': [{**word, 'score': 0.99, 'speaker': said['speaker']}
                           for word in said['words']]}
                for said in sorted(stage.segments, key=lambda said: said['start_s'])]
    return {'segments': rounded(segments), 'language': 'en'}


def write_table(path: Path, truths: dict[str, Any]) -> None:
    """Puts the table of calls between the two marks of README.md."""
    table = ['| call | file | seconds | agent, caller | what it shows |', '|---|---|---|---|---|']
    for script in CALLS:
        voices = f'{script.agent}, {script.caller}' if script.agent else '-'
        table.append(f'| {script.call_id} | `{script.file.format("{agent,caller}")}` | '
                     f'{truths[script.call_id]["duration_s"]:.0f} | {voices} | {script.shows} |')
    before, _, rest = path.read_text().partition('<!-- calls -->\n')
    after = rest.partition('<!-- /calls -->')[2]
    path.write_text(f'{before}<!-- calls -->\n' + '\n'.join(table) + f'\n<!-- /calls -->{after}')


def write_manifest(path: Path, columns: Sequence[str], rows: list[dict[str, str]]) -> None:
    """A CSV with these columns, empty where a row says nothing."""
    with path.open('w', newline='') as file:
        writer = csv.DictWriter(file, columns, restval='', lineterminator='\n')
        writer.writeheader()
        writer.writerows(rows)


if __name__ == '__main__':
    main()
