"""Rules of the stage `listening` on the agent's questions."""

from __future__ import annotations

from typing import Literal

from transforms.rules.options import Count, Seconds, Share
from transforms.rules.registry import decider
from transforms.rules.scene import UNREAD, Scene
from transforms.rules.shapes import is_sure
from transforms.rules.texts import content_words, is_open, similarity
from transforms.rules.verdict import Verdict, failed, not_applicable, passed, shared, unknown
from transforms.talk import FULL
from transforms.turns import NO_SPACES
from warehouse.records import AGENT, Turn

NO_MARKS = 'the transcript has no punctuation: what is a question cannot be told'

# Questions that are asked as often as there is occasion for them.
_COURTESIES = ('offer_help', 'further_help', 'wait_request', 'repeat_polite', 'convenience',
               'agreement_question', 'clear_question', 'echo_check', 'read_back', 'check_frame')


@decider
def no_question_twice(scene: Scene, *, apart_s: Seconds, alike: Share, words: Count) -> Verdict:
    """No question is asked again, `apart_s` later or more, once the caller has answered it. Polite
    formulas and questions of fewer content words than `words` may be repeated; nor is a question
    repeated after a request to repeat the answer."""
    unread = _unread(scene)
    if unread:
        return unknown(unread)
    formulas = [hit for act in _COURTESIES for hit in scene.said(act)]
    asked: list[tuple[Turn, frozenset[str]]] = []
    for turn, found in scene.questions:
        courteous = [hit.evidence or '' for hit in formulas
                     if turn.start_s <= hit.start_s <= turn.end_s]
        for question in found:
            content = content_words(question, scene.language)
            if len(content) < words or any(text.strip('?？.') in question for text in courteous):
                continue
            for earlier, before in asked:
                if turn.start_s - earlier.end_s >= apart_s \
                        and similarity(content, before) >= alike \
                        and _answered(scene, earlier, turn):
                    return failed(f'asked before, at {earlier.start_s:.0f} s',
                                  span=(turn.start_s, turn.end_s), speaker=AGENT,
                                  evidence=question)
            asked.append((turn, content))
    why = scene.uncovered(AGENT, 0.0, scene.call.duration_s)
    return unknown(why) if why else passed('no question was asked twice')


@decider
def known_data(scene: Scene, *, fields: tuple[Literal['name', 'phone'], ...],
               script: tuple[Literal['name', 'phone'], ...]) -> Verdict:
    """The agent does not ask for what the phone system supplied: of `fields`, the caller's name and
    number. Questions of the verification `script` are no fault."""
    supplied = {'name': scene.metadata.caller_name, 'phone': scene.call.caller_id}
    acts = {'name': ('ask_name', 'ask_name_blunt'), 'phone': ('ask_phone',)}
    known = [field for field in fields if supplied[field] and field not in script]
    if not known:
        return not_applicable('nothing of the caller was supplied')
    asked = [hit for field in known for act in acts[field] for hit in scene.said(act)]
    sure = [hit for hit in asked if is_sure(scene, hit)]
    if sure:
        return failed('asked for what was known', sure[0])
    why = 'a question for it may have been asked' if asked else scene.any_unchecked(
        [act for field in known for act in acts[field]], 0.0, scene.call.duration_s)
    return unknown(why) if why else passed(f'not asked for: {", ".join(known)}')


@decider
def open_questions(scene: Scene, *, part: Share, least: Count) -> Verdict:
    """In the first `part` of the conversation, once the caller has spoken, the agent asks at least
    so many open questions."""
    caller = scene.caller_turns
    if not caller:
        return not_applicable('the caller does not speak')
    begin = scene.answer_s or 0.0
    end = begin + part * (scene.conversation_end_s - begin)
    start = min(caller[0].start_s, end)
    hits = scene.said('open_question', start, end)
    asked = [(turn, question) for turn, found in scene.questions
             if start <= turn.start_s <= end for question in found]
    wide = [(turn, question) for turn, question in asked if is_open(question, scene.language)]
    if len(hits) >= least or (scene.trust == FULL and len(wide) >= least):
        why = f'{len(wide)} of {len(asked)} questions are open'
        if hits:
            return passed(why, hits[0])
        turn, question = wide[0]
        return passed(why, span=(turn.start_s, turn.end_s), speaker=AGENT, evidence=question)
    why = _unread(scene) or scene.uncovered(AGENT, start, end)
    return unknown(why) if why else failed('no open question', span=(start, end), speaker=AGENT)


@decider
def one_question(scene: Scene, *, most: Share) -> Verdict:
    """At most the share `most` of the turns that ask hold more than one question."""
    unread = _unread(scene)
    if unread:
        return unknown(unread)
    asking = scene.questions
    if not asking:
        why = scene.uncovered(AGENT, 0.0, scene.call.duration_s)
        return unknown(why) if why else not_applicable('the agent asks nothing')
    several = [turn for turn, found in asking if len(found) > 1]
    at = several[0] if several else asking[0][0]
    verdict = shared(len(asking) - len(several), len(several), 1 - most,
                     'turns with one question at a time', span=(at.start_s, at.end_s))
    return verdict._replace(speaker=AGENT, evidence=at.text)


@decider
def no_bare_order(scene: Scene) -> Verdict:
    """No clarification is asked for in the imperative, unless "please" stands in the same turn."""
    heard = [hit for hit in scene.said('imperative') if is_sure(scene, hit)]
    for hit in heard:
        turn = scene.turn_at(AGENT, hit.start_s)
        if not turn or not scene.said('please', turn.start_s, turn.end_s):
            return failed('said as an order', hit)
    why = scene.unchecked('imperative', 0.0, scene.call.duration_s)
    return unknown(why) if why else passed('nothing was said as an order')


@decider
def ends_with_question(scene: Scene, *, words: Count, chars: Count, least: Share) -> Verdict:
    """The share of the agent's longer turns that end with a question: who asks leads."""
    unread = _unread(scene)
    if unread:
        return unknown(unread)
    size = chars if scene.language in NO_SPACES else words
    long = [turn for turn in scene.agent_turns if turn.word_count >= size]
    if not long:
        return not_applicable('the agent gives no longer answer')
    last = {turn.turn: found[-1] for turn, found in scene.questions}
    asking = [turn for turn in long if turn.turn in last
              and turn.text.rstrip().endswith(last[turn.turn])]
    at = asking[0] if asking else long[0]
    verdict = shared(len(asking), len(long) - len(asking), least,
                     'longer answers that end with a question', span=(at.start_s, at.end_s))
    return verdict._replace(speaker=AGENT, evidence=at.text)


def _unread(scene: Scene) -> str:
    """Why the agent's questions cannot be told; '' where they can."""
    if scene.trust != FULL:
        return UNREAD
    return '' if scene.questions or scene.is_punctuated else NO_MARKS


def _answered(scene: Scene, earlier: Turn, later: Turn) -> bool:
    """Whether the caller said something to a question before it was asked again, and was not asked
    to repeat it."""
    if scene.said('repeat_polite', earlier.end_s, later.start_s):
        return False
    return any(earlier.end_s <= turn.start_s < later.start_s for turn in scene.caller_turns)

