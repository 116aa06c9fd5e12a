"""What the doctor looks at on the machine itself: packages, codecs, memory, disk, GPU."""

from __future__ import annotations

import ctypes
import importlib.metadata
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

from pipeline.doctor import MISSING, NOTE, OK, Finding
from pipeline.run import usable_cores
from pipeline.settings import Settings
from transforms.transcribe import EngineError, resolve_engine, weights
from warehouse.errors import WarehouseError
from warehouse.files import locked

OLDEST, NEWEST = (3, 10), (3, 13)  # setup.py: python_requires
DISTRIBUTION = 'call-etiquette'
LOCK = Path(__file__).parent.parent / 'requirements.lock'
INSTALL = 'make setup'
# What telephone systems record in, by FFmpeg's names.
CODECS = {'G.711': ('pcm_mulaw', 'pcm_alaw'), 'G.722': ('g722',), 'G.726': ('adpcm_g726',),
          'G.729': ('g729',), 'GSM': ('gsm', 'gsm_ms'), 'AMR': ('amrnb', 'amrwb'),
          'Opus': ('opus',), 'MP3': ('mp3float',), 'AAC': ('aac',), 'FLAC': ('flac',)}
# Resident memory of a worker in MB, on the safe side of what `make bench` measures: without words,
# with pocketsphinx; what torch takes; and an hour of two channels at 16 kHz.
BASE_MB, TORCH_MB, HOUR_MB = {'none': 300, 'provided': 300, 'pocketsphinx': 420}, 700, 230
LEAST_DISK_GB = 1.0


def python() -> Iterator[Finding]:
    version = f'{sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}'
    fits = OLDEST <= sys.version_info[:2] <= NEWEST
    yield Finding('Python', OK if fits else MISSING, version,
                  '' if fits else 'make setup PYTHON=python3.11')


def packages() -> Iterator[Finding]:
    """Every package that the program needs, against the versions it was tested with."""
    locked_at = lock(LOCK.read_text(encoding='utf-8')) if LOCK.is_file() else {}
    absent, other = [], []
    versions = {}
    for name in sorted(_needed(locked_at)):
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            absent.append(name)
            continue
        expected = locked_at.get(name)
        if expected and versions[name].split('+')[0] != expected:
            other.append(f'{name} {versions[name]} (tested with {expected})')
    if absent:
        yield Finding('packages', MISSING, f'not installed: {", ".join(absent)}', INSTALL)
    if other:
        yield Finding('packages', NOTE, '; '.join(other), INSTALL)
    if not absent and not other:
        against = 'as in requirements.lock' if locked_at else 'installed'
        yield Finding('packages', OK, f'{len(versions)} {against}')
    named = [f'{name} {versions[name]}' for name in
             ('whisperx', 'pyannote-audio', 'torch', 'ctranslate2', 'onnxruntime', 'av')
             if name in versions]
    yield Finding('engines', OK if len(named) == 6 else MISSING, ', '.join(named),
                  '' if len(named) == 6 else INSTALL)


def lock(text: str) -> dict[str, str]:
    """Package -> version of the lines of a lock file that are for this machine."""
    from packaging.requirements import Requirement
    out = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith(('#', '-', ' ')):
            wanted = Requirement(line)
            if wanted.marker is None or wanted.marker.evaluate():
                out[_normal(wanted.name)] = str(wanted.specifier).removeprefix('==')
    return out


def _needed(locked_at: dict[str, str]) -> set[str]:
    """What the distribution requires, and what that requires, as far as the lock has it."""
    from packaging.requirements import Requirement
    queue, seen = [DISTRIBUTION], set()
    while queue:
        try:
            requires = importlib.metadata.requires(queue.pop()) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        for wanted in map(Requirement, requires):
            name = _normal(wanted.name)
            if name in seen or (locked_at and name not in locked_at):
                continue
            if wanted.marker is None or wanted.marker.evaluate({'extra': ''}):
                seen.add(name)
                if locked_at:  # without a lock, what is required directly must do
                    queue.append(name)
    # Of a CPU-only torch: the lock is for both.
    return {name for name in seen if not name.startswith(('nvidia-', 'triton'))}


def _normal(name: str) -> str:
    return name.lower().replace('_', '-').replace('.', '-')


def codecs() -> Iterator[Finding]:
    try:
        from av.codec import Codec
        from av.codec.codec import UnknownCodecError
    except ImportError as error:
        yield Finding('codecs', MISSING, f'PyAV cannot be imported ({error})', INSTALL)
        return
    absent = []
    for name, decoders in CODECS.items():
        for decoder in decoders:
            try:
                Codec(decoder, 'r')
            except UnknownCodecError:
                absent.append(f'{name} ({decoder})')
    if absent:
        yield Finding('codecs', NOTE, f'this FFmpeg cannot decode {", ".join(absent)}',
                      'pip install --force-reinstall av (its wheel, not a build of your own)')
    else:
        yield Finding('codecs', OK, ', '.join(CODECS))


def time_zones(settings: Settings) -> Iterator[Finding]:
    names = dict.fromkeys((settings.timezone, settings.source.timezone or 'UTC',
                           'Europe/Berlin'))  # one with daylight saving
    try:
        for name in names:
            ZoneInfo(name)
        yield Finding('time zones', OK, f'{settings.timezone} for call_date')
    except (OSError, ValueError) as error:
        yield Finding('time zones', MISSING, f'no time zone data ({error})', 'pip install tzdata')


def gpu(settings: Settings) -> Iterator[Finding]:
    devices = {settings.diarize.device, settings.transcribe.whisperx.device}
    asked = any(device.startswith('cuda') for device in devices)
    found, why = _cuda()
    if found and not _torch_has_cuda():
        found, why = '', f'{found} is there, but torch is a build without CUDA'
    if found:
        yield Finding('GPU', OK, found)
    elif asked:
        yield Finding('GPU', MISSING, why, 'install the NVIDIA driver, or set device: auto in the '
                                           'config')
    else:
        yield Finding('GPU', NOTE if 'auto' in devices else OK, f'{why}: models run on the CPU')


def _cuda() -> tuple[str, str]:
    """(what GPUs there are, why there are none), by the driver itself."""
    try:
        driver = ctypes.CDLL('libcuda.so.1')
    except OSError:
        return '', 'no NVIDIA driver'
    if code := driver.cuInit(0):
        return '', f'the NVIDIA driver does not start (CUDA error {code})'
    count = ctypes.c_int()
    driver.cuDeviceGetCount(ctypes.byref(count))
    names = []
    for device in range(count.value):
        name, size = ctypes.create_string_buffer(100), ctypes.c_size_t()
        driver.cuDeviceGetName(name, len(name), device)
        driver.cuDeviceTotalMem_v2(ctypes.byref(size), device)
        names.append(f'{name.value.decode(errors="replace")}, {size.value / 2**30:.0f} GB')
    return '; '.join(names), 'the NVIDIA driver sees no GPU'


def _torch_has_cuda() -> bool:
    try:
        return '+cpu' not in importlib.metadata.version('torch')
    except importlib.metadata.PackageNotFoundError:
        return False


def memory(settings: Settings) -> Iterator[Finding]:
    import psutil

    cores, workers = usable_cores(), settings.workers or usable_cores()
    yield Finding('cores', OK if workers <= cores else NOTE,
                  f'{cores} usable, {workers} workers', '' if workers <= cores else
                  f'workers: {cores} or fewer')
    free_mb = psutil.virtual_memory().available / 2**20
    worker_mb = worker_memory_mb(settings)
    told = (f'{free_mb / 1000:.1f} GB free; {workers} workers with a call of an hour each take '
            f'about {workers * worker_mb / 1000:.1f} GB')
    fewer = int(free_mb // worker_mb)
    if free_mb < worker_mb:
        yield Finding('memory', MISSING, told, 'a larger machine, or a smaller Whisper')
    elif fewer < workers:
        yield Finding('memory', NOTE, told, f'workers: {fewer}')
    else:
        yield Finding('memory', OK, told)
    if 0 < settings.limits.memory_mb < worker_mb:
        yield Finding('memory', NOTE, f'limits.memory_mb is {settings.limits.memory_mb}, a worker '
                                      f'takes about {worker_mb:.0f}', 'raise limits.memory_mb')


def worker_memory_mb(settings: Settings) -> float:
    """What a worker takes with a call of an hour, estimated from its engine's weights."""
    try:
        engine = resolve_engine(settings.transcribe).name
    except EngineError:
        engine = 'whisperx'
    if engine in BASE_MB:
        return float(BASE_MB[engine] + HOUR_MB)
    options = settings.transcribe.whisperx
    folder = weights.whisper_folder(options)
    whisper_mb = (folder / 'model.bin').stat().st_size / 2**20 if folder else 0.0
    return BASE_MB['none'] + TORCH_MB + HOUR_MB + whisper_mb


def warehouse(root: Path) -> Iterator[Finding]:
    """Whether the folder can be written and locked; a new one is looked at where it would be."""
    there = root
    while not there.exists():
        there = there.parent
    try:
        with tempfile.TemporaryDirectory(dir=there) as name, locked(Path(name), timeout_s=0):
            pass
    except (OSError, WarehouseError) as error:
        yield Finding('warehouse', MISSING, f'{there} cannot be written and locked ({error})',
                      '--warehouse DIR, on a local disk')
        return
    yield Finding('warehouse', OK, f'{root}{"" if root.exists() else " (made at the first run)"}, '
                                   'can be written and locked')
    free_gb = shutil.disk_usage(there).free / 1e9
    yield Finding('disk', OK if free_gb >= LEAST_DISK_GB else NOTE, f'{free_gb:.1f} GB free',
                  '' if free_gb >= LEAST_DISK_GB else 'make room')
