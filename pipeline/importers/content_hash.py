"""The `content_hash` of vCons: `sha512-` (256, 384) and the digest in base64url."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from io import BufferedReader, BytesIO

_HASH = re.compile(r'(sha256|sha384|sha512)-([A-Za-z0-9_+/-]+)={0,2}')


def agrees(file: BytesIO | BufferedReader, hashes: Iterable[str]) -> bool:
    """Whether the file is what was hashed; True where no hash is of a known kind.

    Of several the first is checked: they are of the same content.
    """
    told = next((match for text in hashes if (match := _HASH.fullmatch(text))), None)
    if told is None:
        return True
    digest = base64.urlsafe_b64encode(hashlib.file_digest(file, told[1]).digest())
    return digest.rstrip(b'=').decode() == told[2].replace('+', '-').replace('/', '_')
