"""A call as the rules see it: made of its stored rows alone.

A run and a rescore build it from the same rows and so come to the same findings. What a rule may
ask for is worked out when it is first asked, once a call.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from math import inf
from operator import attrgetter
from typing import cast

import numpy as np

from transforms.intervals import Span, subtract, union
from transforms.metadata import Metadata, metadata_of
from transforms.phrasebook import Phrasebook
from transforms.rings import find_ringing
from transforms.rules.coverage import Coverage, spoken
from transforms.rules.gates import acts_of, unread, window_of
from transforms.rules.moments import Reply, Wait
from transforms.rules.signoff import Signoff, find_signoff
from transforms.rules.texts import is_punctuated, questions
from transforms.standard import Standard
from transforms.talk import FULL, NONE, LaneWords, Talk, trust_of
from warehouse.records import AGENT, CALLER, Call, Event, Kpis, Turn, Words

UNREAD = 'the words are not known well enough'
ANNOUNCED = 'announced'  # of a hold, and of a silence too short to be one
_TOLD = frozenset({'manifest', 'config'})  # sources of the agent's lane that need no confidence
_START = attrgetter('start_s')


class Scene:
    """One call under one standard.

    Args:
      events: all rows of the call, those that `measure` judged included.
      kpis: its measures; scores and the sign-off are not read.
    """

    def __init__(self, call: Call, turns: Sequence[Turn], words: Words, events: Sequence[Event],
                 kpis: Kpis, standard: Standard, phrasebook: Phrasebook):
        self.call, self.turns, self.words = call, turns, words
        self.kpis, self.standard, self.phrasebook = kpis, standard, phrasebook
        self.metadata: Metadata = metadata_of(call)
        self.language = phrasebook.language_of(call.language)
        self.lexicon = phrasebook.lexicon(call.language)
        self.matcher = phrasebook.signals(call.language)
        self.trust = trust_of(call.transcriber, call.transcript_trust)
        self._kinds: dict[str, list[Event]] = {}
        self._phrases: dict[str, list[Event]] = {}
        for event in events:
            if event.kind == 'phrase':
                self._phrases.setdefault(event.label, []).append(event)
            else:
                self._kinds.setdefault(event.kind, []).append(event)
        self.phrase_trust = self.trust if self.lexicon and not self._is_foreign() else NONE
        self._said: dict[str, list[Event]] = {}
        self._uncovered: dict[tuple[str, float, float], str] = {}

    def _is_foreign(self) -> bool:
        """Whether the call is in another language than it is said to be: much is said, and not one
        phrase of all lists."""
        if any(hit.speaker == AGENT for hits in self._phrases.values() for hit in hits):
            return False
        said = sum(turn.word_count for turn in self.turns if turn.speaker == AGENT)
        return said >= self.standard.checked.foreign_words

    # ---- what happened

    def events(self, kind: str) -> list[Event]:
        """The events of a kind in order of time: ring, ivr, hold, dead_air, silence, overlap,
        tone, speech, note."""
        return self._kinds.get(kind, [])

    def said(self, act: str, start_s: float = -inf, end_s: float = inf) -> list[Event]:
        """The phrases by which an act was said that start in [start_s, end_s], in order.

        Never of the other party: an act has one speaker (`configs/lexicon/acts.yaml`).
        """
        found = self._said.get(act)
        if found is None:
            found = self._said[act] = self._find(act) if act in self._perhaps_said else []
        if not found or (start_s == -inf and end_s == inf):
            return found
        return [hit for hit in found if start_s <= hit.start_s <= end_s]

    def _find(self, act: str) -> list[Event]:
        meant = self.phrasebook.acts[act]
        found = [hit for name in meant.lists for hit in self._phrases.get(name, ())
                 if hit.speaker == meant.speaker]
        if len(meant.lists) > 1:
            found.sort(key=_START)
        return found

    @cached_property
    def _perhaps_said(self) -> frozenset[str]:
        """The acts of which a list has a phrase in the call, whoever said it."""
        known = acts_of(self.phrasebook)
        return frozenset().union(*(known.get(category, ()) for category in self._phrases))

    def phrases(self, category: str) -> list[Event]:
        """The phrases of one list, whoever said them."""
        return self._phrases.get(category, [])

    @cached_property
    def _turns_of(self) -> dict[str, list[Turn]]:
        out: dict[str, list[Turn]] = {AGENT: [], CALLER: []}
        for turn in self.turns:
            if not turn.is_backchannel:
                out[turn.speaker].append(turn)
        return out

    @property
    def agent_turns(self) -> list[Turn]:
        """The agent's turns without listening signals, in order."""
        return self._turns_of[AGENT]

    @property
    def caller_turns(self) -> list[Turn]:
        return self._turns_of[CALLER]

    @cached_property
    def questions(self) -> list[tuple[Turn, list[str]]]:
        """The agent's turns that ask, in order, each with its questions."""
        asked = ((turn, questions(turn.text, self.language)) for turn in self.agent_turns)
        return [(turn, found) for turn, found in asked if found]

    @cached_property
    def is_punctuated(self) -> bool:
        """Whether the agent's words come with sentences, so that a question can be told."""
        return any(is_punctuated(turn.text) for turn in self.agent_turns)

    @cached_property
    def signals(self) -> dict[str, list[Turn]]:
        """Each party's listening signals."""
        return {who: [t for t in self.turns if t.is_backchannel and t.speaker == who]
                for who in (AGENT, CALLER)}

    @cached_property
    def word_starts(self) -> Sequence[float]:
        """When each word starts; one without a time starts with the one before it."""
        last, starts = 0.0, []
        if not np.isnan(self.words.arrays.start_s).any():
            return cast('Sequence[float]', self.words.start_s)
        for start in self.words.start_s:
            last = last if start is None else start
            starts.append(last)
        return starts

    def turn_at(self, speaker: str, at_s: float) -> Turn | None:
        """The party's turn around an instant, listening signals left out."""
        turns = self._turns_of[speaker]
        until = bisect_right(self._turn_starts[speaker], at_s)
        # Turns may touch: of two the first is meant.
        return next((t for t in turns[max(0, until - 2):until] if at_s <= t.end_s), None)

    @cached_property
    def _turn_starts(self) -> dict[str, list[float]]:
        return {who: [turn.start_s for turn in own] for who, own in self._turns_of.items()}

    @cached_property
    def speech(self) -> dict[str, list[Span]]:
        """Each party's voice activity, without what lies in holds and announcements."""
        silent = union([(e.start_s, e.end_s) for e in (*self.events('hold'), *self.events('ivr'))])
        out = {}
        for who in (AGENT, CALLER):
            own = union([(e.start_s, e.end_s) for e in self.events('speech')
                         if e.speaker == who and e.label != 'bleed'])
            out[who] = subtract(own, silent) if silent else own
        return out

    @cached_property
    def waits(self) -> list[Wait]:
        """Holds and announced silences, in order, that are long enough for the rules of a hold."""
        least = self.standard.hold_protocol.min_wait_s
        found = [Wait(e.start_s, e.end_s, e.label, e.label == ANNOUNCED, e.confidence)
                 for e in self.events('hold')]
        found += [Wait(e.start_s, e.end_s, ANNOUNCED, True, e.confidence)
                  for e in self.events('silence') if e.label == ANNOUNCED]
        return sorted(wait for wait in found if wait.length_s >= least)

    def unannounced(self, start_s: float) -> str:
        """Why a silence may have been announced all the same; '' where it was not."""
        since = max(0.0, start_s - self.standard.hold_protocol.reason_s)
        return self.any_unchecked(('wait_request', 'wait_reason'), since, start_s)

    @cached_property
    def perhaps_waited(self) -> str:
        """Without any wait in the call, why one of its silences may be one; '' where none can."""
        if self.metadata.has_holds or self.waits:
            return ''
        least = self.standard.hold_protocol.min_wait_s
        return next((why for event in self.events('silence') if event.label in ('gap', 'pause')
                     and event.end_s - event.start_s >= least
                     and (why := self.unannounced(event.start_s))), '')

    @cached_property
    def replies(self) -> list[Reply]:
        """Where the caller's turn gave the floor away: how long until the agent's next sound.

        Waits are cut out: a caller who was asked to wait has been answered.
        """
        starts = sorted([*(s for s, _ in self.speech[AGENT]),
                         *(wait.start_s for wait in self.waits)])
        out = []
        turns = self.caller_turns
        following = [*(t.start_s for t in turns), inf][1:]
        at = 0
        for turn, again in zip(turns, following, strict=True):
            while at < len(starts) and starts[at] < turn.end_s:
                at += 1
            until = starts[at] if at < len(starts) else self.conversation_end_s
            if again < until or until <= turn.end_s \
                    or self.is_speaking(AGENT, turn.end_s):
                continue  # the caller went on, or the agent was speaking already
            out.append(Reply(turn, turn.end_s, until, until - turn.end_s))
        return out

    def is_speaking(self, speaker: str, at_s: float) -> bool:
        """Whether a party's voice is heard just before and just after an instant."""
        own = self.speech[speaker]
        at = bisect_left(own, (at_s,)) - 1
        return at >= 0 and own[at][1] > at_s

    # ---- anchors

    @cached_property
    def answer_s(self) -> float | None:
        """When the call was answered: by the phone system, else the agent's first speech."""
        agent = Talk(AGENT, tuple(self.speech[AGENT]), tuple(union(
            self.speech[AGENT], self.standard.turns.ipu_gap_s)), LaneWords())
        rings = [*self.events('ring'),
                 *(e for e in self.events('tone') if e.label == 'transfer_ring')]
        return find_ringing(rings, agent, self.metadata, self.call.duration_s,
                            self.standard.ring).answer_s

    @cached_property
    def opening(self) -> Span:
        """The opening window: `opening.window_s` from the answer, to the end of the agent's turn
        at its edge and of the agent's first turn. Empty at 0 where nobody answered."""
        begin = self.answer_s
        if begin is None:
            return 0.0, 0.0
        edge = begin + self.standard.opening.window_s
        at_edge = self.turn_at(AGENT, edge)
        first = self.agent_turns[0].end_s if self.agent_turns else edge
        # The agent's first word may lie before the phone system's whole second, or before the
        # voice activity that it belongs to.
        start = min(begin, self.agent_turns[0].start_s) if self.agent_turns else begin
        return max(0.0, start - self.standard.turns.word_reach_s), max(
            edge, at_edge.end_s if at_edge else edge, first)

    @cached_property
    def conversation_end_s(self) -> float:
        """The end of the last speech of either party."""
        return max((own[-1][1] for own in self.speech.values() if own), default=0.0)

    @cached_property
    def signoff(self) -> Signoff:
        return find_signoff(self)

    @cached_property
    def closing(self) -> Span:
        """The closing window: from before the first closing act to the end of the recording."""
        rule, cluster = self.standard.closing, self.signoff.cluster
        opens = cluster[0].start_s if cluster else self.conversation_end_s
        return max(0.0, min(opens - rule.window_s, self.conversation_end_s - rule.window_min_s)), \
            self.call.duration_s

    def window(self, name: str) -> Span:
        """A named window: call, opening, closing, `first N` seconds from the answer, `last N%` of
        the conversation."""
        if name in ('opening', 'closing'):
            return self.opening if name == 'opening' else self.closing
        begin = self.answer_s or 0.0
        kind, size = window_of(name)
        if kind == 'first':
            return self.opening[0], begin + size
        if kind == 'last':
            return begin + (self.conversation_end_s - begin) * (1 - size / 100), \
                self.call.duration_s
        return 0.0, self.call.duration_s

    # ---- what is known

    @cached_property
    def is_complaint(self) -> bool | None:
        """Whether the call is a complaint: by its type or queue, else by the caller's words; None
        where it cannot be known."""
        told = self.metadata.call_type
        if told or 'complaint' in (self.call.queue or '').lower():
            return 'complaint' in f'{told or ""} {self.call.queue or ""}'.lower()
        if self.said('complaint'):
            return True
        return None if self.unchecked('complaint', 0.0, self.call.duration_s) else False

    @cached_property
    def complaint_s(self) -> float:
        """When the complaint begins: its first words, else the caller's first turn."""
        said = self.said('complaint')
        if said:
            return said[0].start_s
        return self.caller_turns[0].start_s if self.caller_turns else 0.0

    @property
    def has_lanes(self) -> bool:
        """Whether who overlaps whom can be known: a channel each, or a trusted diarizer."""
        return self.call.lane_source == 'channel' or \
            self.call.diarizer in self.standard.overlaps.trusted_diarizers

    @cached_property
    def is_transferred_in(self) -> bool:
        """Whether the recording begins with a transfer: the leg of who took the call over."""
        return any(at is not None and at <= 0 for at, _ in self.metadata.transfers)

    @cached_property
    def coverage(self) -> dict[str, Coverage]:
        """How far words cover each party's speech."""
        heard = spoken(self.words, self.standard.checked.word_score,
                       self.standard.turns.ipu_gap_s)
        return {party: Coverage(own, heard[party]) for party, own in self.speech.items()}

    def unchecked(self, act: str, start_s: float, end_s: float) -> str:
        """Why not finding an act between two instants proves nothing; '' where it does.

        The lane is known to be that party's, the recording reaches the call's end, words of a good
        score cover the party's speech there, and the phrase lists of the act are accepted.
        """
        return self._unread[act] or self.uncovered(
            self.phrasebook.acts[act].speaker, start_s, end_s)

    def any_unchecked(self, acts: Iterable[str], start_s: float, end_s: float) -> str:
        """The first of the reasons for some acts; '' where not finding any of them proves it."""
        unread, known = self._unread, self.phrasebook.acts
        for act in acts:
            why = unread[act] or self.uncovered(known[act].speaker, start_s, end_s)
            if why:
                return why
        return ''

    def uncovered(self, speaker: str, start_s: float, end_s: float) -> str:
        """Why words that a party said between two instants could be missing; '' if none can."""
        if self._unsure:
            return self._unsure
        key = speaker, start_s, end_s
        known = self._uncovered.get(key)
        if known is None:
            known = self._uncovered[key] = self._missing(*key)
        return known

    @cached_property
    def _unread(self) -> Mapping[str, str]:
        """Of each act, why nowhere in the call anything follows from not finding it."""
        if self.lexicon is not None and self.phrase_trust == NONE:
            return dict.fromkeys(self.phrasebook.acts, f'no phrase of {self.language} is in all '
                                 'that was said: is that its language?')
        return unread(self.phrasebook, self.language, self.standard.checked.accept_unreviewed)

    @cached_property
    def _unsure(self) -> str:
        """Why nowhere in the call the words are known well enough to miss any."""
        call, least = self.call, self.standard.checked.role_confidence
        if self.trust != FULL:
            return UNREAD
        if call.agent_lane_source not in _TOLD and (call.agent_lane_confidence or 0.0) < least:
            return 'who is the agent is not sure'
        return ''

    def _missing(self, speaker: str, start_s: float, end_s: float) -> str:
        if end_s >= self.conversation_end_s and self.is_cut_short:
            return 'the recording ends before the call'
        if self.coverage[speaker].share(start_s, end_s) < self.standard.checked.coverage:
            return f'words are missing in the {speaker}\'s speech'
        return ''

    @cached_property
    def is_cut_short(self) -> bool:
        """Whether the recording ends before the call did."""
        ended, started = self.metadata.ended_at, self.call.started_at
        if ended is None or started is None:
            return False
        missing = (ended - started).total_seconds() - self.call.duration_s
        return missing > self.standard.closing.cut_s

    @cached_property
    def is_cut_off_at_start(self) -> bool:
        """Whether the recording begins after the answer: the greeting may be missing."""
        answered = self.metadata.answered_s
        return answered is not None and answered < -self.standard.closing.cut_s
