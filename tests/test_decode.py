"""Decoding: every codec of telephony, and everything that a recording must not be."""

import ctypes
import hashlib
import io
import os
import random
import re
import struct
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from transforms.conversation import Reference
from transforms.decode import DecodeOptions, decode, sha256_of
from transforms.errors import CallError

OPTIONS = DecodeOptions(
    max_duration_s=14400, min_rate_hz=4000, max_rate_hz=192000, short_share=0.01,
    codec_delay_s=0.05, max_hole_s=0.1,
    containers=('wav', 'flac', 'mp3', 'mov', 'ogg', 'matroska', 'webm', 'aac', 'au', 'gsm', 'amr',
                'aiff', 'w64'))
SECONDS = 2.0
PITCHES = (500.0, 1250.0)  # Hz, one a channel


def decoded(path, options=OPTIONS):
    return decode(Reference('c', audio_uri=str(path)), options)


def refused(path, options=OPTIONS):
    with pytest.raises(CallError) as caught:
        decoded(path, options)
    assert str(path) in caught.value.message
    assert caught.value.way_out
    return caught.value.message


def tones(rate, channels, seconds=SECONDS):
    """int16, shape (frames, channels): a tone of its own pitch in each channel."""
    at = np.arange(int(rate * seconds)) / rate
    waves = [8000 * np.sin(2 * np.pi * pitch * at) for pitch in PITCHES]
    return np.stack([waves[channel % 2] for channel in range(channels)], 1).astype(np.int16)


def encode(path, samples, rate, codec, container=None):
    """Writes int16 samples, shape (frames, channels), with one of FFmpeg's encoders."""
    layout = {1: 'mono', 2: 'stereo', 3: '2.1'}[samples.shape[1]]
    with av.open(str(path), 'w', format=container) as file:
        stream = file.add_stream(codec, rate=rate)
        stream.layout = layout
        context = stream.codec_context
        context.open()
        resampler = av.AudioResampler(context.format, layout, rate,
                                      frame_size=context.frame_size or None)
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples.reshape(1, -1)), format='s16', layout=layout)
        frame.sample_rate = rate
        for part in resampler.resample(frame) + resampler.resample(None):
            file.mux(stream.encode(part))
        file.mux(stream.encode(None))
    return path


def riff(path, data, *, tag=1, channels=1, rate=8000, bits=16, align=None, byte_rate=None,
         extra=b'', data_size=None):
    """Writes a WAV file byte by byte, so that it may say anything."""
    align = channels * bits // 8 if align is None else align
    byte_rate = rate * align % 2**32 if byte_rate is None else byte_rate
    fmt = struct.pack('<HHIIHH', tag, channels, rate, byte_rate, align, bits) + extra
    size = len(data) if data_size is None else data_size
    path.write_bytes(b''.join((
        b'RIFF', struct.pack('<I', (20 + len(fmt) + size) % 2**32), b'WAVE',
        b'fmt ', struct.pack('<I', len(fmt)), fmt, b'data', struct.pack('<I', size), data)))
    return path


def pitch_of(samples, rate):
    """The strongest frequency in Hz, and how far above all others it is, in dB."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    top = int(spectrum.argmax())
    near = slice(max(0, top - 8), top + 9)
    rest = spectrum.sum() - spectrum[near].sum()
    return top * rate / len(samples), 10 * np.log10(spectrum[near].sum() / max(rest, 1e-9))


def assert_tones_kept_apart(result, least_db):
    audio = result.audio
    assert audio.samples.dtype == np.int16
    for channel in range(audio.channels):
        middle = audio.samples[channel, audio.rate // 4:-audio.rate // 4].astype(float)
        pitch, above_db = pitch_of(middle, audio.rate)
        assert pitch == pytest.approx(PITCHES[channel], abs=2)
        assert above_db > least_db


CODECS = [
    # file, encoder, rate, channels, FFmpeg's name, kept rate, dB above what else is there
    ('u8.wav', 'pcm_u8', 8000, 2, 'pcm_u8', 8000, 25),
    ('s16.wav', 'pcm_s16le', 16000, 2, 'pcm_s16le', 16000, 60),
    ('s24.wav', 'pcm_s24le', 44100, 2, 'pcm_s24le', 16000, 60),
    ('s32.wav', 'pcm_s32le', 48000, 2, 'pcm_s32le', 16000, 60),
    ('f32.wav', 'pcm_f32le', 22050, 2, 'pcm_f32le', 16000, 60),
    ('f64.wav', 'pcm_f64le', 11025, 1, 'pcm_f64le', 16000, 60),
    ('mulaw.wav', 'pcm_mulaw', 8000, 2, 'pcm_mulaw', 8000, 30),
    ('alaw.wav', 'pcm_alaw', 8000, 2, 'pcm_alaw', 8000, 30),
    ('g726.wav', 'g726', 8000, 1, 'g726', 8000, 15),
    ('ima.wav', 'adpcm_ima_wav', 8000, 2, 'adpcm_ima_wav', 8000, 15),
    ('slow.wav', 'pcm_s16le', 6000, 2, 'pcm_s16le', 8000, 60),
    ('call.flac', 'flac', 16000, 2, 'flac', 16000, 60),
    ('call.mp3', 'mp3', 44100, 2, 'mp3float', 16000, 30),
    ('call.m4a', 'aac', 44100, 2, 'aac', 16000, 25),
    ('call.aac', 'aac', 16000, 2, 'aac', 16000, 25),
    ('call.ogg', 'libopus', 48000, 2, 'opus', 16000, 25),
    ('call.webm', 'libopus', 48000, 2, 'opus', 16000, 25),
    ('call.mka', 'pcm_s16le', 8000, 1, 'pcm_s16le', 8000, 60),
    ('call.au', 'pcm_mulaw', 8000, 2, 'pcm_mulaw', 8000, 30),
    ('call.aiff', 'pcm_s16be', 16000, 2, 'pcm_s16be', 16000, 60),
    ('call.w64', 'pcm_s16le', 16000, 2, 'pcm_s16le', 16000, 60),
    ('call.amr', 'libopencore_amrnb', 8000, 1, 'amrnb', 8000, 10),
]


@pytest.mark.parametrize('name, encoder, rate, channels, codec, kept, least_db', CODECS)
def test_every_codec_of_telephony_is_decoded_with_its_channels_apart(
        tmp_path, name, encoder, rate, channels, codec, kept, least_db):
    path = encode(tmp_path / name, tones(rate, channels), rate, encoder,
                  'adts' if name.endswith('.aac') else None)
    result = decoded(path)
    assert (result.codec, result.sample_rate_hz, result.channels) == (codec, rate, channels)
    assert (result.audio.rate, result.audio.channels) == (kept, channels)
    assert result.duration_s == result.audio.duration_s == pytest.approx(SECONDS, abs=0.12)
    assert_tones_kept_apart(result, least_db)


def gsm_frames(bits):
    """160 samples each: GSM 06.10 frames of 33 bytes that begin with 0xD."""
    return [bytes([0xD0 | bits.getrandbits(4), *(bits.getrandbits(8) for _ in range(32))])
            for _ in range(100)]


def test_a_headerless_gsm_file_is_decoded(tmp_path):
    path = tmp_path / 'call.gsm'
    path.write_bytes(b''.join(gsm_frames(random.Random(1))))
    result = decoded(path)
    assert (result.codec, result.duration_s, result.audio.rate) == ('gsm', 2.0, 8000)
    assert result.audio.samples.std() > 100


def test_gsm_in_wav_is_decoded_two_frames_a_block(tmp_path):
    blocks = random.Random(2).randbytes(65 * 50)
    path = riff(tmp_path / 'call.wav', blocks, tag=0x31, bits=0, align=65, byte_rate=1625,
                extra=struct.pack('<HH', 2, 320))
    result = decoded(path)
    assert (result.codec, result.duration_s, result.audio.rate) == ('gsm_ms', 2.0, 8000)
    assert result.audio.samples.std() > 100


@pytest.mark.parametrize('bits, tag', [(2, 0x45), (3, 0x45), (4, 0x45), (5, 0x45), (4, 0x64)])
def test_g726_in_wav_is_decoded_at_every_bit_rate(tmp_path, bits, tag):
    data = random.Random(3).randbytes(8000 * bits // 8 * 2)
    path = riff(tmp_path / 'call.wav', data, tag=tag, bits=bits, align=1, byte_rate=1000 * bits,
                extra=struct.pack('<HH', 2, 0))
    result = decoded(path)
    assert (result.codec, result.audio.rate) == ('g726', 8000)
    assert result.duration_s == pytest.approx(2.0, abs=0.01)


def test_uncompressed_samples_come_out_bit_by_bit(tmp_path):
    samples = np.random.default_rng(0).integers(-32768, 32767, (16000, 2), np.int16, endpoint=True)
    for name, codec in (('a.wav', 'pcm_s16le'), ('a.flac', 'flac')):
        path = encode(tmp_path / name, samples, 16000, codec)
        assert np.array_equal(decoded(path).audio.samples, samples.T)


def test_sixteen_bit_samples_survive_wider_forms_unchanged(tmp_path):
    samples = np.random.default_rng(0).integers(-32768, 32767, (4000, 2), np.int16, endpoint=True)
    for codec in ('pcm_s24le', 'pcm_s32le', 'pcm_f32le', 'pcm_f64le'):
        path = encode(tmp_path / f'{codec}.wav', samples, 8000, codec)
        assert np.array_equal(decoded(path).audio.samples, samples.T)


@pytest.mark.parametrize('rate', [6000, 11025, 22050, 32000, 44100, 48000, 96000])
def test_resampling_moves_nothing_in_time_and_mixes_no_channels(tmp_path, rate):
    samples = np.zeros((rate * 2, 2), np.int16)
    samples[rate // 2, 0] = samples[rate + rate // 4, 1] = 30000
    audio = decoded(encode(tmp_path / 'a.wav', samples, rate, 'pcm_s16le')).audio
    assert audio.samples.shape[1] == audio.rate * 2
    for channel, at_s in enumerate((0.5, 1.25)):
        peak = np.abs(audio.samples[channel].astype(int)).argmax()
        assert peak / audio.rate == pytest.approx(at_s, abs=1.01 / audio.rate)
        other = np.abs(audio.samples[1 - channel].astype(int))
        assert other[peak - 20:peak + 20].max() == 0


@pytest.mark.parametrize('mask', [0, 0x3, 0x4 | 0x8, 0x10 | 0x20, 0x600])
def test_channels_stay_apart_whatever_loudspeakers_the_header_names(tmp_path, mask):
    subformat = struct.pack('<H', 1) + bytes.fromhex('000000001000800000aa00389b71')
    path = riff(tmp_path / 'a.wav', tones(44100, 2).tobytes(), tag=0xFFFE, channels=2, rate=44100,
                extra=struct.pack('<HHI', 22, 16, mask) + subformat)
    assert_tones_kept_apart(decoded(path), 60)


def test_floats_beyond_full_scale_are_clipped_not_wrapped(tmp_path):
    data = np.array([2.0, -2.0, 1.0, -1.0, 0.0], '<f4').tobytes()
    path = riff(tmp_path / 'a.wav', data, tag=3, bits=32)
    assert decoded(path).audio.samples.tolist() == [[32767, -32768, 32767, -32768, 0]]


def pair(tmp_path, agent, caller):
    return Reference('c', agent_audio_uri=str(agent), caller_audio_uri=str(caller))


def test_a_pair_becomes_two_channels_agent_first_padded_to_the_longer(tmp_path):
    agent = encode(tmp_path / 'agent.wav', tones(8000, 1), 8000, 'pcm_mulaw')
    long = tones(16000, 2, 3.0)[:, 1:]
    caller = encode(tmp_path / 'caller.flac', np.ascontiguousarray(long), 16000, 'flac')
    result = decode(pair(tmp_path, agent, caller), OPTIONS)
    assert (result.channels, result.codec, result.sample_rate_hz) == (2, 'pcm_mulaw+flac', 16000)
    assert (result.audio.rate, result.duration_s) == (16000, 3.0)
    assert not result.audio.samples[0, 2 * 16000 + 100:].any()
    assert result.audio.samples[1, 2 * 16000 + 100:].any()
    assert pitch_of(result.audio.samples[0, :32000].astype(float), 16000)[0] == pytest.approx(500)


def test_a_pair_of_telephone_files_stays_at_eight_kilohertz(tmp_path):
    path = encode(tmp_path / 'a.wav', tones(8000, 1), 8000, 'pcm_mulaw')
    result = decode(pair(tmp_path, path, path), OPTIONS)
    assert (result.audio.rate, result.codec, result.audio.channels) == (8000, 'pcm_mulaw', 2)


def test_a_two_channel_file_in_a_pair_is_refused(tmp_path):
    mono = encode(tmp_path / 'mono.wav', tones(8000, 1), 8000, 'pcm_mulaw')
    both = encode(tmp_path / 'both.wav', tones(8000, 2), 8000, 'pcm_mulaw')
    with pytest.raises(CallError, match=r'both\.wav: is one of a pair but has 2 channels'):
        decode(pair(tmp_path, mono, both), OPTIONS)


def test_a_broken_file_of_a_pair_is_the_one_that_is_named(tmp_path):
    mono = encode(tmp_path / 'mono.wav', tones(8000, 1), 8000, 'pcm_mulaw')
    (tmp_path / 'text.wav').write_text('no audio')
    with pytest.raises(CallError, match=r'text\.wav'):
        decode(pair(tmp_path, mono, tmp_path / 'text.wav'), OPTIONS)


def test_a_silent_recording_is_a_recording(tmp_path):
    result = decoded(riff(tmp_path / 'a.wav', bytes(16000)))
    assert (result.duration_s, result.audio.samples.any()) == (1.0, False)


@pytest.mark.parametrize('content', [b'', b'R', b'RIFF', b'RIFF\0\0\0\0WAVE', b'hello ' * 500,
                                     b'\0' * 5000, b'OggS', b'fLaC', b'\x89PNG\r\n\x1a\n1111',
                                     b'%PDF-1.7\n' + b'x' * 999, b'PK\3\4' + b'z' * 999])
def test_what_is_no_audio_is_refused(tmp_path, content):
    (tmp_path / 'a.wav').write_bytes(content)
    refused(tmp_path / 'a.wav')


def test_a_missing_file_is_refused_and_so_is_a_folder(tmp_path):
    assert 'no such file' in refused(tmp_path / 'gone.wav')
    assert 'no such file' in refused(tmp_path)


def test_a_recording_of_no_samples_is_refused(tmp_path):
    assert 'holds no samples' in refused(riff(tmp_path / 'a.wav', b''))


def test_a_codec_that_nobody_knows_is_refused(tmp_path):
    path = riff(tmp_path / 'a.wav', bytes(9000), tag=0x7777)
    assert 'codec that is not known' in refused(path)


def test_a_header_that_points_beyond_every_file_is_refused_for_what_it_is(tmp_path, capfd):
    path = encode(tmp_path / 'a.w64', tones(8000, 2), 8000, 'pcm_s16le')
    content = bytearray(path.read_bytes())
    content[56:64] = struct.pack('<Q', 0x7C << 56)  # the length of a chunk before the samples
    content[40:44] = b'junk'
    path.write_bytes(content)
    refused(path)
    assert capfd.readouterr() == ('', '')  # PyAV prints what its callbacks raise


def test_more_than_two_channels_are_refused(tmp_path):
    for channels in (3, 6, 64):
        path = riff(tmp_path / 'a.wav', bytes(channels * 2 * 800), channels=channels)
        assert f'has {channels} channels' in refused(path)
    path = encode(tmp_path / 'a.flac', tones(16000, 3), 16000, 'flac')
    assert 'has 3 channels' in refused(path)


@pytest.mark.parametrize('tag, bits, kind', [(3, 32, '<f4'), (3, 64, '<f8')])
@pytest.mark.parametrize('value', [np.nan, np.inf, -np.inf])
def test_a_sample_that_is_no_number_is_refused(tmp_path, tag, bits, kind, value):
    samples = np.zeros(8000, kind)
    samples[7777] = value
    path = riff(tmp_path / 'a.wav', samples.tobytes(), tag=tag, bits=bits)
    assert 'no numbers' in refused(path)


@pytest.mark.parametrize('rate', [0, 1, 3999, 192001, 4_000_000_000])
def test_an_unbelievable_sample_rate_is_refused(tmp_path, rate):
    assert f'{rate} samples a second' in refused(riff(tmp_path / 'a.wav', bytes(9000), rate=rate))


def test_a_header_whose_rates_contradict_each_other_is_refused(tmp_path):
    path = riff(tmp_path / 'a.wav', bytes(9000), rate=48000, byte_rate=16000)
    assert 'contradicts itself' in refused(path)
    assert decoded(riff(tmp_path / 'b.wav', bytes(9000), byte_rate=0)).audio.rate == 8000


CUT = [('a.wav', 'pcm_mulaw', 8000), ('a.flac', 'flac', 16000), ('a.mp3', 'mp3', 44100),
       ('a.m4a', 'aac', 44100), ('a.webm', 'libopus', 48000), ('a.au', 'pcm_mulaw', 8000),
       ('a.aiff', 'pcm_s16be', 16000), ('a.w64', 'pcm_s16le', 16000),
       ('ima.wav', 'adpcm_ima_wav', 8000)]


@pytest.mark.parametrize('share', [0.3, 0.9, 0.95])
@pytest.mark.parametrize('name, codec, rate', CUT)
def test_a_recording_that_was_cut_off_is_refused(tmp_path, name, codec, rate, share):
    path = encode(tmp_path / name, tones(rate, 2, 10), rate, codec)
    whole = path.read_bytes()
    path.write_bytes(whole[:int(len(whole) * share)])
    refused(path)


def test_up_to_one_percent_may_be_missing(tmp_path):
    data = bytes(160000)
    assert decoded(riff(tmp_path / 'a.wav', data[:158500], data_size=160000)).duration_s < 10
    message = refused(riff(tmp_path / 'b.wav', data[:158000], data_size=160000))
    assert '1.2% shorter than its header says (9.9 s are there)' in message


@pytest.mark.parametrize('size', [0, 2**32 - 1, 2**31 - 37])
def test_a_header_that_was_never_finished_tells_no_length(tmp_path, size):
    assert decoded(riff(tmp_path / 'a.wav', bytes(16000), data_size=size)).duration_s == 1.0


@pytest.mark.parametrize('told, ok', [(16000, True), (32000, False)])
def test_the_length_of_a_large_wav_is_that_of_its_ds64_chunk(tmp_path, told, ok):
    path = riff(tmp_path / 'a.wav', bytes(16000), data_size=2**32 - 1)
    plain = path.read_bytes()
    sizes = struct.pack('<QQQI', told + 72, told, told // 2, 0)
    path.write_bytes(b'RF64' + b'\xff' * 4 + b'WAVEds64' + struct.pack('<I', len(sizes)) + sizes
                     + plain[12:])
    if ok:
        assert decoded(path).duration_s == 1.0
    else:
        assert '50.0% shorter' in refused(path)


@pytest.mark.parametrize('name, codec, rate', [
    ('a.flac', 'flac', 16000), ('a.mp3', 'mp3', 44100), ('a.ogg', 'libopus', 48000),
    ('a.webm', 'libopus', 48000), ('a.m4a', 'aac', 44100)])
def test_a_recording_damaged_in_the_middle_is_refused(tmp_path, name, codec, rate):
    noise = np.random.default_rng(0).integers(-9000, 9000, (rate * 20, 2), np.int16)
    path = encode(tmp_path / name, noise, rate, codec)
    content = bytearray(path.read_bytes())
    at = len(content) // 2
    content[at:at + 3000] = random.Random(4).randbytes(3000)
    path.write_bytes(content)
    refused(path)


@pytest.mark.parametrize('name, codec, rate', [
    ('a.ogg', 'libopus', 48000), ('a.mp3', 'mp3', 44100), ('a.m4a', 'aac', 44100),
    ('a.webm', 'libopus', 48000), ('a.flac', 'flac', 8000), ('a.wav', 'pcm_mulaw', 8000)])
@pytest.mark.parametrize('seconds', [0.05, 0.5, 1.0])
def test_a_short_recording_is_not_taken_for_a_cut_one(tmp_path, name, codec, rate, seconds):
    result = decoded(encode(tmp_path / name, tones(rate, 1, seconds), rate, codec))
    assert result.duration_s == pytest.approx(seconds, abs=0.07)


def test_two_audio_streams_are_refused_for_none_of_them_is_known_to_be_the_call(tmp_path):
    with av.open(str(tmp_path / 'a.mka'), 'w') as file:
        streams = [file.add_stream('pcm_s16le', rate=8000, layout='mono') for _ in range(2)]
        for stream in streams:
            frame = av.AudioFrame.from_ndarray(tones(8000, 1).reshape(1, -1), layout='mono')
            frame.sample_rate = 8000
            file.mux(stream.encode(frame))
            file.mux(stream.encode(None))
    assert 'has 2 audio streams' in refused(tmp_path / 'a.mka')


def test_a_film_without_sound_is_refused(tmp_path):
    with av.open(str(tmp_path / 'a.mp4'), 'w') as file:
        stream = file.add_stream('mpeg4', rate=10, width=32, height=32, pix_fmt='yuv420p')
        for _ in range(5):
            file.mux(stream.encode(av.VideoFrame(32, 32, 'yuv420p')))
        file.mux(stream.encode(None))
    assert 'has no audio' in refused(tmp_path / 'a.mp4')


def test_a_container_that_is_not_listed_is_refused_whatever_its_name(tmp_path):
    for container, codec in (('nut', 'pcm_s16le'), ('avi', 'pcm_s16le'), ('mpegts', 'mp2')):
        path = encode(tmp_path / 'a.wav', tones(16000, 2), 16000, codec, container)
        refused(path)
    flac = encode(tmp_path / 'a.flac', tones(16000, 2), 16000, 'flac')
    assert decoded(flac).codec == 'flac'
    refused(flac, replace(OPTIONS, containers=('wav',)))


class Watch:
    """Counts how often a file is opened, as the kernel sees it."""

    IN_OPEN = 0x20

    def __init__(self, path):
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd = self._libc.inotify_init1(os.O_NONBLOCK)
        assert self._libc.inotify_add_watch(self._fd, os.fsencode(path), self.IN_OPEN) >= 0

    def opened(self):
        try:
            return len(os.read(self._fd, 4096)) > 0
        except BlockingIOError:
            return False
        finally:
            os.close(self._fd)


def playlists(target):
    return {
        'hls': f'#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:3,\n{target}\n#EXT-X-ENDLIST\n',
        'hls_file': f'#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:3,\nfile://{target}\n#EXT-X-ENDLIST\n',
        'concat': f"ffconcat version 1.0\nfile '{target}'\n",
        'concat_relative': f'ffconcat version 1.0\nfile {Path(target).name}\n',
        'dash': ('<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static">'
                 f'<Period><AdaptationSet><Representation id="1"><BaseURL>{target}</BaseURL>'
                 '</Representation></AdaptationSet></Period></MPD>'),
        'sdp': 'v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=audio 4000 RTP/AVP 0\n'}


@pytest.mark.parametrize('kind', list(playlists('x')))
def test_a_playlist_named_wav_opens_no_other_file(tmp_path, kind):
    target = encode(tmp_path / 'secret.wav', tones(8000, 1), 8000, 'pcm_s16le')
    evil = tmp_path / 'evil.wav'
    evil.write_text(playlists(str(target))[kind])
    watch, control = Watch(target), Watch(evil)
    refused(evil)
    assert control.opened()  # the watch works
    assert not watch.opened()


@pytest.mark.parametrize('name', ['concat:secret.wav', 'pipe:0', 'data:audio,x', 'secret.wav|x'])
def test_a_name_that_ffmpeg_would_understand_is_only_a_name(tmp_path, monkeypatch, name):
    encode(tmp_path / 'secret.wav', tones(8000, 1), 8000, 'pcm_s16le')
    monkeypatch.chdir(tmp_path)
    assert 'no such file' in refused(name)
    Path(name).write_bytes((tmp_path / 'secret.wav').read_bytes()[:44 + 8000])
    assert 'shorter' in refused(name)


def test_a_recording_longer_than_allowed_is_refused_before_it_takes_its_memory(tmp_path):
    path = encode(tmp_path / 'long.flac', np.zeros((16000 * 600, 2), np.int16), 16000, 'flac')
    assert path.stat().st_size < 200_000
    short = replace(OPTIONS, max_duration_s=60)
    assert 'longer than 60 s' in refused(path, short)
    content = bytearray(path.read_bytes())
    content[21:26] = bytes([content[21] & 0xF0, 0, 0, 0, 0])  # the number of samples: not known
    path.write_bytes(content)
    tracemalloc.start()
    assert 'longer than 60 s' in refused(path, short)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * 60 * 16000 * 2 * 2
    assert decoded(path).duration_s == 600.0


PEAK = '''
import re, sys
from tests.test_decode import OPTIONS, Reference, decode
def kib(what): return int(re.search(what + r':\\s+(\\d+)', open('/proc/self/status').read())[1])
decode(Reference('c', audio_uri=sys.argv[2]), OPTIONS)
open('/proc/self/clear_refs', 'w').write('5')
before = kib('VmRSS')
result = decode(Reference('c', audio_uri=sys.argv[1]), OPTIONS)
print((kib('VmHWM') - before) * 1024, result.audio.samples.nbytes)
'''


@pytest.mark.parametrize('name, codec, rate', [('a.wav', 'pcm_mulaw', 8000),
                                               ('a.flac', 'flac', 16000)])
def test_a_twenty_minute_call_takes_its_lanes_and_a_block(tmp_path, name, codec, rate):
    minute = np.random.default_rng(0).integers(-3000, 3000, (rate * 60, 2), np.int16)
    warm = encode(tmp_path / f'warm_{name}', minute[:rate], rate, codec)
    path = encode(tmp_path / name, np.tile(minute, (20, 1)), rate, codec)
    done = subprocess.run([sys.executable, '-c', PEAK, str(path), str(warm)], check=True,
                          capture_output=True, text=True, cwd=Path(__file__).parents[1])
    grown, lanes = map(int, re.findall(r'\d+', done.stdout))
    assert lanes == 1200 * rate * 2 * 2
    assert grown < lanes + 8 * 2**20


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_damage_to_a_file_does_anything_but_a_clear_refusal(tmp_path_factory, data):
    folder = tmp_path_factory.getbasetemp()
    name, codec, rate = data.draw(st.sampled_from(CUT))
    whole = folder / f'whole_{name}'
    if not whole.exists():
        encode(whole, tones(rate, 2, 1), rate, codec)
    content = bytearray(whole.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, 400) | st.integers(0, len(content) - 1)) % len(content)
        content[at] = data.draw(st.integers(0, 255))
    broken = folder / f'broken_{name}'
    broken.write_bytes(content)
    try:
        result = decoded(broken)
    except CallError as error:
        assert str(broken) in error.message
    else:
        assert result.audio.channels in (1, 2)
        assert result.audio.rate in (8000, 16000)
        assert 0 < result.duration_s <= OPTIONS.max_duration_s


def test_the_hash_is_that_of_the_files_bytes(tmp_path):
    one, two = tmp_path / 'one', tmp_path / 'two'
    one.write_bytes(b'1' * 3_000_000)
    two.write_bytes(b'2')
    first, second = (hashlib.sha256(path.read_bytes()).hexdigest() for path in (one, two))
    assert sha256_of(Reference('c', audio_uri=str(one))) == first
    assert sha256_of(pair(tmp_path, one, two)) == hashlib.sha256(
        (first + second).encode()).hexdigest()


def test_a_reference_without_recording_is_refused():
    with pytest.raises(CallError, match='names no recording'):
        decode(Reference('c', agent_audio_uri='a.wav'), OPTIONS)


def test_a_recording_in_another_filesystem_is_read_through_beam(tmp_path):
    from apache_beam.io.localfilesystem import LocalFileSystem

    class MemoryFileSystem(LocalFileSystem):
        @classmethod
        def scheme(cls):
            return 'memory'

        def open(self, path, mime_type='', compression_type=''):
            return io.BytesIO(stored[path])

    path = encode(tmp_path / 'a.flac', tones(16000, 2), 16000, 'flac')
    stored = {'memory://bucket/a.flac': path.read_bytes()}
    ref = Reference('c', audio_uri='memory://bucket/a.flac')
    assert np.array_equal(decode(ref, OPTIONS).audio.samples, decoded(path).audio.samples)
    assert sha256_of(ref) == hashlib.sha256(path.read_bytes()).hexdigest()
    assert MemoryFileSystem.scheme() == 'memory'


def test_a_filesystem_that_nobody_knows_is_refused():
    with pytest.raises(CallError, match='nosuch://'):
        decode(Reference('c', audio_uri='nosuch://bucket/a.wav'), OPTIONS)


def test_no_decoder_is_loaded_before_it_is_used():
    code = ("import sys, transforms.decode, pipeline.sources; "
            "print([m for m in ('av', 'apache_beam', 'torch', 'pyarrow') if m in sys.modules])")
    done = subprocess.run([sys.executable, '-c', code], check=True, capture_output=True, text=True,
                          cwd=Path(__file__).parents[1])
    assert done.stdout.strip() == '[]'
