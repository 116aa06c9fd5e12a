"""Opening: greeting, company, name and offer of help, in the opening window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from itertools import pairwise
from statistics import median

from transforms.rules.clock import NO_CLOCK, local_time
from transforms.rules.elements import (
    ACTS,
    CUT_OFF,
    NO_COMPANIES,
    any_of,
    element_verdict,
    heard,
    in_all,
    plain,
    required_of,
)
from transforms.rules.options import ActName, Rate, Ratio, Seconds, Share
from transforms.rules.pace import agent_rates
from transforms.rules.registry import decider
from transforms.rules.scene import ANNOUNCED, Scene
from transforms.rules.shapes import absent, avoided_in, limit
from transforms.rules.verdict import (
    FAIL,
    PASS,
    UNKNOWN,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
)
from transforms.tokens import tokenise
from transforms.turns import NO_SPACES
from warehouse.records import AGENT, CALLER, Turn

NOBODY = 'nobody answered'


@decider
def opening_element(scene: Scene, *, element: str, only_if_listed: bool) -> Verdict:
    """An element of the greeting is said in the opening window; an offer of help also in the
    agent's second turn, thanks for the call by `opening.late_s`. Where `only_if_listed`, it is
    asked for by standards that list it in `opening.require` alone."""
    if scene.answer_s is None:
        return not_applicable(NOBODY)
    if only_if_listed and element not in in_all(required_of(scene)):
        return not_applicable('the standard does not ask for it')
    return element_verdict(scene, element)


@decider
def greets_by_the_hour(scene: Scene, *,
                       forms: Mapping[str, Mapping[str, tuple[float, float]]],
                       slack_h: Rate) -> Verdict:
    """The greeting is of the hour. `forms`: language -> greeting -> local hours from and to
    (to < from: over midnight), each of which may be `slack_h` off."""
    start, end = scene.opening
    said = scene.said('greeting', start, end)
    if not said:
        return absent(scene, 'greeting', 'no greeting was said', (start, end))
    known = forms.get(scene.language)
    if known is None:
        return unknown(f'the greetings of the hour in {scene.language} are not known')
    for hit in said:
        text = plain(hit.evidence or '')
        hours = next((span for form, span in known.items() if plain(form) in text), None)
        if hours is None:
            continue
        now = local_time(scene, hit.start_s)
        if now is None:
            return unknown(NO_CLOCK)
        if _in_hours(now.hour + now.minute / 60, hours, slack_h):
            return passed(f'it was {now:%H:%M}', hit)
        return failed(f'it was {now:%H:%M}', hit)
    why = scene.unchecked('greeting', start, end)
    return unknown(why) if why else failed('the greeting is of no hour', said[0])


@decider
def not_opened_with(scene: Scene, *, act: ActName) -> Verdict:
    """The opening window holds nothing that `opening.forbid` names."""
    if act not in scene.standard.opening.forbid:
        return not_applicable('the standard does not forbid it')
    if scene.answer_s is None:
        return not_applicable(NOBODY)
    verdict = avoided_in(scene, act, *scene.opening)
    return unknown(CUT_OFF) if verdict.result == PASS and scene.is_cut_off_at_start else verdict


@decider
def states_activity(scene: Scene) -> Verdict:
    """One of the site's `opening.activity_phrases` is said in the opening window."""
    wanted = [plain(phrase) for phrase in scene.standard.opening.activity_phrases]
    if not wanted:
        return not_applicable('the standard asks for no line of business')
    if scene.answer_s is None:
        return not_applicable(NOBODY)
    start, end = scene.opening
    for turn in scene.agent_turns:
        if start <= turn.start_s <= end and any(phrase in plain(turn.text) for phrase in wanted):
            return passed('the line of business was said', span=(turn.start_s, turn.end_s),
                          speaker=AGENT, evidence=turn.text[:200])
    why = scene.uncovered(AGENT, start, end) or (CUT_OFF if scene.is_cut_off_at_start else '')
    return unknown(why) if why else failed('the line of business was not said', span=(start, end),
                                           speaker=AGENT)


@decider
def no_company_only(scene: Scene) -> Verdict:
    """A greeting that names the company has an offer of help or a name in the same turn."""
    if scene.standard.opening.company_only_ok:
        return not_applicable('the company alone is enough in this standard')
    start, end = scene.opening
    company = scene.said('company_name', start, end)
    if not company:
        why = _unnamed(scene) or scene.unchecked('company_name', start, end)
        return unknown(why) if why else not_applicable('the company was not named')
    turn = scene.turn_at(AGENT, company[0].start_s)
    span = (turn.start_s, turn.end_s) if turn else (company[0].start_s, company[0].end_s)
    more = any_of(heard(scene, element, *span) for element in ('offer_help', 'self_name'))
    if more.result == FAIL:
        return failed('the greeting stops at the company', company[0])
    return more


@decider
def no_help_only(scene: Scene) -> Verdict:
    """An offer of help comes with the company or the agent's name, in standards that say so
    (`opening.help_only_ok`)."""
    if scene.standard.opening.help_only_ok:
        return not_applicable('an offer of help alone is enough in this standard')
    start, end = scene.opening
    offer = scene.said('offer_help', start, end)
    if not offer:
        return absent(scene, 'offer_help', 'no help was offered', (start, end))
    named = any_of(heard(scene, element, start, end) for element in ('company', 'self_name'))
    if named.result != FAIL:
        return named
    return unknown(CUT_OFF) if scene.is_cut_off_at_start else failed(
        'help was offered, and neither the company nor a name was said', offer[0])


@decider
def elements_in_order(scene: Scene) -> Verdict:
    """The elements that were said come in the order of `opening.order`."""
    order = scene.standard.opening.order
    if order is None:
        return not_applicable('the standard names no order')
    start, end = scene.opening
    firsts = [(said[0], name) for name in order if (said := scene.said(ACTS[name], start, end))]
    if len(firsts) < 2:
        return absent(scene, [ACTS[name] for name in order], 'fewer than two elements were said',
                      (start, end))
    for (one, first), (other, second) in pairwise(firsts):
        if other.start_s < one.start_s:
            return failed(f'{second} before {first}'.replace('_', ' '), other)
    return passed(', '.join(name for _, name in firsts).replace('_', ' '), firsts[0][0])


@decider
def short_greeting(scene: Scene, *, max_s: Seconds) -> Verdict:
    """The agent's first turn is no longer than `max_s`."""
    if scene.answer_s is None or not scene.agent_turns:
        return not_applicable(NOBODY)
    first = scene.agent_turns[0]
    length = first.end_s - first.start_s
    if scene.is_cut_off_at_start and length <= max_s:
        return unknown(CUT_OFF)
    return limit(length, f'the first turn takes {length:.1f} s', high=max_s,
                 span=(first.start_s, first.end_s))._replace(speaker=AGENT)


@decider
def follows_script(scene: Scene, *, similarity: Share) -> Verdict:
    """The agent's first turns hold, in order, at least this share of the words of the site's
    `opening.script`, its slots left out. `score` is the share."""
    script = scene.standard.opening.script
    if script is None:
        return not_applicable('the site has no greeting of its own')
    if scene.answer_s is None:
        return not_applicable(NOBODY)
    start, end = scene.opening
    turns = [turn for turn in scene.agent_turns if start <= turn.start_s <= end]
    letters = scene.language in NO_SPACES
    wanted = _tokens(' '.join(w for w in script.split() if not w.startswith('{')), letters)
    said = _tokens(' '.join(turn.text for turn in turns), letters)
    same = sum(block.size for block in SequenceMatcher(
        None, wanted, said, autojunk=False).get_matching_blocks())
    share = same / len(wanted) if wanted else 1.0
    why = f'{share:.0%} of the greeting\'s words'
    if share >= similarity:
        return passed(why, score=share, span=(start, end), speaker=AGENT)
    gap = scene.uncovered(AGENT, start, end) or (CUT_OFF if scene.is_cut_off_at_start else '')
    return unknown(gap) if gap else failed(why, score=share, span=(start, end), speaker=AGENT)


@decider
def opening_complete(scene: Scene) -> Verdict:
    """Every required element is complete within `opening.complete_within_s` of the answer, with no
    unannounced silence of `silence.warn_s` in it."""
    standard = scene.standard
    within = standard.opening.complete_within_s
    if within is None:
        return not_applicable('the standard names no time')
    if scene.answer_s is None:
        return not_applicable(NOBODY)
    start, until = scene.opening[0], scene.answer_s + within
    missing: list[str] = []
    done_s = start
    for group in required_of(scene):
        found = any_of(element_verdict(scene, element, (start, until)) for element in group)
        if found.result == UNKNOWN:
            return found
        if found.result == FAIL or (found.end_s or 0.0) > until:
            missing.append(' or '.join(group).replace('_', ' '))
        else:
            done_s = max(done_s, found.end_s or 0.0)
    if missing:
        return failed(f'not said in the first {within:g} s: {", ".join(missing)}',
                      span=(start, until), speaker=AGENT)
    for silence in scene.events('silence'):
        if silence.label != ANNOUNCED and min(silence.end_s, until) - max(
                silence.start_s, scene.answer_s) >= standard.silence.warn_s:
            return failed('silence in the opening', span=(silence.start_s, silence.end_s))
    return passed(f'complete after {done_s - scene.answer_s:.1f} s', span=(start, done_s),
                  speaker=AGENT)


@decider
def first_words_slow(scene: Scene, *, max_ratio: Ratio, min_units: int,
                     min_turns: int) -> Verdict:
    """The agent speaks in the opening at most `max_ratio` times as fast as in the middle one of
    its turns. Turns of fewer than `min_units` words (ko: syllables; ja, zh: characters) have no
    rate, and fewer than `min_turns` of them no median."""
    start, end = scene.opening
    if scene.answer_s is None:
        return not_applicable(NOBODY)
    why = scene.uncovered(AGENT, start, end)
    if why:
        return unknown(why)
    rated = [(turn, count, rate) for turn, (count, rate) in zip(
        scene.agent_turns, agent_rates(scene), strict=True) if rate > 0]
    opening = [(count, count / rate) for turn, count, rate in rated
               if start <= turn.start_s <= end]
    count = sum(units for units, _ in opening)
    rates = [rate for _, units, rate in rated if units >= min_units]
    if count < min_units or len(rates) < min_turns:
        return unknown('too few words for a rate')
    ratio = count / sum(minutes for _, minutes in opening) / median(rates)
    decide = passed if ratio <= max_ratio else failed
    return decide(f'{ratio:.2f} times the agent\'s usual rate', span=(start, end), speaker=AGENT)


@decider
def asks_purpose(scene: Scene, *, window: str) -> Verdict:
    """The agent offers help or asks an open question in the window, unless the caller says
    unasked why they call."""
    if scene.call.direction == 'outbound':
        return not_applicable('the agent called')
    if scene.answer_s is None:
        return not_applicable(NOBODY)
    start, end = scene.window(window)
    asked = sorted([*scene.said('offer_help', start, end),
                    *scene.said('open_question', start, end)], key=lambda hit: hit.start_s)
    if asked:
        return passed('the purpose was asked for', asked[0])
    told = _request(scene)
    if told is not None and told.start_s <= end:
        return passed('the caller said it unasked', span=(told.start_s, told.end_s),
                      speaker=CALLER, evidence=told.text[:200])
    why = scene.any_unchecked(('offer_help', 'open_question'), start, end)
    if not why and scene.call.direction is None:
        why = 'the direction of the call is not known'
    return unknown(why) if why else failed('the purpose was not asked for', span=(start, end),
                                           speaker=AGENT)


def elements_of(scene: Scene,
                verdicts: Mapping[str, Verdict]) -> list[tuple[float, float | None]]:
    """The elements of `opening_score`: weight, and score (None: not known)."""
    if scene.answer_s is None:
        return []
    weights = scene.standard.scores.opening
    out: list[tuple[float, float | None]] = []
    for group in required_of(scene):
        scores = [_element_score(scene, element) for element in group]
        known = [score for score in scores if score is not None]
        best = max(known, default=None)
        weight = max(weights.get(element, 0.0) for element in group)
        out.append((weight, best if best == 1.0 or len(known) == len(scores) else None))
    pickup = verdicts.get('pickup-within-three-rings')
    if pickup is not None and pickup.result in (PASS, FAIL, UNKNOWN):
        out.append((weights['pickup'], pickup.score))
    if scene.standard.opening.forbid:
        clean = [v.result for name in ('opening-no-bare-hello', 'opening-caller-name-tactful')
                 if (v := verdicts.get(name)) is not None]
        out.append((weights['clean'], 0.0 if FAIL in clean else None if UNKNOWN in clean
                    or not clean else 1.0))
    return out


def _element_score(scene: Scene, element: str) -> float | None:
    """1 in the opening window; `late_credit` after it, by `late_s` from the answer and before the
    agent's first answer to the request; 0 where it was not said by then; None: not known."""
    rule = scene.standard.opening
    if element_verdict(scene, element).result == PASS:
        return 1.0
    until = (scene.answer_s or 0.0) + rule.late_s
    request = _request(scene)
    if request is not None:
        until = min(until, next((turn.start_s for turn in scene.agent_turns
                                 if turn.start_s >= request.end_s), until))
    late = element_verdict(scene, element, (scene.opening[0], max(until, scene.opening[1])))
    return {PASS: rule.late_credit, FAIL: 0.0}.get(late.result)


def _request(scene: Scene) -> Turn | None:
    """The caller's first turn that is long enough to be the request."""
    rule = scene.standard.opening
    least = rule.request_chars if scene.language in NO_SPACES else rule.request_words
    return next((turn for turn in scene.caller_turns if turn.word_count >= least), None)


def _unnamed(scene: Scene) -> str:
    return '' if scene.lexicon is None or scene.lexicon.companies else NO_COMPANIES


def _in_hours(hour: float, span: tuple[float, float], slack_h: float) -> bool:
    begin, length = span[0] - slack_h, (span[1] - span[0]) % 24 + 2 * slack_h
    return (hour - begin) % 24 <= length


def _tokens(text: str, letters: bool) -> Sequence[str]:
    return plain(text) if letters else tokenise(text.split())[0]
