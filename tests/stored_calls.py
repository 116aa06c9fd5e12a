"""Calls as a run lands them, made without audio: what is said is drawn from a seed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

from tests.calls_for_tests import Said, call_of, event, perceived_of
from tests.standard_for_tests import default_standard, phrasebook
from transforms.assess import assess
from transforms.phrasebook import Phrasebook
from transforms.standard import Standard
from warehouse.records import AGENT, CALLER, Call, Event, Result, Turn, Words

NOW = datetime(2026, 11, 5, 10, 0, tzinfo=timezone.utc)
DAYS = (date(2026, 11, 2), date(2026, 11, 3), date(2026, 11, 4), None)
OPENINGS = ('Good morning, this is Anna, how can I help you?', 'Hello.', 'Yes, what is it?',
            'Thank you for calling, my name is Tom. How may I help you today?')
AGENT_SAYS = ('One moment please.', 'I am sorry to hear that.', 'Could you spell that for me?',
              'Thank you for waiting.', 'I understand, let me check that for you.',
              'Your card was sent on Monday and should arrive within three days.',
              'I do not know.', 'You have to call back later.')
CALLER_SAYS = ('I have lost my card and I need a new one.', 'Okay.', 'This is really annoying!',
               'When will it arrive?', 'I would like to make a complaint.', 'Yes, please.',
               'I moved to another address last month and nobody told me about it.')
CLOSINGS = ('Is there anything else I can help you with?', 'Thank you for calling.',
            'Have a nice day.', 'Goodbye.', 'Bye.')

Heard = tuple[Call, tuple[Turn, ...], Words, tuple[Event, ...]]


def heard(seed: int, turns: int = 14) -> Heard:
    """A call before it is judged: its record, turns, words and what was heard."""
    dice = random.Random(seed)
    said, sounds, at = _script(dice, turns)
    day = dice.choice(DAYS)
    started = datetime(day.year, day.month, day.day, 9, 30, tzinfo=timezone.utc) if day else None
    duration = at + dice.choice((0.2, 3.0))
    trust = dice.choice(('ok', 'ok', 'ok', 'low'))
    call = call_of(
        duration, call_id=f'call {seed:04}', audio_sha256=f'sha-{seed}', call_date=day,
        started_at=started, agent_id=f'a{seed % 5}', queue=dice.choice(('billing', 'cards')),
        direction=dice.choice(('inbound', 'outbound', None)), transcript_trust=trust,
        hung_up_by=dice.choice((AGENT, CALLER, None)), run_id='r1', processed_at=NOW,
        language=dice.choice(('en', 'en', None)), fingerprint='f1',
        manifest=dice.choice(('{}', '{"transfers": [], "agent_name": "Anna"}')))
    turns_, words, speech = perceived_of(said, call, confidence=dice.choice((None, 0.9)))
    turns_ = tuple(turn._replace(level_dbfs=-20.0 - turn.turn % 5) for turn in turns_)
    return call, turns_, words, (*speech, *sounds)


def _script(dice: random.Random, turns: int) -> tuple[list[Said], list[Event], float]:
    """What is said, the sounds that are heard, and when it ends."""
    sounds: list[Event] = []
    at = 1.0
    if dice.random() < 0.5:
        sounds = [event('ring', 'ringback', 1.0, 2.0), event('ring', 'ringback', 5.0, 6.0)]
        at = 8.0
    texts = [dice.choice(OPENINGS), *(dice.choice(CALLER_SAYS if n % 2 else AGENT_SAYS)
                                      for n in range(1, turns - 1))]
    said: list[Said] = []
    for n, text in enumerate(texts):
        length = 0.35 * len(text.split())
        said.append(((AGENT, CALLER)[n % 2], at, at + length, text))
        at += length + dice.choice((-0.6, 0.1, 0.4, 0.4, 1.2, 3.1, 5.5))
        if dice.random() < 0.08:
            sounds.append(event('hold', 'music', at + 1.0, at + 9.0, CALLER))
            sounds.append(event('hold', 'music', at + 12.0, at + 21.0, CALLER))
            at += 22.0
    closing = ' '.join(dice.sample(CLOSINGS, dice.randint(0, 4))) or 'Okay.'
    length = 0.35 * len(closing.split())
    said.append((AGENT, max(at, said[-1][2] + 0.1), max(at, said[-1][2] + 0.1) + length, closing))
    return said, sounds, said[-1][2]


def silent(call_id: str = 'silent') -> Heard:
    """A recording in which nobody speaks."""
    return call_of(30.0, call_id=call_id, transcript_trust='none', call_date=DAYS[0],
                   started_at=NOW.replace(day=2), run_id='r1', processed_at=NOW), (), Words(), ()


def judged_by(one: Heard, standards: Sequence[Standard] | None = None,
              book: Phrasebook | None = None, **over: object) -> Result:
    """The result as a run lands it: events are those of the first standard."""
    call, turns, words, events = one
    call = replace(call, **over)
    done = [assess(call, turns, words, events, standard, book or phrasebook())
            for standard in standards or (default_standard(),)]
    return Result(call, turns, words, done[0].events, tuple(f for d in done for f in d.findings),
                  tuple(k for d in done for k in d.kpis))


def later(one: Heard, minutes: int) -> Heard:
    """The same call, processed again."""
    return (replace(one[0], processed_at=NOW + timedelta(minutes=minutes)), *one[1:])
