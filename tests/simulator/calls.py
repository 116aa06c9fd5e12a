"""The order of events in a call: ringing, opening, statements, holds, transfer, sign-off."""

from __future__ import annotations

from tests.simulator import overlaps
from tests.simulator.bank import voices
from tests.simulator.draft import Draft, other
from tests.simulator.script import AGENT, CALLER, IVR, Hold, Ringing, Tone
from tests.simulator.sounds import DTMF, ringing_of

BEEP_EVERY_S = 15.0  # Asterisk MixMonitor's default
MUSIC = frozenset({'tonal', 'percussive', 'announced_music', 'gsm_music', 'reference'})


def write(draft: Draft) -> None:
    """Fills the draft."""
    knobs = draft.knobs
    spare = {name: 0.15 for name in ('mia', 'alan') if name not in draft.voice.values()}
    draft.voice[IVR] = draft.choose({'allison': 0.7, **spare})
    draft.ring_level_db = draft.uniform(-6, 5)
    draft.now_s = draft.uniform(0.2, 1.0)
    if knobs.ivr == 'before':
        prompts(draft)
    if knobs.ring_count:
        ring(draft, int(knobs.ring_count), mid=bool(knobs.ring_starts_mid)
             and knobs.ivr != 'before')
    if knobs.ivr == 'after':
        prompts(draft)
        if knobs.ring_count and draft.chance(0.5):
            draft.now_s += draft.uniform(0.3, 1.0)
            ring(draft, int(draft.rng.integers(1, 3)))
    opening(draft)
    started = draft.now_s
    talk(draft)
    sign_off(draft)
    if knobs.music_under_talk:
        length = 0.6 * (draft.now_s - started)
        at = draft.uniform(started, draft.now_s - length)
        draft.holds.append(Hold('tonal', AGENT, at, at + length, int(draft.rng.integers(1000)),
                                draft.uniform(-30, -20), talked_over=True))
    if knobs.beeps:
        beeps(draft)


def prompts(draft: Draft) -> None:
    """One or two recorded prompts; keys are pressed after one that asks for them."""
    lane = draft.choose({AGENT: 0.6, CALLER: 0.15, 'both': 0.25})
    for _ in range(int(draft.rng.integers(1, 3))):
        draft.announce(lane, draft.now_s + draft.uniform(0.2, 0.7), 'ivr')
    if draft.knobs.dtmf:
        kinds = {clip.kind for clip in voices()[draft.voice[IVR]].clips}
        if 'ivr_keys' in kinds:
            draft.announce(lane, draft.now_s + 0.3, 'ivr_keys')
        keys(draft)


def keys(draft: Draft) -> None:
    """The caller presses one to ten keys."""
    at = draft.now_s + draft.uniform(0.3, 1.0)
    for key in draft.rng.choice(sorted(DTMF), int(draft.rng.integers(1, 11))):
        length = draft.uniform(0.06, 0.3)
        draft.tones.append(Tone('key', CALLER, DTMF[str(key)], at, at + length))
        at += length + draft.uniform(0.06, 0.5)
    draft.now_s = at


def ring(draft: Draft, count: int, mid: bool = False, transfer: bool = False) -> None:
    """So many rings; the answer cuts the last one or follows it."""
    country, lane = str(draft.knobs.ring_country), str(draft.knobs.ring_lane)
    tone = ringing_of(country)
    first = draft.now_s + draft.uniform(0.1, 0.5)
    if mid:  # inside the first burst, with more of it to come
        first = -draft.uniform(0.05, max(0.06, tone.bursts_s[0][1] - 0.3))
    onsets = [first + n * tone.period_s for n in range(count)]
    answered = onsets[-1] + draft.uniform(max(0.35, 0.3 - onsets[-1]), 0.95 * tone.period_s)
    for onset in onsets:
        end = min(onset + tone.bursts_s[-1][1], answered)
        draft.rings.append(Ringing(country, lane, onset, end, transfer))
    draft.now_s = answered
    draft.floor = None


def opening(draft: Draft) -> None:
    """The first speaker's hello or opening, and the agent's opening where the caller was first."""
    if draft.knobs.first_speaker == CALLER:
        draft.turn(CALLER, 'hello', after_s=draft.lognormal(0.3, 0.6, 0.05, 1.5))
    after = draft.lognormal(0.4, 0.6, 0.05, 2.0)
    draft.turn(AGENT, 'opening', after_s=after)


def talk(draft: Draft) -> None:
    """Statements in turn, with the drawn holds, silences and the transfer between them."""
    knobs, rng = draft.knobs, draft.rng
    exchanges = int(knobs.exchanges or 4)
    places = 2 * exchanges
    after: dict[int, list[str]] = {}
    events = ['hold'] * int(knobs.holds or 0) + ['dead_air'] * int(knobs.dead_air or 0)
    events += ['transfer'] * bool(knobs.transfer)
    events += ['keys'] * bool(knobs.dtmf and knobs.ivr == 'none')
    for event in events:
        after.setdefault(int(rng.integers(1, places)), []).append(event)
    for place in range(places):
        statement(draft, other(draft.floor or AGENT))
        for event in after.get(place, ()):
            {'hold': hold, 'dead_air': dead_air, 'transfer': transfer, 'keys': keys}[event](draft)


def statement(draft: Draft, who: str) -> None:
    """What a speaker says when it is their turn, and what the other does meanwhile."""
    label = str(draft.knobs.overlap)
    if label != 'none' and draft.chance(float(draft.knobs.overlap_rate or 0.0)):
        overlaps.play(draft, draft.choose(overlaps.WEIGHTS) if label == 'mixed' else label, who)
        return
    long, usual = overlaps.long_of(who), overlaps.STATEMENT[who]
    said = draft.turn(who, long if draft.chance(0.35) else usual)
    if draft.chance(0.3):  # a breath, or a longer thought, and more
        breath = (draft.uniform(1.0, 3.4) if draft.chance(0.1)
                  else draft.lognormal(0.45, 0.4, 0.2, 0.9))
        said = draft.turn(who, usual, after_s=breath)
    if label in ('mixed', 'terminal') and draft.chance(0.3):
        overlaps.answer_early(draft, said)


def hold(draft: Draft) -> None:
    """The caller is parked, mostly with a request before and thanks after."""
    kind, rng = str(draft.knobs.hold_kind), draft.rng
    told = kind in ('silence', 'beeps') or draft.chance(0.85)
    if told:
        draft.turn(AGENT, 'hold_request')
        if draft.chance(0.6):
            draft.turn(CALLER, 'thanks', 'backchannel')
    lane = draft.choose({AGENT: 0.4, CALLER: 0.35, 'both': 0.25})
    length = (draft.uniform(20, 36) if kind == 'announced_music'
              else draft.lognormal(9, 0.4, 5.5, 25))
    last, seed = draft.now_s, int(rng.integers(1000))
    start = last if kind in ('silence', 'beeps') else last + draft.uniform(0.3, 1.2)
    end = start + length
    if kind == 'announced_music':
        announcements(draft, lane, start, end)
    draft.now_s = end
    returns = end if kind in ('silence', 'beeps') else end + draft.uniform(0.2, 1.0)
    if kind == 'beeps':
        at = start + draft.uniform(2, 5)
        while at < end - 0.6:
            draft.tones.append(Tone('hold_beep', lane, (float(rng.choice((425, 440, 950, 1400))),),
                                    at, at + draft.uniform(0.15, 0.4)))
            at += draft.uniform(4, 10)
    if kind == 'zero':
        draft.zeros.append((start, end))
    draft.turn(AGENT, 'hold_return' if told or draft.chance(0.5) else 'agent',
               after_s=returns - end)
    draft.holds.append(Hold(kind, lane, start, end, seed, draft.uniform(-8, 4)))


def announcements(draft: Draft, lane: str, start_s: float, end_s: float) -> None:
    """A voice in the music every 15 s or so, never at its end."""
    at = start_s + draft.uniform(5, 15)
    while at < end_s - 5:
        index = draft.pick(IVR, 'announcement')
        if at + draft.clip(IVR, index).duration_s < end_s - 3:
            draft.say(IVR, index, at, lane=lane)
        at += draft.uniform(13, 17)


def dead_air(draft: Draft) -> None:
    """Nobody speaks and nobody said why: for 2.5 to 9 s, but not within 0.15 s of the limit."""
    length = draft.uniform(2.5, 9.0)
    while abs(length - 4.0) < 0.15:
        length = draft.uniform(2.5, 9.0)
    start = draft.now_s
    draft.turn(draft.choose({AGENT: 0.5, CALLER: 0.5}), 'agent', 'caller', after_s=length)
    draft.dead_air.append((start, start + length))


def transfer(draft: Draft) -> None:
    """The agent hands over; it rings, and a second agent answers."""
    draft.turn(AGENT, 'transfer')
    if draft.chance(0.6):
        draft.turn(CALLER, 'thanks')
    draft.now_s += draft.uniform(0.3, 1.5)
    ring(draft, int(draft.rng.integers(1, 4)), transfer=True)
    taken = set(draft.voice.values())
    draft.voice[AGENT] = draft.choose({
        voice.name: 1.0 for voice in voices().values()
        if AGENT in voice.roles and voice.name not in taken})
    draft.turn(AGENT, 'opening', after_s=draft.lognormal(0.4, 0.6, 0.1, 2.0))


def sign_off(draft: Draft) -> None:
    draft.turn(AGENT, 'further_help')
    draft.turn(CALLER, 'no_more')
    draft.turn(AGENT, 'closing', 'goodbye', least_s=1.5)
    draft.turn(CALLER, 'goodbye')


def beeps(draft: Draft) -> None:
    """Record-warning beeps in both lanes, from the answer on, over whoever speaks."""
    at = draft.uniform(1.0, BEEP_EVERY_S)
    length = draft.uniform(0.1, 0.5)
    while at < draft.now_s:
        draft.tones.append(Tone('record_beep', 'both', (1400.0,), at, at + length))
        at += BEEP_EVERY_S
