"""What a published call says of where its recording lies."""

from __future__ import annotations

import json
from dataclasses import replace

from warehouse.records import Call

_URIS = ('audio_uri', 'agent_audio_uri', 'caller_audio_uri', 'transcript_uri')
_DIGITS = 16


def without_places(call: Call) -> Call:
    """The call with the start of its audio's sha256 in place of every path and address.

    Names of files and folders often hold a caller's number. Whoever has the recordings still
    finds one by its hash.
    """
    row = json.loads(call.manifest or '{}')
    manifest = json.dumps({key: value for key, value in row.items() if key not in _URIS},
                          sort_keys=True, ensure_ascii=False)
    return replace(call, source_uri=f'sha256:{call.audio_sha256[:_DIGITS]}', manifest=manifest)
