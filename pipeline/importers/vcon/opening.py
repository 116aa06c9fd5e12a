"""vCons as JSON trees: signed ones unpacked, encrypted ones refused; and what lies inside them.

As draft-ietf-vcon-vcon-core has it, up to -04: a signed vCon is a JWS (RFC 7515) whose payload is
the vCon, an encrypted one a JWE (RFC 7516) whose plaintext is a signed one.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pipeline.importers.content_hash import agrees
from pipeline.importers.json_records import Record, RecordError

# Extensions that change nothing of what is read here; of others that are critical it is not known.
KNOWN_EXTENSIONS = frozenset({'cc', 'contact_center'})
_OLD_HASHES = {'SHA-256': 'sha256', 'SHA-384': 'sha384', 'SHA-512': 'sha512'}
_ALPHABET = re.compile(r'[A-Za-z0-9_-]*')


@dataclass(frozen=True)
class Opened:
    """A vCon as it was before it was signed."""

    record: Record
    signed: bool


def opened_vcon(record: Record) -> Opened:
    """The vCon of a record. Raises RecordError where it is encrypted, or none."""
    tree, signed = record.tree, False
    if 'ciphertext' in tree:
        raise RecordError('ciphertext', 'is that of an encrypted vCon (JWE)', 'Decrypt it with the '
                         'key of one of its recipients, then import it.')
    if 'payload' in tree and ('signatures' in tree or 'signature' in tree):
        record, signed = replace(record, tree=_payload(tree['payload'])), True
        tree = record.tree
    if not isinstance(tree.get('parties'), list) or not isinstance(tree.get('dialog'), list):
        raise RecordError('dialog', 'and parties are not both there', 'Give vCons (JSON), a file '
                          'or a line each.')
    critical = tree.get('critical') or tree.get('must_support') or []
    unknown = [str(name) for name in critical if str(name).lower() not in KNOWN_EXTENSIONS] \
        if isinstance(critical, list) else [str(critical)]
    if unknown:
        raise RecordError('critical', f'names an extension that is not known here: '
                         f'{", ".join(unknown)[:100]}', 'Import a vCon that does without it.')
    return Opened(record, signed)


def compact_payload(text: str) -> str | None:
    """The JSON of a JWS in its compact form, `header.payload.signature`; None if it is none.

    Raises RecordError for a JWE, which has five parts.
    """
    parts = text.strip().split('.')
    if len(parts) not in (3, 5) or not all(map(_ALPHABET.fullmatch, parts)):
        return None
    if len(parts) == 5:
        raise RecordError('vCon', 'is encrypted (JWE)', 'Decrypt it with the key of its recipient, '
                         'then import it.')
    return json.dumps({'payload': parts[1], 'protected': parts[0], 'signature': parts[2]})


def body_of(part: Mapping[str, Any]) -> bytes | None:
    """What a dialog or analysis holds inline; None where it holds nothing.

    Raises RecordError where it is not of the encoding that it names, or its content_hash differs.
    """
    body = part.get('body')
    if body is None or body == '':
        return None
    encoding = str(part.get('encoding') or ('none' if isinstance(body, str) else 'json')).lower()
    if encoding == 'base64url':
        data = base64url(body, 'body')
    elif encoding == 'json' and not isinstance(body, str):
        data = json.dumps(body).encode()
    elif encoding in ('none', 'json') and isinstance(body, str):
        data = body.encode('utf-8', 'replace')
    else:
        raise RecordError('encoding', f'{encoding[:20]!r} is none of base64url, json, none',
                         'Correct it.')
    if not agrees(io.BytesIO(data), hashes_of(part)):
        raise RecordError('content_hash', 'is not that of the content', 'It was changed or damaged '
                         'after the vCon was made: get it again.')
    return data


def base64url(text: Any, field: str) -> bytes:
    """Raises RecordError where it is no base64url, with padding or without."""
    try:
        whole = re.sub(r'\s+', '', text).rstrip('=')
        return base64.b64decode(whole + '=' * (-len(whole) % 4), b'-_', validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise RecordError(field, f'is not base64url ({error})', 'Export the vCon again.') from error


def hashes_of(part: Mapping[str, Any]) -> tuple[str, ...]:
    """What `content_hash` tells, one or a list; before draft 2025 it was `alg` and `signature`."""
    told = part.get('content_hash')
    if told is None and part.get('alg') in _OLD_HASHES and 'signature' in part:
        told = f'{_OLD_HASHES[part["alg"]]}-{part["signature"]}'
    return tuple(text for text in (told if isinstance(told, list) else [told])
                 if isinstance(text, str))


def _payload(text: Any) -> Mapping[str, Any]:
    try:
        tree = json.loads(base64url(text, 'payload'))
    except (ValueError, RecursionError) as error:
        if isinstance(error, RecordError):
            raise
        raise RecordError('payload', 'is not JSON', 'Export the vCon again.') from error
    if not isinstance(tree, dict):
        raise RecordError('payload', 'is no JSON object', 'Export the vCon again.')
    return tree
