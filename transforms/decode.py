"""Decode: a recording becomes lanes of int16 samples.

PyAV, whose wheel carries FFmpeg, so nothing has to be installed beside it. A recording comes
from outside and may be hostile: FFmpeg is handed an open file and never a name, the containers
it may recognise are listed, and what it would open beside the file is refused. A recording that
is cut off, has holes or lies about itself is refused as well: its KPIs would be wrong, not worse.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, cast

import numpy as np
from annotated_types import Ge, Gt, Lt

from transforms.conversation import Audio, Reference
from transforms.errors import CallError
from transforms.media import open_uri, sha256_of, tells_its_length, uris_of, wav_header

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.audio.resampler import AudioResampler
    from av.audio.stream import AudioStream
    from av.container import InputContainer
    from av.packet import Packet

__all__ = ['DecodeOptions', 'Decoded', 'decode', 'sha256_of']

NARROW_HZ, WIDE_HZ = 8000, 16000  # the two rates that samples are kept at
_FIRST_GUESS_S = 60.0
_EXACT_CONTAINERS = ('flac', 'au', 'aiff')  # their length is that of the samples


@dataclass(frozen=True)
class DecodeOptions:
    """What a recording may be.

    Attributes:
      max_duration_s: longest recording taken, in seconds; bounds the memory of a call to
        4 bytes x 16000 x max_duration_s however small its file is.
      min_rate_hz: lowest sample rate believed (telephony is 8000).
      max_rate_hz: highest sample rate believed.
      short_share: share of the length in the header that may be missing (0.01 = 1 %).
      codec_delay_s: seconds that MP3, AAC, Opus and Vorbis may put before and after the samples,
        counted in the header's length but not played.
      max_hole_s: longest jump in a file's timestamps, in seconds, that still is jitter.
      containers: FFmpeg's names of the containers that may be opened.
    """

    max_duration_s: Annotated[float, Gt(0)]
    min_rate_hz: Annotated[int, Gt(0)]
    max_rate_hz: Annotated[int, Gt(0)]
    short_share: Annotated[float, Ge(0), Lt(1)]
    codec_delay_s: Annotated[float, Ge(0)]
    max_hole_s: Annotated[float, Gt(0)]
    containers: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Decoded:
    """A recording's samples and what it was before.

    Attributes:
      audio: one or two lanes, never mixed; of a pair, agent first, the shorter one padded
        with zeros.
      duration_s: of `audio`.
      sample_rate_hz: as recorded; of a pair, the higher.
      channels: as recorded; 2 for a pair.
      codec: FFmpeg's name; of a pair with two codecs, both joined by '+'.
    """

    audio: Audio
    duration_s: float
    sample_rate_hz: int
    channels: int
    codec: str


def decode(ref: Reference, options: DecodeOptions) -> Decoded:
    """The samples of a call, kept at 8 kHz where recorded at 8 kHz or less, else at 16 kHz.

    Decodes block by block into the lanes. Raises CallError where the file cannot be read, is
    broken, cut off or not a call (no audio, more than two channels, an unbelievable rate).
    """
    uris = uris_of(ref)
    with ExitStack() as stack:
        tracks = [_open(uri, options, stack) for uri in uris]
        if len(tracks) == 2:
            _check_pair(tracks)
        channels = sum(track.channels for track in tracks)
        rate = WIDE_HZ if max(track.rate for track in tracks) > NARROW_HZ else NARROW_HZ
        longest_s = max(track.told_s or _FIRST_GUESS_S for track in tracks)
        lanes = _Lanes(channels, round((longest_s + 1) * rate))
        for first_lane, track in enumerate(tracks):
            end = 0
            for block in _blocks(track, rate, options):
                end = lanes.write(first_lane, end, block)
            _check_end(track, end / rate, options)
    audio = Audio(lanes.samples(), rate)
    codecs = list(dict.fromkeys(track.codec for track in tracks))
    return Decoded(audio, audio.duration_s, max(track.rate for track in tracks), channels,
                   '+'.join(codecs))


@dataclass(frozen=True, eq=False)
class _Track:
    """An opened file: what it says of itself before anything is decoded."""

    uri: str
    container: InputContainer
    stream: AudioStream
    rate: int
    channels: int
    codec: str
    told_s: float | None  # the length by the container, told or guessed
    length_is_told: bool
    missing: float  # share of a WAV file's data chunk that is not there


class _Lanes:
    """Samples of all lanes, growing. Pages that were never written to take no memory."""

    def __init__(self, channels: int, frames: int):
        self._samples = np.zeros((channels, frames), np.int16)
        self._end = 0

    def write(self, lane: int, at: int, block: np.ndarray) -> int:
        """Puts a block, shape (channels, frames), at a frame of `lane` and on; its end."""
        end = at + block.shape[1]
        room = self._samples.shape[1]
        if end > room:
            grown = np.zeros((self._samples.shape[0], max(end, 2 * room)), np.int16)
            grown[:, :self._end] = self._samples[:, :self._end]
            self._samples = grown
        self._samples[lane:lane + block.shape[0], at:end] = block
        self._end = max(self._end, end)
        return end

    def samples(self) -> np.ndarray:
        return self._samples[:, :self._end]


def _open(uri: str, options: DecodeOptions, stack: ExitStack) -> _Track:
    import av

    file = stack.enter_context(open_uri(uri))
    header = wav_header(file)
    if header:  # before FFmpeg, whose reasons are not for people
        _check_shape(uri, header.channels, header.rate_hz, options)
        if header.contradicts_itself:
            raise CallError(
                f'{uri}: the header contradicts itself: {header.rate_hz} frames a second of '
                f'{header.block_align} bytes are not {header.byte_rate} bytes a second',
                way_out='Find out the true sample rate and write the header again.')
    try:
        container = stack.enter_context(av.open(
            _Bytes(file), 'r', options={'format_whitelist': ','.join(options.containers)},
            metadata_errors='replace', io_open=_open_nothing))
    except av.error.FFmpegError as error:
        raise CallError(f'{uri}: no audio file that can be read ({_reason(error)})',
                        way_out='Check that it plays and is complete; export it again as WAV '
                                'or FLAC.') from error
    stream = _only_audio(uri, container)
    context = stream.codec_context
    if context is None:
        raise CallError(f'{uri}: is written in a codec that is not known',
                        way_out='Export it again as WAV or FLAC.')
    _check_shape(uri, context.channels, context.sample_rate, options)
    told_s = _told_s(container, stream)
    if told_s is not None and told_s > options.max_duration_s:
        raise _too_long(uri, options)
    return _Track(uri, container, stream, context.sample_rate, context.channels, context.name,
                  told_s, tells_its_length(file, container.format.name),
                  header.missing if header else 0.0)


class _Bytes:
    """A file as FFmpeg may use it. A broken header sends it to places that are none."""

    def __init__(self, file: BinaryIO):
        self.read = file.read
        self.tell = file.tell
        self._file = file

    def seek(self, offset: int, whence: int = 0) -> int:
        try:
            return self._file.seek(offset, whence)
        except (OSError, ValueError, OverflowError):
            return -errno.EINVAL  # FFmpeg's error; raised, it would hide what FFmpeg then says


def _open_nothing(url: str, flags: int, options: Mapping[str, str]) -> Any:
    raise PermissionError(f'a recording may not open {url}')


def _only_audio(uri: str, container: InputContainer) -> AudioStream:
    streams = container.streams.audio
    if len(streams) == 1:
        return streams[0]
    if not streams:
        raise CallError(f'{uri}: has no audio', way_out='Give the recording of the call.')
    raise CallError(f'{uri}: has {len(streams)} audio streams, and which of them is the call '
                    'is not known',
                    way_out='Export one stream; of one stream a party, one mono file each, named '
                            'as agent_audio_uri and caller_audio_uri.')


def _check_shape(uri: str, channels: int, rate: int, options: DecodeOptions) -> None:
    if not options.min_rate_hz <= rate <= options.max_rate_hz:
        raise CallError(f'{uri}: says it has {rate} samples a second, which no recording of a '
                        'call has',
                        way_out=f'Correct the header: between {options.min_rate_hz} and '
                                f'{options.max_rate_hz} Hz are taken.')
    if channels not in (1, 2):
        raise CallError(f'{uri}: has {channels} channels, and a call has one, or one a party',
                        way_out='Export the two channels of agent and caller.')


def _check_pair(tracks: list[_Track]) -> None:
    for track in tracks:
        if track.channels != 1:
            raise CallError(f'{track.uri}: is one of a pair but has {track.channels} channels',
                            way_out='Give one mono file a party, or the two-channel file '
                                    'alone as audio_uri.')


def _told_s(container: InputContainer, stream: AudioStream) -> float | None:
    told_s = 0.0
    if stream.duration is not None and stream.time_base is not None:
        told_s = float(stream.duration * stream.time_base)
    # Of a file with video the container's length may be the video's.
    elif container.duration is not None and len(container.streams) == 1:
        told_s = container.duration / 1e6  # AV_TIME_BASE is a microsecond
    return told_s if told_s > 0 else None


def _blocks(track: _Track, rate: int, options: DecodeOptions) -> Iterator[np.ndarray]:
    """The track's samples at `rate`, block by block: int16, shape (channels, frames)."""
    resampler: AudioResampler | None = None
    left = round(options.max_duration_s * track.rate)
    for frame in _frames(track, options):
        left -= frame.samples
        if left < 0:
            raise _too_long(track.uri, options)
        if frame.format.name in ('s16', 's16p') and track.rate == rate:
            yield _lanes_of(frame)
            continue
        if frame.format.name.startswith(('flt', 'dbl')) and not np.isfinite(
                frame.to_ndarray()).all():
            raise CallError(f'{track.uri}: holds samples that are no numbers (NaN or infinite)',
                            way_out='Export it again as 16 bit PCM.')
        if resampler is None:
            resampler = _resampler(frame, rate)
        frame.pts = None  # the samples follow each other: holes were refused
        yield from map(_lanes_of, resampler.resample(frame))
    if resampler is not None:
        yield from map(_lanes_of, resampler.resample(None))


def _resampler(frame: AudioFrame, rate: int) -> AudioResampler:
    from av import AudioResampler
    # The frame's own layout: any other would mix its channels.
    return AudioResampler(format='s16p', layout=frame.layout, rate=rate)


def _lanes_of(frame: AudioFrame) -> np.ndarray:
    samples = frame.to_ndarray()
    if frame.format.is_planar:
        return samples
    return samples.reshape(-1, frame.layout.nb_channels).T


def _frames(track: _Track, options: DecodeOptions) -> Iterator[AudioFrame]:
    """The decoded frames. Damage is an error unless nothing follows it: then the file was cut.

    How much a cut took is judged by the length, when all is decoded.
    """
    import av

    damage: str | None = None
    expected_s: float | None = None
    done = 0
    for packet in _packets(track):
        try:
            frames = cast('list[AudioFrame]', packet.decode())
        except av.error.FFmpegError as error:
            damage = _reason(error)
            continue
        for frame in frames:
            if damage is not None:
                raise _damaged(track, done, damage)
            _check_frame(track, frame, done)
            at_s = frame.time
            if at_s is not None:
                if expected_s is not None and at_s - expected_s > options.max_hole_s:
                    raise _damaged(track, done, f'{at_s - expected_s:.2f} s are missing')
                expected_s = at_s + frame.samples / track.rate
            done += frame.samples
            yield frame
        if packet.is_corrupt:
            damage = 'a damaged packet'


def _packets(track: _Track) -> Iterator[Packet]:
    import av
    try:
        yield from track.container.demux(track.stream)
    except av.error.FFmpegError as error:
        if not track.length_is_told:  # else the length tells how much is gone
            raise CallError(f'{track.uri}: cannot be read to its end ({_reason(error)})',
                            way_out='Copy it again from the recorder, whole.') from error


def _check_frame(track: _Track, frame: AudioFrame, done: int) -> None:
    if (frame.sample_rate, frame.layout.nb_channels) != (track.rate, track.channels):
        raise CallError(
            f'{track.uri}: changes from {track.channels} channels at {track.rate} Hz to '
            f'{frame.layout.nb_channels} at {frame.sample_rate} Hz, {done / track.rate:.1f} s in',
            way_out='Export it again with one format throughout.')


def _check_end(track: _Track, decoded_s: float, options: DecodeOptions) -> None:
    if decoded_s == 0:
        raise CallError(f'{track.uri}: holds no samples',
                        way_out='Check the recorder; remove the row if nothing was recorded.')
    missing = track.missing
    if track.length_is_told and track.told_s:
        exact = track.container.format.name in _EXACT_CONTAINERS
        delay_s = 0.0 if exact else options.codec_delay_s
        missing = max(missing, 1 - (decoded_s + delay_s) / track.told_s)
    if missing > options.short_share:
        raise CallError(f'{track.uri}: {missing:.1%} shorter than its header says '
                        f'({decoded_s:.1f} s are there): it is cut off or damaged',
                        way_out='Copy it again from the recorder, whole.')


def _too_long(uri: str, options: DecodeOptions) -> CallError:
    return CallError(f'{uri}: longer than {options.max_duration_s:g} s',
                     way_out='Split it into calls, or raise decode.max_duration_s.')


def _damaged(track: _Track, done: int, what: str) -> CallError:
    return CallError(f'{track.uri}: damaged {done / track.rate:.1f} s in ({what})',
                     way_out='Copy it again from the recorder; its times cannot be trusted.')


def _reason(error: Exception) -> str:
    return str(getattr(error, 'strerror', None) or error)
