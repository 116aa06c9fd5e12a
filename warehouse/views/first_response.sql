-- How fast did the caller get a first answer? One row a call. Seconds from the first ring to the
-- answer; from the answer to the agent's first word (known where the phone system tells the answer:
-- by ear, the first word is the answer); from the answer, or else the first word, to the offer of
-- help; and from the end of the caller's first turn to the agent's reply, negative where it came early.
-- Listening signals are no turns. NULL = not known, or it did not happen.
CREATE VIEW first_response AS
WITH answered AS (
    SELECT
        c.call_id,
        c.transcript_trust,
        date_diff('microseconds', c.started_at,
            TRY_CAST(json_extract_string(c.manifest, '$.answered_at') AS TIMESTAMPTZ)) / 1e6
            AS answered_s
    FROM calls c
), spoken AS (
    SELECT
        call_id,
        min(start_s) FILTER (speaker = 'agent') AS agent_s,
        min(start_s) FILTER (speaker = 'caller') AS caller_s,
        arg_min(end_s, start_s) FILTER (speaker = 'caller') AS caller_end_s
    FROM turns
    WHERE NOT is_backchannel
    GROUP BY call_id
), replied AS (
    SELECT t.call_id, min(t.start_s) AS reply_s
    FROM turns t
    JOIN spoken s USING (call_id)
    WHERE t.speaker = 'agent' AND NOT t.is_backchannel
        AND t.start_s > s.caller_s AND t.end_s > s.caller_end_s
    GROUP BY t.call_id
), offered AS (
    SELECT call_id, min(start_s) AS offer_s
    FROM events
    WHERE kind = 'phrase' AND label = 'offer_of_help' AND speaker = 'agent'
    GROUP BY call_id
)
SELECT
    k.call_id,
    k.call_date,
    k.agent_id,
    k.queue,
    k.ring_to_answer_s,
    k.ring_at_least_s,
    k.ring_source,
    CASE WHEN s.agent_s >= a.answered_s THEN s.agent_s - a.answered_s END
        AS answer_to_word_s,  -- From the answer to the agent's first word
    o.offer_s - coalesce(a.answered_s, s.agent_s)
        AS answer_to_offer_s,  -- From the answer to the offer of help
    r.reply_s - s.caller_end_s
        AS first_reply_s,  -- From the caller's first turn to the agent's reply
    s.agent_s AS agent_first_turn_s,  -- When the agent first spoke
    s.caller_s AS caller_first_turn_s,  -- When the caller first spoke
    a.transcript_trust
FROM kpis k
JOIN answered a USING (call_id)
LEFT JOIN spoken s USING (call_id)
LEFT JOIN replied r USING (call_id)
LEFT JOIN offered o USING (call_id)
