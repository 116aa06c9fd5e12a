"""What draft-ietf-vcon-vcon-core-04 asks of the unsigned form of a vCon, as far as one without
attachments and transfers can break it. Numbers are the draft's sections."""

from __future__ import annotations

import re
import uuid
from datetime import datetime

DATE = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)')
HASH = re.compile(r'[a-z0-9]+-[A-Za-z0-9_-]+')
PARTY = {'tel', 'sip', 'stir', 'mailto', 'name', 'did', 'validation', 'gmlpos', 'uuid', 'type',
         'org', 'dept'}
CC_PARTY = {'role', 'contact_list'}  # draft-ietf-vcon-cc-extension-02, 3.1
DIALOG = {'type', 'start', 'duration', 'application', 'session_id', 'party_history', 'parties',
          'originator', 'recording_set', 'mediatype', 'filename', 'message_id', 'body', 'encoding',
          'url', 'content_hash'}
ANALYSIS = {'type', 'dialog', 'attachment', 'mediatype', 'filename', 'vendor', 'product', 'schema',
            'body', 'encoding', 'url', 'content_hash'}
ANALYSES = {'report', 'sentiment', 'summary', 'transcript', 'translation', 'tts'}
EVENTS = {'join', 'drop', 'hold', 'unhold', 'mute', 'unmute'}


def faults_of(doc):
    """What is wrong with it; nothing if it is a vCon."""
    return list(_faults(doc))


def _faults(doc):
    if doc.get('vcon', '0.4.0') != '0.4.0':
        yield '4.1.1: vcon is not 0.4.0'
    if not _is_uuid(doc.get('uuid')):
        yield '4.1.2: uuid is missing or none'
    if not _is_date(doc.get('created_at')):
        yield '4.1.5: created_at is missing or no RFC 3339 date'
    if 'redacted' in doc and 'amended' in doc:
        yield '4.1.8: redacted and amended exclude each other'
    if 'redacted' in doc and not isinstance(doc['redacted'].get('type'), str):
        yield '4.1.8.1: redacted has no type'
    if not any(doc.get(name) for name in ('parties', 'dialog', 'analysis', 'attachments')):
        yield '4: is empty'
    more = [name for party in doc.get('parties', []) for name in party if name not in PARTY]
    if more and ('CC' not in doc.get('extensions', []) or set(more) - CC_PARTY):
        yield f'4.1.3: {more} are of no extension that is named'
    for party in doc.get('parties', []):
        if not all(isinstance(value, str) for value in party.values()):
            yield '4.2: a parameter of a party is no string'
        if 'name' in party and 'validation' not in party:
            yield '4.2.7: a name without how it was validated'
    for one in doc.get('dialog', []):
        yield from _dialog(one, len(doc['parties']))
    for one in doc.get('analysis', []):
        yield from _analysis(one, len(doc['dialog']))


def _dialog(one, parties):
    if one.get('type') != 'recording':
        yield f'4.3.1: type {one.get("type")}'
    if set(one) - DIALOG:
        yield f'4.3: unknown {set(one) - DIALOG}'
    if 'start' in one and not _is_date(one['start']):
        yield '4.3.2: start is no RFC 3339 date'
    if not (isinstance(one.get('duration', 0), int | float) and one.get('duration', 0) >= 0):
        yield '4.3.3: duration'
    if not _is_parties(one.get('parties'), parties):
        yield '4.3.4: parties are no indices'
    first = one['parties'][0] if isinstance(one['parties'], list) else one['parties']
    if 'originator' in one and (one['originator'] not in range(parties)
                                or one['originator'] == first):
        yield '4.3.5: originator is given only where it is not the first party'
    for event in one.get('party_history', []):
        if event['party'] not in range(parties) or event['event'] not in EVENTS or not _is_date(
                event['time']):
            yield f'4.3.13.1: {event}'
    yield from _content(one)


def _analysis(one, dialogs):
    if one.get('type') not in ANALYSES:
        yield f'4.5.1: type {one.get("type")}'
    if set(one) - ANALYSIS:
        yield f'4.5: unknown {set(one) - ANALYSIS}'
    if not isinstance(one.get('vendor'), str):
        yield '4.5.6: vendor is missing'
    over = one.get('dialog')
    if not all(n in range(dialogs) for n in (over if isinstance(over, list) else [over])):
        yield '4.5.2: dialog is no index'
    if 'body' not in one:
        yield '4.5.9: no body'
    yield from _content(one)


def _content(one):
    if ('body' in one) != ('encoding' in one):
        yield '2.3: body and encoding go together'
    if one.get('encoding', 'json') not in ('json', 'none', 'base64url'):
        yield '2.3.2: encoding'
    if one.get('encoding') in ('none', 'base64url') and not isinstance(one['body'], str):
        yield '2.3.2: body is no string'
    if ('url' in one) != ('content_hash' in one):
        yield '2.4: url and content_hash go together'
    if 'url' in one and not one['url'].startswith('https://'):
        yield '2.4.1: url is not HTTPS'
    if 'content_hash' in one and not HASH.fullmatch(one['content_hash']):
        yield '2.2: ContentHash'
    if 'body' in one and '/' not in one.get('mediatype', ''):
        yield '4.3.8: what is inline needs its media type'


def _is_parties(value, count):
    if isinstance(value, list):
        return all(one is None or _is_parties(one, count) for one in value)
    return type(value) is int and 0 <= value < count


def _is_uuid(text):
    try:
        return str(uuid.UUID(text)) == text
    except (TypeError, ValueError, AttributeError):
        return False


def _is_date(text):
    return isinstance(text, str) and bool(DATE.fullmatch(text)) and bool(
        datetime.fromisoformat(text.replace('Z', '+00:00')))
