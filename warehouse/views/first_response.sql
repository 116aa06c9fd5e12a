-- How fast did the caller get a first answer? One row a call. Seconds from the first ring to the
-- answer; from the answer to the agent's first word (known where the phone system tells the answer:
-- by ear, the first word is the answer); from the answer, or else the first word, to the offer of
-- help; and from the end of the caller's first turn to the agent's reply, negative where it came early.
-- Listening signals are no turns. NULL = not known, or it did not happen.
CREATE VIEW first_response AS
SELECT
    call_id,
    call_date,
    agent_id,
    queue,
    ring_to_answer_s,
    ring_at_least_s,
    ring_source,
    CASE WHEN agent_first_s >= answered_s THEN agent_first_s - answered_s END
        AS answer_to_word_s,  -- From the answer to the agent's first word
    offer_s - coalesce(answered_s, agent_first_s)
        AS answer_to_offer_s,  -- From the answer to the offer of help
    first_reply_s,  -- From the caller's first turn to the agent's reply
    agent_first_s AS agent_first_turn_s,  -- When the agent first spoke
    caller_first_s AS caller_first_turn_s,  -- When the caller first spoke
    transcript_trust
FROM call_facts
WHERE standard = config_standard()
