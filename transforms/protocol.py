"""What a standard asks of a call, stage by stage; how findings become scores; and its rules.

The values live in `configs/standards`, each with its source; nothing here has a default. Every
duration is in seconds. None, where a type allows it, means that the standard is silent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Interval

Seconds = Annotated[float, Ge(0)]
Share = Annotated[float, Interval(ge=0, le=1)]
Count = Annotated[int, Ge(0)]
Weight = Annotated[float, Ge(0)]


@dataclass(frozen=True)
class PickupRule:
    """How soon a call is to be answered. None: the standard is silent.

    Attributes:
      rule: which of the two limits decides: rings, seconds, either (the kinder) or both.
      max_rings: rings started before the answer, at most.
      max_s: seconds of ringing, at most.
      max_rings_done, min_rings: completed rings, at most and at least.
      late_rings: from so many completed rings the caller is nervous.
      metadata_tol_s, audio_tol_s: error of ringing measured by the phone system and by ear.
      ivr_max_s: a recorded menu longer than this is reported as long.
    """

    rule: Literal['rings', 'seconds', 'either', 'both']
    max_rings: Count | None
    max_s: Seconds | None
    max_rings_done: Count | None
    min_rings: Count | None
    late_rings: Count | None
    metadata_tol_s: Seconds
    audio_tol_s: Seconds
    ivr_max_s: Seconds


@dataclass(frozen=True)
class OpeningRule:
    """How a call is to be opened.

    Attributes:
      window_s: the opening window, from the answer.
      complete_within_s: every element is complete by then; None: no such rule.
      require: greeting, company, self_name, offer_help, position, thanks (for calling); an inner
        list means any of them.
      require_transferred, require_outbound: the same of a leg that was transferred in, and of a
        call that the agent makes, which may also require purpose and convenience.
      order: the order of the elements, None where it is free.
      forbid: bare_hello, listening_phrase.
      help_only_ok, company_only_ok: whether an offer of help, or the company, may stand alone.
      full_name: whether first name and surname are asked for.
      late_s, late_credit: an element said later than the window, but by then and before the
        agent's first answer to the request, counts so much.
      request_words, request_chars: from so many words (ja, zh: characters) a caller's turn is the
        request.
      activity_phrases: what the company does, where its name does not say it; none: not asked for.
      script: the site's own greeting, with slots; None: none.
    """

    window_s: Annotated[float, Gt(0)]
    complete_within_s: Seconds | None
    require: tuple[str | tuple[str, ...], ...]
    require_transferred: tuple[str | tuple[str, ...], ...]
    require_outbound: tuple[str | tuple[str, ...], ...]
    order: tuple[str, ...] | None
    forbid: tuple[str, ...]
    help_only_ok: bool
    company_only_ok: bool
    full_name: bool
    late_s: Seconds
    late_credit: Share
    request_words: Count
    request_chars: Count
    activity_phrases: tuple[str, ...]
    script: str | None


@dataclass(frozen=True)
class HoldProtocol:
    """How a caller is to be made to wait. None: the standard is silent.

    Attributes:
      require_before: reason, request, time_limit, apology.
      require_after: thanks, apology; an inner list means any of them.
      max_s: the longest hold.
      metadata_tol_s, audio_tol_s: error of holds told by the phone system, and heard.
      over_limit_action: who calls back where it takes longer.
      customer_calls_back_score: what the caller's calling back counts.
      vague_limit: what "a moment" counts as a time limit.
      open_line_ok: whether the caller may wait on an open line.
      update_every_s: the longest wait without a word.
      min_wait_s: announced silences shorter than this are no wait for the rules of a hold.
      scored_wait_s: waits shorter than this have no `hold_score` and need no courtesy after.
      reason_s, request_s: the reason, and the request with its time limit, come at most so long
        before the wait.
      consent_s: who leaves sooner after the request did not wait for an answer.
      offer_before_s, offer_after_s: how long before and after a wait a call-back is offered.
    """

    require_before: tuple[str, ...]
    require_after: tuple[str | tuple[str, ...], ...]
    max_s: Seconds | None
    metadata_tol_s: Seconds
    audio_tol_s: Seconds
    over_limit_action: Literal['agent_calls_back', 'customer_calls_back', 'either']
    customer_calls_back_score: Share
    vague_limit: Literal['full', 'half', 'none']
    open_line_ok: bool
    update_every_s: Annotated[float, Gt(0)] | None
    min_wait_s: Seconds
    scored_wait_s: Seconds
    reason_s: Seconds
    request_s: Seconds
    consent_s: Seconds
    offer_before_s: Seconds
    offer_after_s: Seconds


@dataclass(frozen=True)
class TransferRule:
    """Transfers. `max`: of one contact; None where the standard is silent."""

    max: Count | None
    permission: bool | None
    brief_receiver: bool | None


@dataclass(frozen=True)
class CallbackRule:
    """Calling back.

    Attributes:
      deadline_h: a promised call comes within so many hours.
      hours: local time from and to, "HH:MM", in which customers may be called.
      lunch: local time from and to, in which they may not.
      agent_states_when: whether the agent says by when.
    """

    deadline_h: Seconds | None
    hours: tuple[str, str] | None
    lunch: tuple[str, str] | None
    agent_states_when: bool


@dataclass(frozen=True)
class AbuseRule:
    """What an agent may do when abused: warn, then end the call; or end it at once."""

    policy: Literal['warn_then_end', 'end_at_once'] | None


@dataclass(frozen=True)
class NameRule:
    """How often the caller is addressed by name, at least and at most."""

    min_uses: Count | None
    max_uses: Count | None


@dataclass(frozen=True)
class MatchRule:
    """When a phrase that should not have been said was.

    Attributes:
      avoid_match: the least match of the phrase.
      avoid_word_score: the least mean word score of the turn it was said in, where words have one.
    """

    avoid_match: Share
    avoid_word_score: Share


@dataclass(frozen=True)
class ScoreRule:
    """How findings become scores.

    Attributes:
      min_coverage, min_rules: with less of the standard known there is no score.
      tier_b: what the weight of an indicator is multiplied with.
      charge_once: rules that look at the same evidence: one that comes to the same as an earlier
        one of its group, at the same place, is not charged.
      opening, hold, signoff: element -> weight in the opening, hold and sign-off score.
      order_penalty: the spoken part of the sign-off score is multiplied with it where out of order.
      stale_credit: what an act counts that was said before business resumed.
      late_offer: what an offer to call back adds to the score of a hold that is too long.
    """

    min_coverage: Share
    min_rules: Count
    tier_b: Share
    charge_once: tuple[tuple[str, ...], ...]
    opening: Mapping[str, Weight]
    hold: Mapping[str, Weight]
    signoff: Mapping[str, Weight]
    order_penalty: Share
    stale_credit: Share
    late_offer: Share


@dataclass(frozen=True)
class Rule:
    """One rule of etiquette.

    Attributes:
      id, stage: a stage is one of `Standard.stages`.
      sentence: the rule, as an agent is told it.
      source: the documents that state it, with their lines.
      tier: A is decided, B is an indicator, C is not measured from a call: `why_not` says why.
      weight: in its stage; 0: computed and shown, not charged.
      on: whether it is computed at all.
      decide: the function of `transforms.rules` that decides it, None in tier C and for rules over
        several calls, which `elsewhere` names (a view, a maintenance step).
      options: its arguments.
    """

    id: str
    stage: str
    sentence: str
    source: str
    tier: Literal['A', 'B', 'C']
    weight: Weight
    on: bool
    decide: str | None
    options: Mapping[str, Any]
    why_not: str | None
    elsewhere: str | None
