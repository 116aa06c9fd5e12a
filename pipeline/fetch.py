"""Fetching files from the places that models are published at, whole or not at all.

Used by `etiquette models pull` alone: nothing else in the program opens a connection.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

TRIES = 3
PAUSE_S = 1.0  # before the second try; twice as long before the third
TIMEOUT_S = 60.0  # without a byte
PART = '.part'
_BLOCK = 1 << 20
_SHA = re.compile(r'[0-9a-f]{7,64}')
KEPT = 'what is fetched is kept, the same command goes on from there.'


class FetchError(RuntimeError):
    """A file cannot be had; the message names the way out."""

    def __init__(self, message: str, way_out: str):
        super().__init__(f'{message}. {way_out}')


@dataclass(frozen=True)
class File:
    """A file to fetch.

    Attributes:
      url: where it is.
      path: where it goes, relative to the folder of models.
      size: in bytes, None where not told.
      digest: what its content must come to: 'sha256:...', or 'git:...' (SHA-1 of a git blob);
        None where its publisher tells none.
    """

    url: str
    path: str
    size: int | None = None
    digest: str | None = None


@dataclass(frozen=True)
class Repository:
    """A model on the hub at one revision."""

    name: str
    revision: str
    files: tuple[File, ...]

    @property
    def folder(self) -> str:
        """Where the hub's own clients look for it in a cache."""
        return f'models--{self.name.replace("/", "--")}'


def hub() -> str:
    """The hub, or the mirror of it that HF_ENDPOINT names, as the hub's own clients take it."""
    return os.environ.get('HF_ENDPOINT', 'https://huggingface.co').rstrip('/')


def list_repository(name: str, wanted: Callable[[list[str]], set[str]]) -> Repository:
    """The latest revision of a model on the hub, and those of its files that are wanted.

    Raises FetchError where the hub cannot be reached or does not give the model.
    """
    url = f'{hub()}/api/models/{name}/revision/main?blobs=true'
    with _open(url, name) as answer:
        try:
            told = json.load(answer)
            revision, siblings = str(told['sha']), told['siblings']
            names = wanted([str(sibling['rfilename']) for sibling in siblings])
        except (ValueError, KeyError, TypeError) as error:
            raise FetchError(f'{hub()} does not answer as the hub does ({error!r})',
                             'Correct HF_ENDPOINT.') from error
    if not _SHA.fullmatch(revision):
        raise FetchError(f'{hub()} names no revision of {name}', 'Correct HF_ENDPOINT.')
    root = f'models--{name.replace("/", "--")}/snapshots/{revision}'
    return Repository(name, revision, tuple(
        _file_of(name, revision, root, sibling) for sibling in siblings
        if sibling['rfilename'] in names))


def _file_of(name: str, revision: str, root: str, sibling: dict[str, Any]) -> File:
    file = sibling['rfilename']
    if PurePosixPath(file).is_absolute() or '..' in PurePosixPath(file).parts:
        raise FetchError(f'{name} holds a file that would leave its folder: {file}',
                         'Do not use this model.')
    lfs, blob = sibling.get('lfs') or {}, sibling.get('blobId')
    digest = f'sha256:{lfs["sha256"]}' if lfs.get('sha256') else f'git:{blob}' if blob else None
    return File(f'{hub()}/{name}/resolve/{revision}/{urllib.parse.quote(file)}', f'{root}/{file}',
                lfs.get('size') or sibling.get('size'), digest)


def size_of(url: str) -> int | None:
    """The size of a file in bytes, where its server tells. Raises FetchError."""
    with _open(url, url, method='HEAD') as answer:
        length = answer.headers.get('Content-Length')
        return int(length) if length else None


def fetch(file: File, folder: Path, on_bytes: Callable[[int], None]) -> str:
    """Fetches a file into the folder; its sha256. `on_bytes` hears how much of it is there.

    It is written under a temporary name, taken up where an earlier try broke off, checked, and
    only then renamed. Raises FetchError.
    """
    path = folder / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + PART)
    for left in range(TRIES - 1, -1, -1):
        try:
            _load(file, part, on_bytes)
            break
        except (OSError, http.client.HTTPException) as error:  # the connection broke off
            if isinstance(error, OSError) and error.errno in (28, 122):  # disk full, over quota
                raise FetchError(f'{part} cannot be written: {error.strerror}',
                                 f'Make room; {KEPT}') from error
            if not left:
                raise unreachable(file.url, error) from error
            time.sleep(PAUSE_S * (TRIES - left))
    sha256 = _checked(file, part)
    part.replace(path)
    return sha256


def _load(file: File, part: Path, on_bytes: Callable[[int], None]) -> None:
    had = part.stat().st_size if part.exists() else 0
    if had == file.size:
        return
    if file.size is not None and had > file.size:
        had = 0
    with _open(file.url, file.path, first_byte=had) as answer:
        if answer.status != 206:  # the server begins again
            had = 0
        with part.open('ab' if had else 'wb') as out:
            while block := answer.read(_BLOCK):
                out.write(block)
                had += len(block)
                on_bytes(had)
        if answer.length:  # what the server had said and did not send
            raise http.client.IncompleteRead(b'', answer.length)


def _checked(file: File, part: Path) -> str:
    size = part.stat().st_size
    sha256, git = hashlib.sha256(), hashlib.sha1(b'blob %d\0' % size, usedforsecurity=False)
    with part.open('rb') as content:
        while block := content.read(_BLOCK):
            sha256.update(block)
            git.update(block)
    found = {'sha256': sha256.hexdigest(), 'git': git.hexdigest()}
    kind, _, expected = (file.digest or '').partition(':')
    if (expected and found[kind] != expected) or (file.size is not None and size != file.size):
        part.unlink()
        raise FetchError(f'{file.url} came damaged: {size} bytes that are not what was announced',
                         f'Try again; {KEPT}')
    return found['sha256']


def sha256_of_file(path: Path) -> str:
    """The sha256 of a file, in hex."""
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _open(url: str, what: str, method: str = 'GET', first_byte: int = 0) -> Any:
    request = urllib.request.Request(url, method=method,
                                     headers={'User-Agent': 'call-etiquette'})
    if first_byte:
        request.add_header('Range', f'bytes={first_byte}-')
    token = os.environ.get('HF_TOKEN')
    if token and url.startswith(hub() + '/'):
        # Unredirected: the hub sends on to storage elsewhere, which must not see the token.
        request.add_unredirected_header('Authorization', f'Bearer {token}')
    try:
        return urllib.request.urlopen(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        error.close()
        raise _refused(url, what, error) from error
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise unreachable(url, error) from error
    except (http.client.HTTPException, ValueError) as error:
        raise FetchError(f'{url} cannot be asked ({error})', 'Correct HF_ENDPOINT.') from error


def _refused(url: str, what: str, error: urllib.error.HTTPError) -> FetchError:
    if error.code in (401, 403):
        repository = '/'.join(urllib.parse.urlsplit(url).path.removeprefix('/api/models/')
                              .strip('/').split('/')[:2])
        return FetchError(
            f'the hub does not give {repository} ({error.code}): its terms are not accepted, or '
            'there is no such model',
            f'Accept its terms at {hub()}/{repository} and set HF_TOKEN to a token of that '
            'account; or correct its name in the config.')
    if error.code == 404:
        return FetchError(f'there is no {what} ({url})', 'Correct its name in the config.')
    return FetchError(f'{url} answers {error.code} {error.reason}', f'Try again later; {KEPT}')


def unreachable(url: str, error: Exception) -> FetchError:
    """That no connection came about, or it broke off for good."""
    host = urllib.parse.urlsplit(url).netloc
    reason = getattr(error, 'reason', None) or error
    return FetchError(
        f'{host} cannot be reached ({reason})',
        'Run `etiquette models pull` on a machine with a network (HTTPS_PROXY is heeded) and copy '
        f'its folder; {KEPT}')
