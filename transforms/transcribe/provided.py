"""The words of a transcript that comes with the recording, given to the lanes that said them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import permutations

from transforms.conversation import Audio, Lane, Reference
from transforms.errors import CallError
from transforms.intervals import Span, intersect, total, union
from transforms.media import open_uri
from transforms.transcribe.seam import NONE, OK, TranscribeOptions, Transcript, base_language
from transforms.transcribe.segments import Word, clip_words, share_out, to_words
from transforms.transcribe.transcripts import Reading, Said, TranscriptError, read_transcript
from warehouse.records import Words

NAME = 'provided'
AGENT_LABELS = frozenset({'agent', 'operator', 'representative', 'advisor', 'adviser', 'rep'})
CALLER_LABELS = frozenset({'caller', 'customer', 'client', 'user'})
LATE_S = 2.0  # words so long after the recording's end are of another recording
PERMUTED = 4  # labels at most that are matched with the lanes in every way


def provided_words(audio: Audio, ref: Reference, lanes: tuple[Lane, ...], language: str | None,
                   options: TranscribeOptions) -> Transcript:
    """The words of `ref.transcript_uri`, by lane.

    A word goes to the lane of its channel, else to that of its label (agent or caller by role or
    by the manifest's names, where the agent's channel is known; else the lane whose speech its
    words fit best), else to the lane whose speech covers it.

    Raises CallError, naming the file and the place in it, where it cannot be read.
    """
    reading = _read(ref, base_language(language) or options.language, options.provided.max_mb)
    spoken = base_language(language) or base_language(reading.language) or options.language
    if not lanes:
        return Transcript((), spoken, NAME, reading.kind, NONE, 'nobody speaks')
    latest = max((said.word.end_s or 0.0 for said in reading.said), default=0.0)
    if latest > audio.duration_s + LATE_S:
        raise _error(ref, f'has words until {latest:.1f} s, but the recording ends at '
                          f'{audio.duration_s:.1f} s')
    words = tuple(to_words(clip_words(_in_order(part), lane.speech, options.word_slack_s))
                  for part, lane in zip(_by_lane(reading.said, lanes, ref), lanes, strict=True))
    if not any(len(part) for part in words):
        return Transcript((Words(),) * len(lanes), spoken, NAME, reading.kind, NONE,
                          'the transcript is empty')
    return Transcript(words, spoken, NAME, reading.kind, OK)


def _read(ref: Reference, language: str | None, max_mb: float) -> Reading:
    limit = int(max_mb * 1_000_000)
    assert ref.transcript_uri is not None
    try:
        with open_uri(ref.transcript_uri) as file:
            data = file.read(limit + 1)
    except (OSError, CallError) as error:
        raise _error(ref, f'cannot be opened ({error})') from error
    if len(data) > limit:
        raise _error(ref, f'is larger than {max_mb:g} MB')
    try:
        return read_transcript(data, language)
    except TranscriptError as error:
        raise _error(ref, str(error)) from None


def _error(ref: Reference, what: str) -> CallError:
    return CallError(f'{ref.transcript_uri}: {what}', field='transcript_uri',
                     value=ref.transcript_uri,
                     way_out='Correct the transcript, or take transcript_uri out of the manifest '
                             'to have the recording transcribed.')


def _by_lane(said: Sequence[Said], lanes: tuple[Lane, ...], ref: Reference) -> list[list[Word]]:
    channels = {lane.channel: index for index, lane in enumerate(lanes)}
    by_channel = channels if len(channels) == len(lanes) else {}
    by_label = _lanes_of_labels(said, lanes, ref)
    parts: list[list[Word]] = [[] for _ in lanes]
    unknown: list[Word] = []
    for word, label, channel in said:
        lane = by_channel.get(channel) if channel is not None else None
        if lane is None and label is not None:
            lane = by_label.get(label)
        if lane is None:
            unknown.append(word)
        else:
            parts[lane].append(word)
    for part, more in zip(parts, share_out(unknown, lanes), strict=True):
        part += more
    return parts


def _lanes_of_labels(said: Iterable[Said], lanes: tuple[Lane, ...],
                     ref: Reference) -> dict[str, int]:
    spans: dict[str, list[Span]] = defaultdict(list)
    for word, label, _ in said:
        if label is not None:
            spans[label] += ([(word.start_s, word.end_s)]
                             if word.start_s is not None and word.end_s is not None else [])
    known = _lanes_of_roles(spans, lanes, ref)
    rest = [label for label in spans if label not in known]
    return {**known, **_best_fit({label: union(spans[label]) for label in rest}, lanes)}


def _lanes_of_roles(labels: Iterable[str], lanes: tuple[Lane, ...],
                    ref: Reference) -> dict[str, int]:
    """The labels that say who speaks, where it is known which lane the agent's is."""
    agent_channel = 0 if ref.agent_audio_uri else ref.agent_channel
    channels = [lane.channel for lane in lanes]
    if len(lanes) != 2 or agent_channel not in channels or channels[0] == channels[1]:
        return {}
    agent = channels.index(agent_channel)
    row = json.loads(ref.manifest)
    agents = {*AGENT_LABELS, str(row.get('agent_name') or 'agent').lower()}
    callers = {*CALLER_LABELS, str(row.get('caller_name') or 'caller').lower()}
    return {label: agent if label.lower() in agents else 1 - agent for label in labels
            if label.lower() in agents | callers}


def _best_fit(labels: dict[str, list[Span]], lanes: tuple[Lane, ...]) -> dict[str, int]:
    """Each label to a lane so that the labels' words cover the lanes' speech best.

    As many labels as lanes: no two share one. More: each to its own best (several agents).
    """
    fits = {label: [total(intersect(spans, lane.speech)) for lane in lanes]
            for label, spans in labels.items()}
    if 0 < len(labels) <= len(lanes) <= PERMUTED:
        best = max(permutations(range(len(lanes)), len(labels)),
                   key=lambda way: sum(fits[label][lane]
                                       for label, lane in zip(labels, way, strict=True)))
        return dict(zip(labels, best, strict=True))
    return {label: max(range(len(lanes)), key=fit.__getitem__) for label, fit in fits.items()}


def _in_order(words: list[Word]) -> list[Word]:
    """Words that came from several places of the file, by time; untimed ones stay where they are
    after the word before them."""
    keys, last = [], 0.0
    for word in words:
        last = word.start_s if word.start_s is not None else last
        keys.append(last)
    return [words[index] for index in sorted(range(len(words)), key=keys.__getitem__)]
