"""Makes broken/: recordings and manifest rows that must be refused, one fault each."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
from script import AGENT, CALLER, Say, Script

RATE = 8000
COLUMNS = ('call_id', 'audio_uri', 'agent_channel', 'started_at', 'direction', 'agent_id', 'queue',
           'colour')  # the last one means nothing to anybody
GOOD = Script(
    'good', 'good.wav', 'a call that is in order', 'slt', 'rms',
    (
        Say(AGENT, 'Good morning, how can I help you?', 0.0),
        Say(CALLER, 'When do you open on Sunday?', 0.4),
        Say(AGENT, 'We open at ten. {farewell} Goodbye.', 0.4),
    ),
    {'agent_channel': '0', 'started_at': '2026-03-02T12:00:00Z', 'agent_id': 'a1',
     'queue': 'orders'},
    rate=8000,
)
# call_id of a row whose manifest fields are at fault -> (what it says, the field at fault)
BAD_ROWS: dict[str, tuple[dict[str, str], str]] = {
    'missing': ({'audio_uri': 'missing.wav'}, 'audio_uri'),
    'no-recording': ({'audio_uri': ''}, 'audio_uri'),
    'good': ({}, 'call_id'),
    'bad-date': ({'started_at': '2026-02-30T12:00:00Z'}, 'started_at'),
    'no-zone': ({'started_at': '2026-03-02T12:00:00'}, 'started_at'),
    'bad-direction': ({'direction': 'sideways'}, 'direction'),
    'escapes': ({'audio_uri': '../us-in-order.flac'}, 'audio_uri'),
}


def make(folder: Path, record: Callable[[Script, Path], dict[str, str]]) -> list[dict[str, str]]:
    """Writes the recordings and expected.json into the folder; gives the rows of its manifest.

    Args:
      record: writes a script's recording and gives its manifest row.
    """
    folder.mkdir(exist_ok=True)
    good = {**record(GOOD, folder), 'colour': 'green'}
    rows = [good]
    expected: dict[str, dict[str, str | None]] = {}

    def refuse(row: dict[str, str], step: str, field: str | None) -> None:
        rows.append({**good, **row})
        expected[str(len(rows))] = {'call_id': rows[-1]['call_id'], 'step': step, 'field': field}

    for name, content in _files((folder.parent / 'silent.flac').read_bytes()).items():
        (folder / name).write_bytes(content)
        refuse({'call_id': Path(name).stem, 'audio_uri': name}, 'decode', None)
    refuse({'call_id': 'missing', 'audio_uri': 'missing.wav'}, 'manifest', 'audio_uri')
    for call_id, (said, field) in BAD_ROWS.items():
        refuse({'call_id': call_id, **said}, 'manifest', field)
    (folder / 'expected.json').write_text(json.dumps(
        {'published': ['good'], 'unknown_columns': ['colour'], 'rejects': expected}, indent=1)
        + '\n')
    return rows


def _files(flac: bytes) -> dict[str, bytes]:
    """The recordings that cannot be decoded, by name."""
    rng = np.random.default_rng(0)
    noise = np.round(rng.normal(0, 200, RATE)).astype('<i2').tobytes()
    nan = np.full(RATE, 0.01, '<f4')
    nan[RATE // 2] = np.nan
    return {
        'truncated-flac.flac': flac[:len(flac) // 8],
        'truncated-wav.wav': wav(noise, 1, says_bytes=10 * len(noise)),
        'text.wav': b'This is not a recording. The export of call 4711 failed: disk full.\n',
        'empty.wav': b'',
        'no-samples.wav': wav(b'', 1),
        'three-channels.wav': wav(noise[:len(noise) // 6 * 6], 3),
        'nan.wav': wav(nan.tobytes(), 1, bits=32, code=3),
        'one-hertz.wav': wav(noise, 1, rate=1),
    }


def wav(data: bytes, channels: int, *, rate: int = RATE, bits: int = 16, code: int = 1,
        says_bytes: int | None = None) -> bytes:
    """A WAV file that says what it is told to say; `code` is 1 for integers, 3 for floats."""
    size = len(data) if says_bytes is None else says_bytes
    block = channels * bits // 8
    form = struct.pack('<HHIIHH', code, channels, rate, rate * block, block, bits)
    return (b'RIFF' + struct.pack('<I', 36 + size) + b'WAVEfmt ' + struct.pack('<I', len(form))
            + form + b'data' + struct.pack('<I', size) + data)
