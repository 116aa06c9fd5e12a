"""Voice: rate, level, pitch and noise. Descriptions, not verdicts: no rule here carries weight."""

from __future__ import annotations

from math import fsum, sqrt
from statistics import median

from transforms.rates import count_units, rate_unit
from transforms.rules.options import Count, Rate, Seconds, Share
from transforms.rules.registry import decider
from transforms.rules.scene import Scene
from transforms.rules.shapes import limit
from transforms.rules.verdict import Verdict, failed, not_applicable, passed, unknown
from transforms.talk import NONE
from warehouse.records import AGENT, Turn

Decibel = float
Rates = dict[str, tuple[float, float]]  # language -> lowest and highest per minute

MUFFLED = 'there is too little speech'


@decider
def clear_articulation(scene: Scene, *, least: Share, min_words: Count) -> Verdict:
    """The mean score of the agent's words. Its norm is the fleet's median for the same language,
    codec and model; a standard that knows it names it. Accents lower it: reported alone."""
    scores = [(turn.confidence, turn.word_count) for turn in scene.agent_turns
              if turn.confidence is not None]
    words = sum(count for _, count in scores)
    if words < min_words:
        return unknown('too few words have a score')
    mean = sum(score * count for score, count in scores) / words
    decide = passed if mean >= least else failed
    return decide(f'mean word score {mean:.2f}', score=min(1.0, mean))


@decider
def moderate_rate(scene: Scene, *, rates: Rates, min_speech_s: Seconds) -> Verdict:
    """The agent speaks neither faster nor slower than is usual in the language, per minute of own
    speech: words (en, id), characters (ja, zh), syllables (ko)."""
    usual = rates.get(scene.language)
    if usual is None:
        return unknown(f'no usual rate of {scene.language} is set')
    rate = scene.kpis.agent_speech_rate
    if rate is None or scene.kpis.agent_talk_s is None \
            or scene.kpis.agent_talk_s < min_speech_s:
        return unknown(MUFFLED)
    return limit(rate, f'{rate:.0f} {scene.kpis.speech_rate_unit}s a minute', low=usual[0],
                 high=usual[1])


@decider
def matches_rate(scene: Scene, *, most: Seconds, min_turns: Count, min_turn_s: Seconds) -> Verdict:
    """The agent's rate goes with the caller's: over the turns, the distance of their medians in
    standard deviations is small."""
    rates = [_rates(turns, scene, min_turn_s) for turns in (scene.agent_turns, scene.caller_turns)]
    if min(map(len, rates)) < min_turns:
        return unknown('too few turns')
    spread = _deviation([*rates[0], *rates[1]])
    apart = abs(median(rates[0]) - median(rates[1])) / spread if spread else 0.0
    return (passed if apart <= most else failed)(f'rates {apart:.1f} deviations apart')


@decider
def moderate_volume(scene: Scene, *, low_dbfs: Decibel, high_dbfs: Decibel,
                    gain_known: bool) -> Verdict:
    """The agent's level. It proves nothing on a line whose gain is not known, or controls itself:
    a site whose lines have one fixed gain says so (`gain_known`)."""
    level = scene.kpis.agent_loudness_dbfs
    if level is None:
        return unknown(MUFFLED)
    if not gain_known:
        return unknown(f'{level:.0f} dBFS, on a line whose gain is not known')
    return limit(level, f'{level:.0f} dBFS', low=low_dbfs, high=high_dbfs)


@decider
def raises_for_noise(scene: Scene) -> Verdict:
    """Where it is loud around the caller, the agent speaks up a little: it takes the noise floor of
    the fleet and the agent's own level of the day."""
    if scene.call.caller_snr_db is None:
        return unknown('the noise around the caller was not measured')
    return unknown('it takes the levels of the agent\'s other calls')


@decider
def not_louder_when_angry(scene: Scene, *, caller_db: Decibel, caller_st: Rate,
                          agent_db: Decibel) -> Verdict:
    """After a turn of the caller that is that much louder and higher than the caller's median, the
    agent's next turn is no more than `agent_db` over the agent's median."""
    if scene.call.lane_source != 'channel':
        return unknown('both parties share one channel')
    levels = [t.level_dbfs for t in scene.caller_turns if t.level_dbfs is not None]
    pitches = [t.f0_st for t in scene.caller_turns if t.f0_st is not None]
    own = [t.level_dbfs for t in scene.agent_turns if t.level_dbfs is not None]
    if not levels or not pitches or not own:
        return unknown('levels and pitch were not measured')
    usual_db, usual_st, usual_own = median(levels), median(pitches), median(own)
    angry = [t for t in scene.caller_turns if t.level_dbfs is not None and t.f0_st is not None
             and t.level_dbfs >= usual_db + caller_db and t.f0_st >= usual_st + caller_st]
    answers = [answer for turn in angry if (answer := _next(scene.agent_turns, turn)) is not None]
    if not answers:
        return not_applicable('the caller was not loud')
    worst = max(answers, key=lambda t: t.level_dbfs if t.level_dbfs is not None else -200.0)
    over = (worst.level_dbfs or -200.0) - usual_own
    decide = passed if over <= agent_db else failed
    return decide(f'{over:+.1f} dB against the usual', span=(worst.start_s, worst.end_s),
                  speaker=AGENT)


@decider
def quiet_environment(scene: Scene, *, least_db: Decibel) -> Verdict:
    """Signal over noise in the agent's lane."""
    snr = scene.call.agent_snr_db
    if snr is None:
        return unknown('the noise around the agent was not measured')
    return limit(snr, f'{snr:.0f} dB over the noise', low=least_db)


@decider
def not_monotone(scene: Scene, *, least_st: Rate, min_speech_s: Seconds) -> Verdict:
    """How far the agent's pitch moves: the mean interquartile range of the turns, in semitones. A
    description of pitch, not of feelings."""
    turns = [t for t in scene.agent_turns if t.f0_iqr_st is not None]
    seconds = sum(t.end_s - t.start_s for t in turns)
    if seconds < min_speech_s:
        return unknown(MUFFLED)
    spread = sum((t.f0_iqr_st or 0.0) * (t.end_s - t.start_s) for t in turns) / seconds
    return (passed if spread >= least_st else failed)(f'{spread:.1f} semitones')


def _rates(turns: list[Turn], scene: Scene, min_turn_s: float) -> list[float]:
    """Units a second of each turn that is not too short, where the words are believed."""
    if scene.trust == NONE:
        return []
    unit = rate_unit(scene.language)
    return [(turn.word_count if unit == 'word' else count_units([turn.text], unit)) / length
            for turn in turns
            if turn.word_count and (length := turn.end_s - turn.start_s) >= min_turn_s]


def _deviation(values: list[float]) -> float:
    """The standard deviation; `statistics.pstdev` is exact, and far too slow for every call."""
    mean = fsum(values) / len(values)
    return sqrt(fsum((value - mean) ** 2 for value in values) / len(values))


def _next(turns: list[Turn], after: Turn) -> Turn | None:
    return next((t for t in turns if t.start_s >= after.start_s and t.level_dbfs is not None),
                None)

