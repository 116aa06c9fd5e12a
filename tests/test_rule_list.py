"""Every rule of the four etiquette documents is in the default standard, or says why it is not.

The list is of what the documents state: by stage and tier (A decided, B an indicator, C not
measured from a call), ids without their stage.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.standard_for_tests import default_standard

STATED = """
pickup A: within-three-rings not-instant not-after-five-rings ivr-wait-short no-missed-call
pickup B: answering-machine-greeting
pickup C: prepared
opening A: greeting no-bare-hello no-listening-phrase names-company states-activity
  self-introduction offers-help not-company-only not-help-only element-order concise
  company-standard first-fifteen-seconds thanks-for-calling asks-purpose asks-caller-name
  caller-name-tactful thanks-for-name
opening B: time-of-day-greeting states-position first-words-slow no-name-guessing
  forgotten-name-reminder collects-caller-details
opening C: unusual-name-positive
listening A: no-response-seven-seconds no-dead-air backchannels no-interruption
  asks-repeat-politely no-rude-repeat customer-inaudible-procedure confirms-recorded-data no-why
  unknown-not-fobbed-off
listening B: no-repeated-question no-known-data-question partial-unheard-confirms
  agent-inaudible-callback paraphrase open-questions one-question-at-a-time no-imperative
  joining-phrase keeps-informed-of-steps proactive-questions summarises-result
listening C: eliciting-questions shows-importance accurate-answers controls-digression
  choice-left-to-customer unprejudiced-focused takes-notes
hold A: gives-reason asks-permission gets-consent gives-time-limit stated-time-kept apology-before
  max-thirty-seconds over-limit-callback keeps-informed slow-system-uses-hold return-thanks
  return-apology
hold B: uses-hold-button open-line-discipline second-line-excuse return-recap
transfer C: only-if-needed right-specialist message-verbatim message-delivered
transfer A: says-what-next asks-permission thanks-after-consent names-target briefs-receiver
  max-two no-cold-handoff receiver-greets screening-tactful absence-first absent-offers-help
  absent-message-offer message-open-question message-read-back escalates-beyond-authority
transfer B: customer-not-repeating
complaint A: apologises-first empathy thanks-for-telling suggestion-acknowledged
  asks-leave-to-question listens-to-the-end long-wait-apology slow-handling-speeds-up
  offers-solution-asks-agreement checks-understanding abuse-warning-first
  rude-customer-apology-accepted closing-thanks-or-apology soft-close
complaint B: asks-to-slow-down customer-not-blamed no-argument company-fault-remedy
  escalates-when-needed refusal-softened
complaint C: stays-calm-words guides-with-questions records-and-forwards keeps-company-position
  no-excess-material
closing A: further-help thanks wish weekend-holiday-wish farewell signoff-order
  caller-hangs-up-first followup-commitment callback-number-taken callback-within-24h
  agent-name-on-callback
closing B: further-help-sincere idle-caller-ended-politely timely-end
closing C: positive-note invitation-declined-politely
outbound A: call-hours confirms-person self-introduction states-purpose asks-convenience
  reschedules-if-inconvenient refusal-respected no-harmful-openers verifies-data thanks-for-time
  appointment-confirmed
outbound B: name-not-rushed asks-satisfaction asks-special-needs mentions-services
  reminds-documents gives-directions no-price-on-phone
outbound C: leads-with-questions decision-maker respects-gatekeeper has-plan
voice B: clear-articulation matches-customer-rate moderate-volume raises-for-noisy-customer
  not-louder-when-angry lively-not-monotone
voice A: moderate-rate quiet-environment
voice C: slows-for-elderly smile emphasis friendly-businesslike no-eating-smoking posture-mood
voice rejected: no-gendered-ideal
wording B: polite-language no-diminutives plain-words concise-answers no-overpromise
  no-disparaging-competitors standard-language
wording A: formal-address please-and-thank-you uses-customer-name forbidden-words
  no-demeaning-terms no-insults no-profanity privacy-refusal speakerphone-consent
wording C: positive-words literate-speech
"""
# Rules of tier A and B that no call is judged by, and why.
OMITTED = {
    'pickup-no-missed-call': 'no recording is left of a call that nobody answered; view '
                             'missed_calls asks the manifest',
    'outbound-no-price-on-phone': 'document 003 contradicts itself on prices (L307, L361 against '
                                  'L169); a site may turn it on',
}
# The rules that are charged by default, with their weight in the stage.
CORE = """
pickup: within-three-rings 3 ivr-wait-short 1
opening: greeting 2 names-company 2 self-introduction 2 offers-help 2 no-bare-hello 1
  caller-name-tactful 1 first-fifteen-seconds 1
listening: no-response-seven-seconds 3 no-dead-air 2 no-interruption 3 backchannels 1
  asks-repeat-politely 1 unknown-not-fobbed-off 1
hold: gives-reason 2 asks-permission 3 gives-time-limit 2 max-thirty-seconds 3
  over-limit-callback 1 return-thanks 3 return-apology 3
transfer: asks-permission 3 says-what-next 1 briefs-receiver 2 max-two 2
complaint: apologises-first 3 empathy 2 thanks-for-telling 1 listens-to-the-end 2
  offers-solution-asks-agreement 2 abuse-warning-first 1
closing: further-help 3 thanks 2 farewell 2 caller-hangs-up-first 2 followup-commitment 2
outbound: call-hours 2 states-purpose 2 asks-convenience 3 refusal-respected 2
wording: uses-customer-name 1 please-and-thank-you 1 no-profanity 3
"""


def lines_of(text):
    """The lines, those that go on indented joined to the one before."""
    return text.strip().replace('\n  ', ' ').splitlines()


def stated():
    """Rule -> its tier."""
    out = {}
    for line in lines_of(STATED):
        (stage, tier), names = line.partition(': ')[0].split(), line.partition(': ')[2].split()
        out |= {f'{stage}-{name}': tier for name in names}
    return out


def core():
    out = {}
    for line in lines_of(CORE):
        stage, _, rest = line.partition(': ')
        parts = rest.split()
        out |= {f'{stage}-{name}': float(weight)
                for name, weight in zip(parts[::2], parts[1::2], strict=True)}
    return out


def test_the_documents_state_193_rules():
    assert Counter(stated().values()) == {'A': 107, 'B': 53, 'C': 32, 'rejected': 1}


def test_every_rule_that_the_documents_state_is_a_row_and_no_other_is():
    assert {rule.id for rule in default_standard().rules} == set(stated())


def test_every_rule_has_the_stage_and_tier_of_the_list():
    tiers = {rule: 'C' if tier == 'rejected' else tier for rule, tier in stated().items()}
    assert {rule.id: rule.tier for rule in default_standard().rules} == tiers
    assert all(rule.id.startswith(f'{rule.stage}-') for rule in default_standard().rules)


def test_every_rule_of_tier_a_and_b_is_computed_but_those_omitted_with_a_reason():
    computed = {rule.id for rule in default_standard().rules if rule.on and rule.decide}
    decided = {rule for rule, tier in stated().items() if tier in ('A', 'B')}
    assert decided - computed == set(OMITTED)


@pytest.mark.parametrize('rule', [r for r in default_standard().rules if r.tier == 'C'],
                         ids=lambda rule: rule.id)
def test_a_rule_that_no_call_shows_says_why_and_is_neither_decided_nor_charged(rule):
    assert rule.why_not
    assert (rule.decide, rule.weight) == (None, 0)


def test_the_core_rules_alone_are_charged():
    assert {rule.id: rule.weight for rule in default_standard().rules if rule.weight} == core()


def test_every_rule_names_a_document_and_a_line_that_state_it():
    for rule in default_standard().rules:
        assert rule.sentence.endswith(('.', '?', '!')), rule.id
        assert any(f'{document} L' in rule.source.partition('against')[0]
                   for document in ('000', '001', '002', '003')), rule.id
