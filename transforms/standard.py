"""An etiquette standard: the thresholds by which a call is judged.

The values live in `configs/standards/*.yaml`, each with its source; nothing here has a default.
Every duration is in seconds. None, where a type allows it, means that the standard is silent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import Ge, Gt, Interval

from transforms.protocol import (
    AbuseRule,
    CallbackRule,
    HoldProtocol,
    MatchRule,
    NameRule,
    OpeningRule,
    PickupRule,
    Rule,
    ScoreRule,
    TransferRule,
    Weight,
)

Seconds = Annotated[float, Ge(0)]
Share = Annotated[float, Interval(ge=0, le=1)]
Count = Annotated[int, Ge(0)]


@dataclass(frozen=True)
class TurnRule:
    """How speech becomes turns.

    Attributes:
      ipu_gap_s: pauses of a party shorter than this do not end its utterance.
      pause_s: a pause longer than this ends a turn though nobody else spoke.
      word_slack_s: how far a word may reach beyond the voice activity it lies in.
      word_score: a word outside all voice activity counts as speech from this score on.
      word_reach_s: a word this near to a turn of its speaker belongs to it.
      min_rate_speech_s: less speech than this has no speech rate.
    """

    ipu_gap_s: Annotated[float, Gt(0)]
    pause_s: Annotated[float, Gt(0)]
    word_slack_s: Seconds
    word_score: Share
    word_reach_s: Seconds
    min_rate_speech_s: Seconds


@dataclass(frozen=True)
class OverlapRule:
    """When two parties speak at once, what it was.

    Attributes:
      min_event_s: shorter overlaps are no event.
      breath_s: a pause shorter than this does not end a party's talk: who begins in it came in.
      edge_s: two starts nearer than this are simultaneous.
      silence_before_s: a dual start has this much silence of both before it.
      isolation_s: a backchannel has this much silence of its own speaker on either side;
        pauses shorter than this do not break a run of talk.
      bc_max_s, bc_max_words, bc_max_chars: a backchannel is no longer (characters: ja, zh).
      bc_after_s: the other has been talking for at least this long when it starts, and
      bc_floor_s: goes on for at least this long after it.
      bc_pause_s: it may lie in a pause of the other that is no longer than this.
      bc_usual_s, bc_slope_db: without words to believe, one of `bc_usual_s` is no louder than its
        speaker's speech in general; the limit falls by so many dB a second with its length.
      terminal_words, terminal_s: the other was done when at most so many of its words start, or
        its speech lasts no longer, after the overlap began.
      final_pitch, final_per_db: without words to believe, who stopped had finished the sentence
        when at most this share of its pitch lies under its last syllable; less, by so much a dB,
        the louder than usual the other came in.
      min_ovl_s: shorter ones are never an interruption of any kind, only brief.
      hold_floor_s: who goes on for this long holds the floor; silent for as long has left it.
      complete_s: who finished a sentence that the other had come in on no longer before was at its
        last phrase; a longer overlap was a contest all the same.
      long_ovl_s: an overlap as long as this is certain in its length.
      headline_s: interruptions shorter than this are not counted in the KPIs.
      choral_distance: at most this share of words differ when both say the same.
      completion_max_words, stall_s: words offered when the other stalled for so long.
      diarized_confidence: confidence of an overlap between lanes told apart in one channel.
      trusted_diarizers: those (`calls.diarizer`) whose overlaps are counted in the KPIs all the
        same; with any other, who came in on whom is not known.
      assumed_confidence: the most that is believed where words cannot be trusted.
    """

    min_event_s: Seconds
    breath_s: Seconds
    edge_s: Seconds
    silence_before_s: Seconds
    isolation_s: Seconds
    bc_max_s: Seconds
    bc_max_words: Count
    bc_max_chars: Count
    bc_after_s: Seconds
    bc_floor_s: Seconds
    bc_pause_s: Seconds
    bc_usual_s: Seconds
    bc_slope_db: Annotated[float, Ge(0)]
    terminal_words: Count
    terminal_s: Seconds
    final_pitch: Share
    final_per_db: Annotated[float, Ge(0)]
    min_ovl_s: Seconds
    hold_floor_s: Seconds
    complete_s: Seconds
    long_ovl_s: Annotated[float, Gt(0)]
    headline_s: Seconds
    choral_distance: Share
    completion_max_words: Count
    stall_s: Seconds
    diarized_confidence: Share
    trusted_diarizers: tuple[str, ...]
    assumed_confidence: Share


@dataclass(frozen=True)
class SilenceRule:
    """Silence of both: noted from `warn_s`, dead air from `bad_s`, no response from `fail_s`."""

    warn_s: Annotated[float, Gt(0)]
    bad_s: Annotated[float, Gt(0)]
    fail_s: Annotated[float, Gt(0)]


@dataclass(frozen=True)
class RingRule:
    """Ringing.

    Attributes:
      partial_edge_s: ringing that starts this early was under way when the recording began.
      blip_s: a shorter sound of the answering party between two rings is not the answer.
    """

    partial_edge_s: Seconds
    blip_s: Seconds


@dataclass(frozen=True)
class HoldRule:
    """When the caller is parked.

    Attributes:
      join_gap_s: pieces of music nearer than this are one hold.
      agent_min_s: an utterance of the agent as long as this ends a hold with music.
      background_gap_s, background_share: music with no longer breaks than this, over which the
        parties talk for more than this share, plays in the background: nobody is parked.
      zero_min_s: digital silence counts from here.
      announced_min_s: announced silence counts from here.
      announced_after_s: the announcement ends no longer than this before the silence.
      sound_min_s: a shorter sound of the agent does not end it,
      unworded_min_s: nor does one without a word, where words are known, that is shorter than this.
      announced_by: the phrase categories that announce one.
    """

    join_gap_s: Seconds
    agent_min_s: Seconds
    background_gap_s: Seconds
    background_share: Share
    zero_min_s: Seconds
    announced_min_s: Seconds
    announced_after_s: Seconds
    sound_min_s: Seconds
    unworded_min_s: Seconds
    announced_by: tuple[str, ...]


@dataclass(frozen=True)
class CheckedRule:
    """When the absence of a phrase proves something.

    Attributes:
      role_confidence: the least confidence in who is the agent, where nobody said it.
      word_score, coverage: words of at least this score cover at least this share of the speech.
      accept_unreviewed: whether a phrase list that no native speaker has read is good enough.
      foreign_words: an agent who says so many words and not one phrase of any list does not speak
        the language that the call is said to be in.
    """

    role_confidence: Share
    word_score: Share
    coverage: Share
    accept_unreviewed: bool
    foreign_words: Count


@dataclass(frozen=True)
class HangsUpFirst:
    """Who is to hang up first, by direction of the call."""

    inbound: Literal['agent', 'caller', 'any']
    outbound: Literal['agent', 'caller', 'any']


@dataclass(frozen=True)
class ClosingRule:
    """How a call is to end.

    Attributes:
      require: the closing acts asked for (further_help, thanks, wish, apology, farewell,
        soft_close, hangup); an inner list means any of them.
      hangs_up_first: the side that is to hang up first.
      weekend_wish: whether a pleasant weekend is wished before weekends and holidays.
      holidays: their dates, YYYY-MM-DD.
      final_act: farewell, or farewell_or_thanks where the last thanks may stand for it.
      order_slack_s: acts this near are in any order: the error of word times.
      resume_words, resume_chars: more of the agent's words (ja, zh: characters) between two
        closing acts are new business.
      break_hold_s: a hold this long between two closing acts is new business.
      cluster_end_s: the last act starts no earlier before the conversation's end.
      window_s, window_min_s: absence is judged from `window_s` before the first closing act, over
        at least `window_min_s`, to the end.
      min_caller_words: with fewer there was no conversation.
      left_s: a caller who hangs up sooner after the last word left without a farewell.
      cut_s: a recording that ends earlier than the call by more than this misses its end.
    """

    require: tuple[str | tuple[str, ...], ...]
    hangs_up_first: HangsUpFirst
    weekend_wish: bool
    holidays: tuple[str, ...]
    final_act: Literal['farewell', 'farewell_or_thanks']
    order_slack_s: Seconds
    resume_words: Count
    resume_chars: Count
    break_hold_s: Seconds
    cluster_end_s: Seconds
    window_s: Seconds
    window_min_s: Seconds
    min_caller_words: Count
    left_s: Seconds
    cut_s: Seconds


@dataclass(frozen=True, eq=False)
class Standard:
    """One etiquette standard. `version` is stored with every row that it decided.

    Attributes:
      stages: stage -> its weight in the overall score.
      only_rules_of: a document's number: rules that it does not state are not computed.
    """

    name: str
    version: str
    only_rules_of: str | None
    turns: TurnRule
    overlaps: OverlapRule
    silence: SilenceRule
    ring: RingRule
    hold: HoldRule
    checked: CheckedRule
    match: MatchRule
    pickup: PickupRule
    opening: OpeningRule
    hold_protocol: HoldProtocol
    transfer: TransferRule
    callback: CallbackRule
    closing: ClosingRule
    abuse: AbuseRule
    name_use: NameRule
    scores: ScoreRule
    stages: Mapping[str, Weight]
    rules: tuple[Rule, ...]
