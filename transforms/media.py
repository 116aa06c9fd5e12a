"""The bytes of a recording: opening them, hashing them, and what a file's header says of itself.

No decoder here. FFmpeg plays what is there and says nothing where a WAV file was cut off or its
header contradicts itself, so that is read from the header directly.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from transforms.conversation import Reference
from transforms.errors import CallError

_SCHEME = re.compile(r'[A-Za-z][A-Za-z0-9+.-]*://')
_BLOCK = 1 << 20  # bytes
_RIFF_IDS = (b'RIFF', b'RF64', b'BW64')
_UNCOMPRESSED = (1, 3, 6, 7)  # format tags: PCM, float, A-law, mu-law
_EXTENSIBLE = 0xFFFE
# A writer that cannot seek back leaves 0, 2^32 - 1 (FFmpeg) or a little under 2^31 (SoX).
_UNTOLD_FROM = 0x7FFFF000


def is_remote(uri: str) -> bool:
    """Whether the URI names another filesystem (gs://, s3://): everything else is a local path."""
    return _SCHEME.match(uri) is not None


def open_uri(uri: str) -> BinaryIO:
    """Opens a local path, or a URI of one of Beam's filesystems, for reading; seekable.

    Raises CallError where there is nothing to read, or nobody knows how.
    """
    if not is_remote(uri):
        if not Path(uri).is_file():  # a FIFO or a device would block or never end
            raise CallError(f'{uri}: there is no such file',
                            way_out='Put the file there, or correct its path in the manifest.',
                            field='audio_uri', value=uri)
        return Path(uri).open('rb')
    from apache_beam.io.filesystems import FileSystems
    try:
        return cast(BinaryIO, FileSystems.open(uri))
    except ValueError as error:  # Beam's way of saying that it has no such filesystem
        raise CallError(f'{uri}: {error}', field='audio_uri', value=uri,
                        way_out='Install the extra of apache-beam for this filesystem, '
                                'or copy the recording to local disk.') from error


def uris_of(ref: Reference) -> tuple[str, ...]:
    """The recording's file, or the agent's and the caller's, in this order."""
    if ref.audio_uri:
        return (ref.audio_uri,)
    if ref.agent_audio_uri and ref.caller_audio_uri:
        return (ref.agent_audio_uri, ref.caller_audio_uri)
    raise CallError(f'call {ref.call_id} names no recording', field='audio_uri',
                    way_out='Give audio_uri, or agent_audio_uri and caller_audio_uri.')


def sha256_of(ref: Reference) -> str:
    """The sha256 of the recording's bytes, in hex; of a pair, that of both hex digests joined."""
    digests = [_sha256(uri) for uri in uris_of(ref)]
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256(''.join(digests).encode('ascii')).hexdigest()


def _sha256(uri: str) -> str:
    digest = hashlib.sha256()
    with open_uri(uri) as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


@dataclass(frozen=True)
class WavHeader:
    """What a RIFF, RF64, BW64 or Wave64 header says.

    Sizes are in bytes, `data_size` is None where untold.
    """

    format_tag: int
    channels: int
    rate_hz: int
    byte_rate: int
    block_align: int
    data_size: int | None
    present_size: int  # bytes of the data chunk that are really there

    @property
    def missing(self) -> float:
        """The share of the promised samples that is not in the file, 0..1."""
        return 1.0 - min(1.0, self.present_size / self.data_size) if self.data_size else 0.0

    @property
    def contradicts_itself(self) -> bool:
        """Whether sample rate, frame size and byte rate cannot all be true.

        Only told of uncompressed samples, where byte rate = sample rate x frame size; 0 is
        taken as not filled in.
        """
        return (self.format_tag in _UNCOMPRESSED and self.byte_rate != 0
                and self.byte_rate != self.rate_hz * self.block_align)


def wav_header(file: BinaryIO) -> WavHeader | None:
    """The header of a WAV (or Wave64) file, None for any other file or where it breaks off.

    Leaves the file at its start.
    """
    try:
        return _wav_header(file)
    except struct.error:  # shorter than a header
        return None
    finally:
        file.seek(0)


def _wav_header(file: BinaryIO) -> WavHeader | None:
    end = file.seek(0, 2)
    fmt, large_size = b'', None
    for name, at, length in _chunks(file, end):
        file.seek(at)
        if name == b'ds64':
            large_size = struct.unpack('<8xQ', file.read(16))[0]
        elif name == b'fmt ':
            fmt = file.read(min(length, 40))
        elif name == b'data':
            told = large_size if length == 0xFFFFFFFF and large_size else (
                None if length == 0 or _UNTOLD_FROM <= length <= 0xFFFFFFFF else length)
            tag, channels, rate, byte_rate, align = struct.unpack('<HHIIH', fmt[:14])
            if tag == _EXTENSIBLE:
                tag = struct.unpack('<H', fmt[24:26])[0]
            return WavHeader(tag, channels, rate, byte_rate, align, told, end - at)
    return None


def _chunks(file: BinaryIO, end: int) -> Iterator[tuple[bytes, int, int]]:
    """The chunks of a WAV file: name, where its content is, and how long it says that is."""
    file.seek(0)
    head = file.read(40)
    if head[:4] in _RIFF_IDS and head[8:12] == b'WAVE':
        at, header, name_size, even = 12, '<4sI', 8, 2
    elif head[:4] == b'riff' and head[24:28] == b'wave':  # Wave64: names are GUIDs
        at, header, name_size, even = 40, '<4s12xq', 24, 8
    else:
        return
    while at + name_size <= end:
        file.seek(at)
        name, length = struct.unpack(header, file.read(name_size))
        if even == 8:
            length = max(0, length - name_size)  # a Wave64 length counts the name and itself
        yield name, at + name_size, length
        at += name_size + length + -length % even


def tells_its_length(file: BinaryIO, container: str) -> bool:
    """Whether the container's duration is written in the file rather than guessed from its size.

    Args:
      file: left where it was.
      container: FFmpeg's name of the format.
    """
    if container in ('aac', 'amr', 'gsm', 'wav', 'w64'):  # WAV is judged by its bytes, above
        return False
    if container not in ('mp3', 'flac'):
        return True
    was_at = file.tell()
    file.seek(0)
    head = file.read(10)
    file.seek(10 + _syncsafe(head[6:10]) if head[:3] == b'ID3' else 0)
    head = file.read(4096)
    file.seek(was_at)
    if container == 'mp3':
        return any(tag in head for tag in (b'Xing', b'Info', b'VBRI'))
    # STREAMINFO: the number of frames, 0 if not known, is the low 36 bits of bytes 18 to 25.
    return int.from_bytes(head[18:26], 'big') & ((1 << 36) - 1) != 0


def _syncsafe(four: bytes) -> int:
    size = 0
    for byte in four:
        size = size << 7 | byte & 0x7F
    return size
