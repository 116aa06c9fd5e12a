"""What is kept of the caller: applied to a batch before anything is done with it.

A worker, a landing file, a reject and a log line know of a caller what the tables will: nobody
has to remember to hide it. Hashed ids are equal where callers are, so that callbacks and
repeated calls are still found.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pipeline.manifest import json_of
from pipeline.rows import COLUMNS
from pipeline.sources import Batch
from pipeline.yaml_records import ConfigError
from transforms.conversation import Reference
from warehouse.records import Reject

HASHED = re.compile(r'hmac:[0-9a-f]{32}')
_LEAST_SECRET = 16  # bytes; phone numbers are few, so a shorter secret is guessed with them


@dataclass(frozen=True)
class PrivacyOptions:
    """What is kept of a call's caller and its recording's place. Not part of the fingerprint.

    Attributes:
      caller_id: `keep` it; `hash` it with the secret (HMAC-SHA256, 16 bytes); `drop` it. Unless
        it is kept, the caller's name is dropped.
      source_uri: `keep` it; `mask` it once the call is published: the audio's sha256 stands for
        it. Rejected calls keep theirs: without it they could not be tried again.
      salt_file: file that holds the secret, relative to the settings file.
      salt_env: environment variable that holds it, where there is no file.
    """

    caller_id: Literal['keep', 'hash', 'drop']
    source_uri: Literal['keep', 'mask']
    salt_file: str | None
    salt_env: str | None


def secret_of(options: PrivacyOptions) -> bytes:
    """The secret that ids are hashed with. Raises ConfigError where there is none, or too short."""
    if options.salt_file:
        path = Path(options.salt_file)
        try:
            secret, where = path.read_bytes().strip(), str(path)
        except OSError as error:
            raise ConfigError(f'privacy.salt_file: {path}: {error.strerror}. Write a secret of at '
                              f'least {_LEAST_SECRET} bytes there, such as `openssl rand -hex 32` '
                              'makes, and keep it: other ids come of another one') from None
    elif options.salt_env:
        secret = os.environb.get(options.salt_env.encode(), b'').strip()
        where = f'the environment variable {options.salt_env}'
    else:
        raise ConfigError('privacy.caller_id: `hash` needs a secret: name a file that holds one '
                          'as privacy.salt_file, or a variable as privacy.salt_env')
    if len(secret) < _LEAST_SECRET:
        raise ConfigError(f'privacy: {where} holds {len(secret)} bytes of secret; at least '
                          f'{_LEAST_SECRET} are needed, such as `openssl rand -hex 32` makes')
    return secret


def hashed(caller_id: str, secret: bytes) -> str:
    """The id that stands for a caller; one that stands for a caller already stays."""
    if HASHED.fullmatch(caller_id):
        return caller_id
    digest = hmac.new(secret, caller_id.encode('utf-8', 'surrogateescape'), hashlib.sha256)
    return f'hmac:{digest.hexdigest()[:32]}'


def forms_of(caller_id: str, options: PrivacyOptions) -> tuple[str, ...]:
    """Every form in which a caller may be stored: from before ids were hashed, too."""
    has_secret = bool(options.salt_file or options.salt_env)
    if options.caller_id == 'hash' or has_secret:
        return tuple(dict.fromkeys((caller_id, hashed(caller_id, secret_of(options)))))
    return (caller_id,)


def private(batch: Batch, options: PrivacyOptions) -> Batch:
    """The batch with of its callers what is to be kept. Raises ConfigError without a secret."""
    if options.caller_id == 'keep':
        return batch
    secret = secret_of(options) if options.caller_id == 'hash' else b''

    def told(caller_id: str) -> str | None:
        return hashed(caller_id, secret) if secret else None

    return replace(batch, references=tuple(_of_reference(ref, told) for ref in batch.references),
                   rejects=tuple(_of_reject(reject, told) for reject in batch.rejects))


def _of_reference(ref: Reference, told: Callable[[str], str | None]) -> Reference:
    return replace(ref, caller_id=told(ref.caller_id) if ref.caller_id else None,
                   manifest=_of_manifest(ref.manifest, told)[0])


def _of_reject(reject: Reject, told: Callable[[str], str | None]) -> Reject:
    """Of a row that was not admitted: its message may quote the caller as well."""
    if not reject.manifest:
        return reject
    manifest, quoted = _of_manifest(reject.manifest, told)
    blot = _Blot(quoted)
    return replace(reject, manifest=manifest, message=blot(reject.message),
                   value=None if reject.value is None else blot(reject.value))


def _of_manifest(text: str, told: Callable[[str], str | None],
                 ) -> tuple[str, dict[str, str]]:
    """The manifest row, and what stands in it for what it quoted of the caller."""
    try:
        row = json.loads(text)
    except ValueError:
        row = None
    if not isinstance(row, dict):
        return text, {}
    quoted: dict[str, str] = {}
    if (name := row.pop('caller_name', None)) not in (None, ''):
        quoted[str(name)] = '[caller_name]'
    caller_id = row.pop('caller_id', None)
    if caller_id not in (None, ''):
        new = told(str(caller_id).strip())
        quoted[str(caller_id).strip()] = new or '[caller_id]'
        row |= {'caller_id': new} if new else {}
    blot = _Blot(quoted)
    # Columns that are known mean what they say; in others the caller may be named once more.
    return json_of({key: value if key in COLUMNS else blot.all_of(value)
                    for key, value in row.items()}), quoted


class _Blot:
    """Puts other words in place of some, where they stand alone."""

    def __init__(self, instead: dict[str, str]):
        self._instead = instead
        words = '|'.join(re.escape(word) for word in sorted(instead, key=len, reverse=True))
        self._pattern = re.compile(rf'(?<![\w-])(?:{words})(?![\w-])') if words else None

    def __call__(self, text: str) -> str:
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda match: self._instead[match[0]], text)

    def all_of(self, value: Any) -> Any:
        """The same in every text of a JSON value."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, dict):
            return {key: self.all_of(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.all_of(item) for item in value]
        return value
