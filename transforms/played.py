"""What is played down the line to a parked caller: music, and the announcements in between.

Still lines tell most music (`transforms.music`). The rest needs an ear for speech: what goes on
without being spoken, and shows a trace of lines or of a beat, is played too. Without such an ear
only the former is found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np

from transforms.bands import best_match, frame_s, repetition
from transforms.conversation import Sound
from transforms.edges import place_edges, trim
from transforms.intervals import Span, covered, intersect, subtract, total, union
from transforms.music import (
    Lines,
    MusicOptions,
    Piece,
    PromptOptions,
    UnspokenOptions,
    find_tonal,
)
from transforms.spectrum import SpectrumOptions, floor_of, runs

NEAR_S = 2.5  # edges of one piece, found in two ways, lie so near to each other
AFRESH = 4  # seconds before a piece's end from which the ear for speech listens to it again
VOICE_GAP_S = 0.5
CONTEXT_S = 0.3  # heard on both sides of a gap
EDGE_S = 0.1  # a piece this near to the end of where it was looked for goes on there
SMOOTH_S = 0.2  # over which channels are compared
BESIDE_S = 10.0  # of music on either side of a gap, compared with it
HEARD_ONCE = 0.6  # sure of an announcement that no second hearing of it proves to be a recording
Voices = Callable[[float, float], list[Span]]  # speech of a channel, heard between two instants


@dataclass(frozen=True, eq=False)
class Channel:
    """A channel as it is looked at here.

    Attributes:
      lines: what stands still in it.
      levels: power of the speech band, a value a spectrum frame.
      bands_db: loudness of its bands, as many values in time as the fingerprint has.
      marks: its fingerprint.
      lines_heard: the strongest line of each spectrum frame.
      tones: when call-progress tones and warning beeps were heard; they are never music.
      voices: its ear for speech, None if there is none.
    """

    channel: int
    lines: Lines
    levels: np.ndarray
    bands_db: np.ndarray
    marks: np.ndarray
    lines_heard: np.ndarray
    tones: Sequence[Span]
    voices: Voices | None


def find_music(heard: Channel, others: Sequence[Channel], spectrum: SpectrumOptions,
               options: MusicOptions) -> list[Sound]:
    """The music in a channel, piece by piece, and the announcements between pieces, in order.

    Pieces less than `join_s` apart are one if nobody speaks in between.

    Args:
      others: the other channels.
    """
    pieces = find_tonal(heard.lines, heard.levels, spectrum, options)
    if heard.voices:
        pieces = _merged(pieces, _find_unspoken(heard, pieces, spectrum, options))
    if others:  # lanes of one party each, whose loudness is a measure
        pieces = [piece for piece in pieces if _is_played(
            heard.lines, (piece.start_s, piece.end_s), options.unspoken)]
    pieces = _placed(pieces, heard, spectrum, options)
    groups = _groups(pieces, heard, others, spectrum, options)
    prompts = _find_prompts(groups, heard, others, spectrum, options) if heard.voices else []
    beside = {i for after, _ in prompts for i in (after, after + 1)}
    sounds = [_sound(group, heard.channel, options) for i, group in enumerate(groups)
              if i in beside or _is_long(group, options)]
    return sorted([*sounds, *(prompt for _, prompt in prompts)], key=lambda s: s.start_s)


def _find_unspoken(heard: Channel, tonal: Sequence[Piece], spectrum: SpectrumOptions,
                   options: MusicOptions) -> list[Piece]:
    """Pieces with a trace of music that go on unspoken."""
    trace = _traces(heard, spectrum, options)
    known = [(p.start_s, p.end_s) for p in tonal]
    pieces: list[Piece] = []
    for start, end in union([*trace, *known], 2 * options.unspoken.reach_s):
        reach = options.unspoken.reach_s
        while True:
            span = (max(0.0, start - reach), end + reach)
            found = _unspoken_in(span, trace, heard, spectrum, options)
            if not any(p.start_s - span[0] < EDGE_S < span[0] or span[1] - p.end_s < EDGE_S
                       for p in found):
                break
            reach *= 2  # it goes on where nobody looked
        pieces += found
    return pieces


def _unspoken_in(span: Span, trace: Sequence[Span], heard: Channel, spectrum: SpectrumOptions,
                 options: MusicOptions) -> list[Piece]:
    rule = options.unspoken
    sounding = subtract(_sounding(heard.levels, span, spectrum, options), heard.tones)
    if max((b - a for a, b in union(sounding, rule.pause_s)), default=0.0) < options.min_s:
        return []
    assert heard.voices is not None
    voices = heard.voices(*span)
    spoken = union([(a - rule.voice_pad_s, b + rule.voice_pad_s) for a, b in voices])
    out = []
    for a, b in union(subtract(sounding, spoken), rule.pause_s):
        if (b - a >= options.min_s and covered((a, b), trace) >= rule.share * (b - a)
                and covered((a, b), voices) <= rule.spoken * (b - a)
                and _is_played(heard.lines, (a, b), rule)):
            end = _last_note(a, b, sounding, heard.voices, rule)
            out.append(Piece(a, end, heard.lines.share(a, end)))
    return out


def _is_played(lines: Lines, span: Span, rule: UnspokenOptions) -> bool:
    """Whether a piece is nearly as loud as what else the channel carries."""
    part = slice(round(span[0] / lines.segment_s), round(span[1] / lines.segment_s) + 1)
    usual = 10 * np.log10(floor_of(10 ** (lines.dbfs / 10), 0.95) + 1e-11)
    return bool(np.quantile(lines.dbfs[part], 0.9) >= usual - rule.quieter_db)


def _last_note(start_s: float, end_s: float, sounding: Sequence[Span], voices: Voices,
               rule: UnspokenOptions) -> float:
    """Where a piece ends, if not with the speech after it: music makes the ear for speech deaf
    for a second or two, so it listens afresh to the end, from some instants on."""
    spoken = union((span for back in range(1, AFRESH + 1)
                    for span in voices(end_s - back, end_s + 1.0)), VOICE_GAP_S)
    begins = [a for a, b in spoken if b >= end_s - rule.voice_pad_s]
    if not begins:
        return end_s
    before = intersect(sounding, [(start_s, min(begins) - rule.voice_pad_s)])
    return before[-1][1] if before else end_s


def _traces(heard: Channel, spectrum: SpectrumOptions, options: MusicOptions) -> list[Span]:
    """Where windows show a trace of still lines or of a beat."""
    rule, segment_s, step_s = options.unspoken, heard.lines.segment_s, frame_s(spectrum)
    near = heard.lines.near(rule.window_s, rule.score, options.active)
    spans = [(a * segment_s, b * segment_s) for a, b in runs(near)]
    window, step = round(rule.window_s / step_s), round(1.0 / step_s)
    likeness = repetition(heard.marks, window, step, round(rule.lag_min_s / step_s),
                          round(rule.lag_max_s / step_s))
    for first, last in runs(likeness >= rule.repeats):
        if last - first >= rule.repeats_windows:
            begin, end = first * step * step_s, ((last - 1) * step + window) * step_s
            spans.append((begin + rule.window_s / 4, end - rule.window_s / 4))
    return union(spans)


def _sounding(levels: np.ndarray, span: Span, spectrum: SpectrumOptions,
              options: MusicOptions) -> list[Span]:
    """Where the channel stands out of its noise within a span."""
    rule, hop_s = options.unspoken, spectrum.hop_s
    first = round(span[0] / hop_s)
    db = 10 * np.log10(levels[first:round(span[1] / hop_s)] + 1e-12)
    if not len(db):
        return []
    loud = float(np.quantile(db, 0.9))
    floor = 10 * np.log10(floor_of(levels) + 1e-12) + options.floor_db
    limit = max(options.min_dbfs, loud - rule.under_db, min(floor, loud - options.floor_db))
    return [((first + a) * hop_s, (first + b) * hop_s) for a, b in runs(db > limit)]


def _merged(tonal: Sequence[Piece], unspoken: Sequence[Piece]) -> list[Piece]:
    """All pieces in order, those that overlap made one; its edges are those of its tonal pieces
    where these are near: a note is placed better than a sound that nobody speaks."""
    out: list[Piece] = []
    for piece in unspoken:
        inside = [t for t in tonal if t.start_s < piece.end_s and t.end_s > piece.start_s]
        if inside:
            first, last = inside[0].start_s, max(t.end_s for t in inside)
            start = first if abs(first - piece.start_s) < NEAR_S else min(first, piece.start_s)
            end = last if abs(last - piece.end_s) < NEAR_S else max(last, piece.end_s)
            piece = Piece(start, end, max(piece.share, *(t.share for t in inside)))
        if out and piece.start_s <= out[-1].end_s:
            last_one = out.pop()
            piece = Piece(last_one.start_s, max(last_one.end_s, piece.end_s),
                          max(last_one.share, piece.share))
        out.append(piece)
    alone = [t for t in tonal
             if not any(t.start_s < p.end_s and t.end_s > p.start_s for p in unspoken)]
    return sorted([*out, *alone])


def _placed(pieces: Sequence[Piece], heard: Channel, spectrum: SpectrumOptions,
            options: MusicOptions) -> list[Piece]:
    """The pieces with their edges where the channel changes its colour."""
    if not pieces:
        return []
    sounding = np.zeros(len(heard.bands_db), bool)
    step_s, whole = frame_s(spectrum), (0.0, len(heard.levels) * spectrum.hop_s)
    for start, end in _sounding(heard.levels, whole, spectrum, options):
        sounding[round(start / step_s):round(end / step_s)] = True
    spans = place_edges([(p.start_s, p.end_s) for p in pieces], heard.bands_db, sounding, step_s)
    out = []
    for piece, span in zip(pieces, spans, strict=True):
        if span != (piece.start_s, piece.end_s):
            span = trim(heard.levels, *span, spectrum.hop_s)
        for start, end in heard.tones:  # no note, however pure
            if start - EDGE_S <= span[0] < end < span[1]:
                span = (end, span[1])
            elif span[0] < start < span[1] <= end + EDGE_S:
                span = (span[0], start)
        out.append(Piece(*span, piece.share))
    return out


def _groups(pieces: Sequence[Piece], heard: Channel, others: Sequence[Channel],
            spectrum: SpectrumOptions, options: MusicOptions) -> list[list[Piece]]:
    """Pieces with nobody between them."""
    groups: list[list[Piece]] = []
    for piece in pieces:
        last = groups[-1][-1] if groups else None
        if (last and piece.start_s - last.end_s < options.join_s
                and not (heard.voices and _speech(heard.voices, last.end_s, piece.start_s,
                                                  options))
                and not _party_between(last, piece, heard, others, spectrum, options.prompts)):
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return groups


def _party_between(before: Piece, after: Piece, heard: Channel, others: Sequence[Channel],
                   spectrum: SpectrumOptions, rule: PromptOptions) -> bool:
    """Whether a party speaks between two pieces.

    What is played comes by the way of the music: as much weaker, or louder, in the other channel.
    What does not is a party, in whichever channel.
    """
    from scipy.ndimage import uniform_filter1d

    def frames(start_s: float, end_s: float) -> slice:
        return slice(round(start_s / spectrum.hop_s), round(end_s / spectrum.hop_s))

    width = round(SMOOTH_S / spectrum.hop_s)
    between = frames(before.end_s + SMOOTH_S, after.start_s - SMOOTH_S)
    beside = [frames(max(before.start_s, before.end_s - BESIDE_S), before.end_s - SMOOTH_S),
              frames(after.start_s + SMOOTH_S, min(after.end_s, after.start_s + BESIDE_S))]
    own = 10 * np.log10(uniform_filter1d(heard.levels, width) + 1e-9)
    for other in others:
        there = 10 * np.log10(uniform_filter1d(other.levels, width) + 1e-9)
        noise = 10 * np.log10(floor_of(other.levels) + 1e-9)
        strange = np.zeros(len(there[between]), bool)
        ways = [_way(own[part], there[part], noise) for part in beside]
        for loss, more, less in ways:
            expected = np.maximum(own[between] + loss, noise)
            strange |= there[between] > expected + max(more, 0.0) + rule.party_db
            strange |= ((own[between] + loss > noise + rule.quiet_db)
                        & (there[between] < expected + min(less, 0.0) - rule.party_db))
        if strange.sum() * spectrum.hop_s >= rule.party_s:
            return True
    return False


def _way(own: np.ndarray, there: np.ndarray, noise: float) -> tuple[float, float, float]:
    """How much louder another channel is than this one in a piece, and by how much it is usually
    louder, and quieter, than that and its noise would have it: dB."""
    if not len(own):
        return 0.0, 0.0, 0.0
    loss = float(np.median((there - own)[own >= np.median(own)]))
    off = there - np.maximum(own + loss, noise)
    return loss, float(np.quantile(off, 0.95)), float(np.quantile(off, 0.05))


def _speech(voices: Voices, start_s: float, end_s: float, options: MusicOptions) -> list[Span]:
    """The speech between two pieces, none if there is too little of it."""
    if end_s - start_s < options.prompts.voice_min_s:
        return []
    heard = voices(max(0.0, start_s - CONTEXT_S), end_s + CONTEXT_S)
    spans = intersect(heard, [(start_s, end_s)])
    return spans if total(spans) >= options.prompts.voice_min_s else []


def _is_long(group: Sequence[Piece], options: MusicOptions) -> bool:
    return (group[-1].end_s - group[0].start_s >= options.min_s
            and sum(p.end_s - p.start_s for p in group) >= options.min_s / 2)


def _find_prompts(groups: Sequence[Sequence[Piece]], heard: Channel,
                  others: Sequence[Channel], spectrum: SpectrumOptions,
                  options: MusicOptions) -> list[tuple[int, Sound]]:
    """The announcements, each with the number of the group it comes after.

    What was heard twice word for word is a recording. What was heard once is one if the music
    makes way for it without a pause and the other party keeps silent: an agent who comes back
    to the caller is answered.
    """
    rule, step_s = options.prompts, frame_s(spectrum)
    assert heard.voices is not None
    said: list[tuple[int, Span]] = []
    for i, (before, after) in enumerate(pairwise(groups)):
        gap = (before[-1].end_s, after[0].start_s)
        if gap[1] - gap[0] <= rule.max_s:
            spans = _speech(heard.voices, *gap, options)
            if spans:
                said.append((i, (spans[0][0], spans[-1][1])))
    marks = [heard.marks[round(a / step_s):round(b / step_s)] for _, (a, b) in said]
    alike: dict[int, float] = {}
    for one, two in combinations(range(len(said)), 2):
        likeness = best_match(marks[one], marks[two])
        if likeness >= rule.same:
            alike[one], alike[two] = (max(alike.get(i, 0.0), likeness) for i in (one, two))
    out = []
    for place, (i, (start, end)) in enumerate(said):
        tight = (start - groups[i][-1].end_s <= rule.edge_s
                 and groups[i + 1][0].start_s - end <= rule.edge_s)
        if place in alike:
            why, sure = f'heard again word for word, correlation {alike[place]:.2f}', alike[place]
        elif tight and not _party_between(groups[i][-1], groups[i + 1][0], heard, others,
                                          spectrum, rule):
            why, sure = 'music before and after it without a pause', HEARD_ONCE
        else:
            continue
        out.append((i, Sound('ivr', 'announcement', heard.channel, start, end, round(sure, 3),
                             why)))
    return out


def same_beside(heard: Channel, other: Channel, span: Span, spectrum: SpectrumOptions,
                rule: PromptOptions) -> bool:
    """Whether another channel carries the same between two instants, be it a faint leak."""
    marks = slice(round(span[0] / frame_s(spectrum)), round(span[1] / frame_s(spectrum)))
    return best_match(heard.marks[marks], other.marks[marks]) >= rule.leak


def _sound(group: Sequence[Piece], channel: int, options: MusicOptions) -> Sound:
    start_s, end_s = group[0].start_s, max(piece.end_s for piece in group)
    playing_s = sum(piece.end_s - piece.start_s for piece in group)
    share = sum((p.end_s - p.start_s) * p.share for p in group) / max(playing_s, 1e-9)
    pieces = f'{len(group)} pieces, ' if len(group) > 1 else ''
    if share >= options.score:
        sure = share / (share + options.score / 2)
        why = f'{share:.0%} of spectral peaks stand still (voices: under 16%)'
    else:
        sure, why = 0.6, 'goes on unspoken, with a beat or lines that stand still'
    return Sound('hold', 'music', channel, start_s, end_s, round(sure, 3), pieces + why)
