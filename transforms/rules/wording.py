"""Rules of the stage `wording`."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil

from transforms.rules.options import ActName, Count, Rate, Ratio, Seconds, Share, Words
from transforms.rules.registry import decider
from transforms.rules.scene import UNREAD, Scene
from transforms.rules.shapes import absent, assented, avoided_in, limit
from transforms.rules.texts import (
    calls,
    contains,
    is_redacted,
    language_of,
    names_someone,
    opens_with,
    sentences,
    slot_of,
    tokens_between,
)
from transforms.rules.verdict import (
    FAIL,
    UNKNOWN,
    Verdict,
    failed,
    not_applicable,
    passed,
    unknown,
)
from transforms.talk import FULL
from warehouse.records import AGENT, Event, Turn

_COURTESIES = {'please': ('please',),
               'thank you': ('thanks', 'return_thanks', 'thanks_for_telling')}

# How polite sentences end.
_POLITE = {
    'ko': ('요', '니다', '니까', '시오', '죠', '네', '예'),
    'ja': tuple(ending + after for ending in (
        'です', 'ます', 'でした', 'ました', 'ません', 'ましょう', 'でしょう', 'ください', 'ませ')
        for after in ('', 'か', 'ね', 'よ', 'が', 'ので', 'けど')),
}


@decider
def polite_endings(scene: Scene, *, least: Share, chars: Count, word_score: Share) -> Verdict:
    """At least the share `least` of the agent's sentences end politely (ko 해요 and 합니다, ja です
    and ます). Sentences of fewer than `chars` characters and turns with a word score below
    `word_score` are left out. Other languages have no such endings."""
    ends = _POLITE.get(scene.language)
    if ends is None:
        return not_applicable('politeness is no matter of endings in this language')
    if scene.trust != FULL:
        return unknown(UNREAD)
    good, plain = 0, []
    for turn in scene.agent_turns:
        if turn.confidence is not None and turn.confidence < word_score:
            continue
        for sentence in sentences(turn.text):
            bare = sentence.rstrip('.?!。？！…、, ')
            if len(bare) < chars:
                continue
            if bare.endswith(ends):
                good += 1
            else:
                plain.append((turn, sentence))
    if not good and not plain:
        return unknown('no sentence of the agent is known well enough')
    score = good / (good + len(plain))
    why = f'{good} of {good + len(plain)} sentences end politely'
    if score >= least:
        return passed(why, score=score)
    missing = scene.uncovered(AGENT, 0.0, scene.call.duration_s)
    if missing:
        return unknown(missing)
    turn, sentence = plain[0]
    return failed(why, score=score, span=(turn.start_s, turn.end_s), speaker=AGENT,
                  evidence=sentence)


@decider
def avoid_where(scene: Scene, *, act: ActName, languages: Words) -> Verdict:
    """The act is not said, in languages that have it; in others the rule asks for nothing."""
    if scene.language not in languages:
        return not_applicable('there is no such form in this language')
    return avoided_in(scene, act, 0.0, scene.call.duration_s)


@decider
def please_and_thanks(scene: Scene) -> Verdict:
    """The agent says "please" and "thank you" at least once each."""
    end = scene.call.duration_s
    missing = [name for name, acts in _COURTESIES.items() if not any(map(scene.said, acts))]
    if not missing:
        return passed('please and thank you were said', scene.said('please')[0])
    why = scene.any_unchecked([_COURTESIES[name][0] for name in missing], 0.0, end)
    return unknown(why) if why else failed(f'never said: {", ".join(missing)}', span=(0.0, end),
                                           speaker=AGENT)


@decider
def name_used(scene: Scene) -> Verdict:
    """The caller is addressed by name between `name_use.min_uses` and `name_use.max_uses` times:
    in so many turns of the agent. The name is the phone system's, or what the caller said."""
    rule, end = scene.standard.name_use, scene.call.duration_s
    if rule.min_uses is None and rule.max_uses is None:
        return not_applicable('this standard says nothing of the caller\'s name')
    if scene.trust != FULL:
        return unknown(UNREAD)
    name = scene.metadata.caller_name or _said_name(scene)
    if not name:
        return absent(scene, 'caller_name', 'the caller\'s name is not known')
    used = [turn for turn in scene.agent_turns if calls(turn.text, name, scene.language)]
    why = f'the caller was called by name {len(used)} times'
    few = rule.min_uses is not None and len(used) < rule.min_uses
    if few:
        if any(is_redacted(turn.text) for turn in scene.agent_turns):
            return unknown('words were taken out of the text')
        missing = scene.uncovered(AGENT, 0.0, end)
        return unknown(missing) if missing else failed(why, span=(0.0, end), speaker=AGENT)
    many = rule.max_uses is not None and len(used) > rule.max_uses
    span = (used[0].start_s, used[0].end_s) if used else None
    return (failed if many else passed)(why, span=span, speaker=AGENT,
                                        evidence=used[0].text if used else None)


@decider
def forbidden_words(scene: Scene, *, starts: Mapping[str, Words], softened_by: Mapping[str, Words],
                    per_100: Rate, turns: Count) -> Verdict:
    """No forbidden phrase is said, and at most `per_100` of a hundred turns begin with one of the
    words `starts` of the language, unless one of `softened_by` follows. With fewer turns than
    `turns` there is no such share."""
    verdict = avoided_in(scene, 'banned_wording', 0.0, scene.call.duration_s)
    words = starts.get(scene.language, ())
    if verdict.result == FAIL or not words or scene.trust != FULL \
            or len(scene.agent_turns) < turns:
        return verdict
    soft = softened_by.get(scene.language, ())
    blunt = [turn for turn in scene.agent_turns if opens_with(turn.text, words, soft)]
    rate = 100 * len(blunt) / len(scene.agent_turns)
    if rate > per_100:
        return failed(f'{rate:.0f} of 100 turns begin with {" or ".join(words)}',
                      span=(blunt[0].start_s, blunt[0].end_s), speaker=AGENT,
                      evidence=blunt[0].text)
    return verdict


@decider
def for_review(scene: Scene, *, act: ActName) -> Verdict:
    """Whether the act was right only a person can say: it is shown, and nothing is decided."""
    found = scene.said(act)
    if found:
        return _to_review(found[0])
    why = scene.unchecked(act, 0.0, scene.call.duration_s)
    return unknown(why) if why else passed(f'{act.replace("_", " ")} was not said')


@decider
def plain_words(scene: Scene, *, jargon: Words, per_100: Rate) -> Verdict:
    """Of a hundred words of the agent at most `per_100` are terms of the list `jargon` that the
    caller had not used before."""
    if not jargon:
        return not_applicable('no list of jargon is given')
    if scene.trust != FULL:
        return unknown(UNREAD)
    spoken = sum(turn.word_count for turn in scene.agent_turns)
    if not spoken:
        return not_applicable('the agent says nothing')
    known: set[str] = set()
    used: list[tuple[Turn, str]] = []
    for turn in scene.turns:
        terms = [term for term in jargon if contains(turn.text, (term,), scene.language)]
        if turn.speaker == AGENT:
            used += [(turn, term) for term in terms if term not in known]
        else:
            known.update(terms)
    rate = 100 * len(used) / spoken
    why = f'{rate:.1f} of 100 words are jargon'
    if rate > per_100:
        turn, term = used[0]
        return failed(f'{why}: {term}', span=(turn.start_s, turn.end_s), speaker=AGENT,
                      evidence=turn.text)
    missing = scene.uncovered(AGENT, 0.0, scene.call.duration_s)
    return unknown(missing) if missing else passed(why)


@decider
def short_turns(scene: Scene, *, share: Share, usual_s: Ratio,
                longest_s: Ratio) -> Verdict:
    """The share `share` of the agent's turns lasts no longer than `usual_s`, and none longer than
    `longest_s`."""
    turns = sorted(scene.agent_turns, key=lambda turn: turn.end_s - turn.start_s)
    if not turns:
        return not_applicable('the agent says nothing')
    usual, longest = turns[max(0, ceil(share * len(turns)) - 1)], turns[-1]
    over = longest if longest.end_s - longest.start_s > longest_s else usual
    verdict = limit(over.end_s - over.start_s, f'a turn of {over.end_s - over.start_s:.0f} s',
                    high=longest_s if over is longest and usual is not longest else usual_s,
                    span=(over.start_s, over.end_s))
    return verdict._replace(speaker=AGENT)


@decider
def brands_respected(scene: Scene, *, brands: Words, tokens: Count) -> Verdict:
    """Where the agent names another brand, no word against it stands within `tokens` words; where
    one does, a person is to judge."""
    if not brands:
        return not_applicable('no list of other brands is given')
    if scene.trust != FULL:
        return unknown(UNREAD)
    named = [(turn, brand) for turn in scene.agent_turns for brand in brands
             if contains(turn.text, (brand,), scene.language)]
    if not named:
        why = scene.uncovered(AGENT, 0.0, scene.call.duration_s)
        return unknown(why) if why else not_applicable('no other brand was named')
    for turn, brand in named:
        for hit in scene.said('negative_word', turn.start_s, turn.end_s):
            apart = tokens_between(turn.text, brand, hit.evidence or '', scene.language)
            if apart is not None and apart <= tokens:
                return _to_review(hit)
    turn = named[0][0]
    why = next((why for turn, _ in named
                if (why := scene.unchecked('negative_word', turn.start_s, turn.end_s))), '')
    return unknown(why) if why else passed('other brands were named without a word against them',
                                           span=(turn.start_s, turn.end_s), speaker=AGENT,
                                           evidence=turn.text)


@decider
def spoken_language(scene: Scene, *, queues: Mapping[str, str], least: Share) -> Verdict:
    """In a queue that demands a language, at least the share `least` of the agent's words is
    transcribed in it, by script and commonest words. A dialect is not told."""
    demanded = queues.get(scene.call.queue or '')
    if demanded is None:
        return not_applicable('the queue demands no language')
    if scene.trust != FULL:
        return unknown(UNREAD)
    told = [(turn, spoken) for turn in scene.agent_turns
            if (spoken := language_of(turn.text)) is not None]
    whole = sum(turn.word_count for turn, _ in told)
    if not whole:
        return unknown('the agent\'s language cannot be told')
    share = sum(turn.word_count for turn, spoken in told if spoken == demanded) / whole
    why = f'{share:.0%} of the agent\'s words are {demanded}'
    if share >= least:
        return passed(why, score=1.0)
    turn = next(turn for turn, spoken in told if spoken != demanded)
    return failed(why, span=(turn.start_s, turn.end_s), speaker=AGENT, evidence=turn.text)


@decider
def speakerphone_consent(scene: Scene, *, within_s: Seconds) -> Verdict:
    """Before the loudspeaker is switched on it is said who listens, and the caller agrees. That it
    was switched on silently cannot be heard."""
    found = scene.said('speakerphone')
    if not found:
        return absent(scene, 'speakerphone', 'no loudspeaker was spoken of')
    hit = found[0]
    agreed = assented(scene, hit.end_s, hit.end_s + within_s)
    if agreed is False:
        return failed('the loudspeaker was not agreed to', hit)
    turn = scene.turn_at(AGENT, hit.start_s)
    named = names_someone(turn.text, scene.language) if turn else None
    if agreed is None or named is None:
        return unknown('whether the caller agreed, and who listens, is not known')
    return passed('the caller agreed and knows who listens', hit) if named else failed(
        'it was not said who listens', hit)


def _to_review(hit: Event) -> Verdict:
    return Verdict(UNKNOWN, f'a person is to judge: {hit.evidence}', None, hit.confidence,
                   hit.speaker, hit.start_s, hit.end_s, hit.evidence)


def _said_name(scene: Scene) -> str | None:
    """The name that the caller gave."""
    found, lexicon = scene.said('caller_name'), scene.lexicon
    if not found or lexicon is None:
        return None
    phrases = lexicon.categories['caller_name']
    return next((name for hit in found if (name := slot_of(hit.evidence or '', phrases))), None)
