"""Rules of the stage `listening`: answers in time, room to speak, repeats, what is confirmed.

The rules on the agent's questions are in `transforms.rules.asking`.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import islice, takewhile
from math import inf

from transforms.intervals import Span, covered
from transforms.overlaps import INTERRUPTIONS
from transforms.rules.moments import Reply
from transforms.rules.options import Count, Rate, Ratio, Seconds, Share
from transforms.rules.registry import decider
from transforms.rules.scene import UNREAD, Scene
from transforms.rules.shapes import absent, assented, is_sure, paired
from transforms.rules.texts import content_words, is_redacted, numbers, takes_up
from transforms.rules.verdict import Verdict, failed, not_applicable, passed, shared, unknown
from transforms.talk import FULL
from transforms.turns import NO_SPACES
from warehouse.records import AGENT, CALLER, Event, Turn

_BANDS_S = (2, 3, 4, 5, 7, 10)
NO_LANES = 'who speaks over whom is not known: one channel'


@decider
def reply_in_time(scene: Scene, *, good: Share, fair: Share) -> Verdict:
    """No answer to the caller takes as long as `silence.fail_s`. The score is 1 up to
    `silence.warn_s`, `good` up to `silence.bad_s`, `fair` below `silence.fail_s`."""
    rule = scene.standard.silence
    if not scene.has_lanes:
        return unknown(NO_LANES)
    if not scene.replies:
        return not_applicable('the caller left nothing to answer')
    gaps = [(_unanswered_s(scene, reply), reply) for reply in scene.replies]
    longest, at = max(gaps, key=lambda pair: pair[0])
    span = at.start_s, at.end_s
    if longest < rule.fail_s:
        score = 1.0 if longest <= rule.warn_s else good if longest <= rule.bad_s else fair
        return passed(f'the longest answer took {longest:.1f} s', score=score, span=span,
                      speaker=AGENT, evidence=at.turn.text or None)
    why = scene.unannounced(span[0])
    if why:
        return unknown(why)
    count = sum(gap >= rule.fail_s for gap, _ in gaps)
    return failed(f'{count} times no answer for {rule.fail_s:g} s, at most {longest:.1f} s',
                  span=span, speaker=AGENT, evidence=at.turn.text or None)


@decider
def no_dead_air(scene: Scene, *, per_min: Rate) -> Verdict:
    """No unannounced silence reaches `silence.bad_s`, and those from `silence.warn_s` on are rare.
    The reason counts the silences of 2, 3, 4, 5, 7 and 10 seconds or more."""
    rule = scene.standard.silence
    if not all(scene.speech.values()):
        return unknown('one party is not heard')
    found = [event for event in scene.events('silence') if event.label in ('gap', 'pause')]
    lengths = [event.end_s - event.start_s for event in found]
    talk_s = scene.conversation_end_s - (scene.answer_s or 0.0)
    bad = [event for event, length in zip(found, lengths, strict=True) if length >= rule.bad_s]
    minor = len(found) - len(bad)
    if not found or (not bad and minor <= per_min * talk_s / 60):
        return passed(f'{minor} silences of {rule.warn_s:g} s, none of {rule.bad_s:g} s')
    worst = max(found, key=lambda event: event.end_s - event.start_s)
    reasons = (scene.unannounced(event.start_s) for event in bad or found)
    unsure = [*takewhile(bool, reasons)] if bad else [*islice(filter(None, reasons), 1)]
    if unsure and len(unsure) >= len(bad):
        return unknown(unsure[0])
    counts = ', '.join(f'{n} of {least} s' for least in _BANDS_S
                       if (n := sum(length >= least for length in lengths)))
    return failed(f'silences: {counts}', span=(worst.start_s, worst.end_s))


@decider
def backchannels(scene: Scene, *, turn_s: Ratio, per_s: Ratio,
                 pair_min: Share) -> Verdict:
    """In each turn of the caller of `turn_s` or more the agent gives a listening signal every
    `per_s`."""
    long = [turn for turn in scene.caller_turns if turn.end_s - turn.start_s >= turn_s]
    if not scene.has_lanes:
        return unknown(NO_LANES)
    if not long:
        return not_applicable('the caller never spoke for long')
    signs = [signal.start_s for signal in scene.signals[AGENT]]
    poor = [turn for turn in long if bisect_left(signs, turn.end_s) - bisect_left(
        signs, turn.start_s) < max(1, int((turn.end_s - turn.start_s) / per_s))]
    at = poor[0] if poor else long[0]
    verdict = shared(len(long) - len(poor), len(poor), pair_min,
                     'long turns of the caller with listening signals',
                     span=(at.start_s, at.end_s))
    return verdict._replace(speaker=CALLER, evidence=at.text or None)


@decider
def no_interruption(scene: Scene, *, per_min: Rate,
                    zero_at: Ratio, bleed: Share) -> Verdict:
    """The agent cuts the caller off at most `per_min` times a minute of the caller's talk; the
    score falls to 0 at `zero_at`. Unknown where leaked sound is more than the share `bleed` of
    the overlaps."""
    count, talk_s = scene.kpis.agent_interruptions, scene.kpis.caller_talk_s
    if not scene.has_lanes:
        return unknown(NO_LANES)
    if not talk_s:
        return not_applicable('the caller does not speak')
    if count is None:
        return unknown('who interrupts whom is not known')
    overlaps = scene.events('overlap')
    whole = sum(event.end_s - event.start_s for event in overlaps)
    leaked = sum(event.end_s - event.start_s for event in overlaps if event.label == 'bleed')
    if leaked > bleed * whole:
        return unknown('much of the overlap is sound that leaked in')
    rate = count / (talk_s / 60)
    score = max(0.0, 1 - rate / zero_at)
    if rate <= per_min:
        return passed(f'{count} interruptions, {rate:.1f} a minute of the caller\'s talk',
                      score=score)
    least = scene.standard.overlaps.headline_s
    first = next((event for event in overlaps if event.speaker == AGENT
                  and event.label in INTERRUPTIONS and event.end_s - event.start_s >= least), None)
    return failed(f'{count} interruptions, {rate:.1f} a minute of the caller\'s talk', first,
                  score=score)


@decider
def repeat_politely(scene: Scene, *, pair_min: Share) -> Verdict:
    """Who did not hear asks for a repeat politely: the share of such requests that are polite."""
    polite = scene.said('repeat_polite')
    rude = scene.said('repeat_rude')
    sure = [hit for hit in rude if is_sure(scene, hit)]
    if rude and not sure and not polite:
        return unknown('a rude request to repeat may have been said')
    if polite or sure:
        return shared(len(polite), len(sure), pair_min, 'polite requests to repeat',
                      sure[0] if sure else polite[0])
    return absent(scene, ('repeat_polite', 'repeat_rude'), 'nothing had to be repeated')


@decider
def echo_checked(scene: Scene, *, least: Share) -> Verdict:
    """Where something was not heard, the share of fragments that were confirmed ("did you say
    ...?") among all requests to repeat."""
    asked = [*scene.said('repeat_polite'), *scene.said('repeat_rude')]
    echoed = scene.said('echo_check')
    if not asked:
        return absent(scene, 'repeat_polite', 'nothing had to be repeated')
    why = '' if echoed else scene.unchecked('echo_check', 0.0, scene.call.duration_s)
    return unknown(why) if why else shared(
        len(echoed), len(asked), least, 'fragments confirmed instead of repeated',
        echoed[0] if echoed else asked[0])


@decider
def inaudible_caller(scene: Scene, *, silent_s: Seconds, turns: Count) -> Verdict:
    """A caller who stays silent for `silent_s` after `turns` turns of the agent is told so."""
    found = _nobody_there(scene, silent_s, turns)
    if found is None:
        why = '' if scene.speech[AGENT] else 'the agent is not heard'
        return unknown(why) if why else not_applicable('the caller was there')
    said = scene.said('no_audio', *found)
    if said:
        return passed('the caller was told that nothing is heard', said[0])
    why = scene.unchecked('no_audio', *found)
    return unknown(why) if why else failed('the caller was silent and was not told', span=found,
                                           speaker=AGENT)


@decider
def inaudible_agent(scene: Scene, *, times: Count, within_s: Seconds, pair_min: Share) -> Verdict:
    """A caller who says for the second time that nothing is heard is asked to call again, or is
    called back."""
    told = scene.said('cannot_hear_agent')
    if told and len(told) < times:
        return not_applicable('the caller complained of the line only once')
    return paired(scene, told[times - 1:], 'cannot_hear_agent',
                  ('callback_by_caller', 'callback_by_agent'), 0.0, within_s, pair_min)


@decider
def paraphrased(scene: Scene, *, words: Count, chars: Count, within_s: Seconds,
                common: Share) -> Verdict:
    """The caller's first request is put in the agent's words ("so you would like ...") or taken up
    in at least the share `common` of its words, and the caller agrees."""
    if scene.trust != FULL:
        return unknown(UNREAD)
    request = first_request(scene, words, chars)
    if request is None:
        return _no_request(scene)
    end = request.end_s + within_s
    frames = scene.said('check_frame', request.end_s, end)
    asked = content_words(request.text, scene.language) if not frames else frozenset()
    echo = next((turn for turn in scene.agent_turns
                 if request.end_s <= turn.start_s <= end and asked and takes_up(
                     turn.text, asked, common, scene.language)), None) if not frames else None
    if not frames and echo is None:
        why = scene.unchecked('check_frame', request.end_s, end)
        return unknown(why) if why else failed(
            'the request was not repeated in other words', span=(request.start_s, request.end_s),
            speaker=CALLER, evidence=request.text)
    at = frames[0].end_s if frames else echo.end_s if echo else end
    agreed = assented(scene, at, at + within_s)
    if agreed is None:
        return unknown('whether the caller agreed is not known')
    decide, why = (passed, 'and the caller agreed') if agreed else (failed, 'but not confirmed')
    why = f'the request was repeated {why}'
    return decide(why, frames[0]) if frames else decide(
        why, span=(echo.start_s, echo.end_s) if echo else None, speaker=AGENT,
        evidence=echo.text if echo else None)


@decider
def data_confirmed(scene: Scene, *, digits: Count, within_s: Seconds, pair_min: Share) -> Verdict:
    """A number of `digits` digits or more that the caller gives is read back: the same digits, or
    "let me repeat". Dates and addresses without such a number are not looked at."""
    if scene.trust != FULL:
        return unknown(UNREAD)
    given = [(turn, ''.join(found)) for turn in scene.caller_turns
             if (found := numbers(turn.text, scene.language, digits))]
    hidden = any(is_redacted(turn.text) for turn in scene.caller_turns)
    if not given:
        why = 'the numbers were taken out of the text' if hidden else scene.uncovered(
            CALLER, 0.0, scene.call.duration_s)
        return unknown(why) if why else not_applicable('the caller gave no number')
    passes, missed, why = 0, [], ''
    for turn, number in given:
        end = turn.end_s + within_s
        if scene.said('read_back', turn.end_s, end) \
                or number in _digits_said(scene, turn.start_s, end):
            passes += 1
        elif not (gap := scene.unchecked('read_back', turn.end_s, end)):
            missed.append(turn)
        else:
            why = gap
    if not passes and not missed:
        return unknown(why)
    at = (missed or [given[0][0]])[0]
    return shared(passes, len(missed), pair_min, 'numbers read back', span=(
        at.start_s, at.end_s))._replace(speaker=CALLER, evidence=at.text)


@decider
def joined(scene: Scene, *, words: Count, chars: Count, within_s: Seconds) -> Verdict:
    """The answer to the caller's first request begins with agreement: "yes, of course"."""
    request = first_request(scene, words, chars)
    if request is None:
        return _no_request(scene)
    reply = next((turn for turn in scene.agent_turns if turn.start_s >= request.end_s), None)
    if reply is None:
        return not_applicable('the request was not answered')
    found = scene.said('joining', request.start_s, reply.start_s + within_s)
    if found:
        return passed('the answer begins with agreement', found[0])
    why = scene.unchecked('joining', reply.start_s, reply.start_s + within_s)
    return unknown(why) if why else failed(
        'the answer does not begin with agreement', span=(reply.start_s, reply.end_s),
        speaker=AGENT, evidence=reply.text)


@decider
def steps_told(scene: Scene, *, before_s: Seconds, within_s: Seconds, pair_min: Share) -> Verdict:
    """In each wait on an open line the caller is told what is being done, before it or at its
    start."""
    soft = [wait for wait in scene.waits if wait.is_soft]
    if not soft:
        return not_applicable('nobody waited on an open line')
    triggers = [Event(0, 'wait', wait.label, AGENT, wait.start_s, wait.start_s) for wait in soft]
    return paired(scene, triggers, 'wait', ('steps', 'wait_reason'), before_s, within_s, pair_min)


@decider
def not_fobbed_off(scene: Scene, *, within_s: Seconds, pair_min: Share) -> Verdict:
    """Who does not know says that the answer will be found out: by checking, or a call-back."""
    return paired(scene, scene.said('unsure'), 'unsure', ('wait_reason', 'callback_by_agent'), 0.0,
                  within_s, pair_min)


def first_request(scene: Scene, words: int, chars: int) -> Turn | None:
    """The caller's first turn of so many words (ja, zh: characters)."""
    least = chars if scene.language in NO_SPACES else words
    return next((turn for turn in scene.caller_turns if turn.word_count >= least), None)


def _no_request(scene: Scene) -> Verdict:
    why = scene.uncovered(CALLER, 0.0, scene.call.duration_s)
    return unknown(why) if why else not_applicable('the caller made no longer request')


def _digits_said(scene: Scene, start_s: float, end_s: float) -> str:
    """The digits of the agent's numbers in a stretch of the call, one after the other."""
    return ''.join(run for turn in scene.agent_turns
                   if start_s < turn.end_s and turn.start_s <= end_s
                   for run in numbers(turn.text, scene.language, 2))


def _unanswered_s(scene: Scene, reply: Reply) -> float:
    """The seconds of a reply's gap without ringing, announcements and short waits in it."""
    if reply.gap_s < scene.standard.silence.warn_s:
        return reply.gap_s
    busy = [(event.start_s, event.end_s) for kind in ('ring', 'ivr', 'hold')
            for event in scene.events(kind)]
    busy += [(event.start_s, event.end_s) for event in scene.events('tone')
             if event.label == 'transfer_ring']
    return reply.gap_s - covered((reply.start_s, reply.end_s), busy) if busy else reply.gap_s


def _nobody_there(scene: Scene, silent_s: float, turns: int) -> Span | None:
    """From the first of so many turns to which a caller says nothing, until the caller is heard
    again or the recording ends; waits and farewells excluded."""
    caller = scene.speech[CALLER]
    starts = [start for start, _ in caller]
    last_end = -inf
    run: list[Turn] = []
    for turn in scene.agent_turns:
        at = bisect_left(starts, turn.start_s)
        spoke = at > 0 and caller[at - 1][1] > last_end
        run = [turn] if spoke or not run else [*run, turn]
        last_end = turn.end_s
        until = starts[at] if at < len(starts) else scene.call.duration_s
        if len(run) >= turns and until - turn.end_s >= silent_s \
                and not scene.said('farewell', run[0].start_s, until) \
                and not any(run[0].start_s < wait.end_s and wait.start_s < until
                            for wait in scene.waits):
            return run[0].start_s, until
    return None
