-- The summary of Amazon Transcribe Call Analytics, for dashboards made for it: one row a call,
-- ConversationCharacteristics as in its output JSON. The caller is its CUSTOMER, times are
-- milliseconds. Non-talk time is holds and silences over 3 s; there is no sentiment.
CREATE VIEW tca_call_summary AS
WITH spans AS (
    SELECT
        call_id,
        CASE WHEN kind = 'overlap' THEN upper(replace(speaker, 'caller', 'customer'))
             ELSE 'NONTALK' END AS who,
        list({
            'BeginOffsetMillis': round(start_s * 1000)::BIGINT,
            'DurationMillis': round(end_s * 1000)::BIGINT - round(start_s * 1000)::BIGINT,
            'EndOffsetMillis': round(end_s * 1000)::BIGINT
        } ORDER BY start_s, end_s) AS instances,
        sum(round(end_s * 1000)::BIGINT - round(start_s * 1000)::BIGINT)::BIGINT AS total_ms
    FROM events
    WHERE kind = 'hold'
        OR (kind = 'silence' AND end_s - start_s > 3)
        OR (kind = 'overlap' AND end_s - start_s >= 0.5
            AND label IN ('interruption_taken', 'interruption_failed', 'contested'))
    GROUP BY ALL
)
SELECT
    c.call_id AS JobName,
    'COMPLETED' AS JobStatus,
    'VOICE' AS Channel,
    c.language AS LanguageCode,
    [{'ParticipantRole': 'AGENT'}, {'ParticipantRole': 'CUSTOMER'}] AS Participants,
    {
        'TotalConversationDurationMillis': round(c.duration_s * 1000)::BIGINT,
        'NonTalkTime': {
            'Instances': coalesce(n.instances, []),
            'TotalTimeMillis': coalesce(n.total_ms, 0)
        },
        'Interruptions': {
            'TotalCount': k.agent_interruptions + k.caller_interruptions,
            'TotalTimeMillis': CASE WHEN k.agent_interruptions IS NOT NULL
                THEN coalesce(a.total_ms, 0) + coalesce(u.total_ms, 0) END,
            'InterruptionsByInterrupter': {
                'AGENT': CASE WHEN k.agent_interruptions IS NOT NULL
                    THEN coalesce(a.instances, []) END,
                'CUSTOMER': CASE WHEN k.caller_interruptions IS NOT NULL
                    THEN coalesce(u.instances, []) END
            }
        },
        'TalkSpeed': {'DetailsByParticipant': {
            'AGENT': {'AverageWordsPerMinute':
                CASE WHEN k.speech_rate_unit = 'word' THEN round(k.agent_speech_rate)::BIGINT END},
            'CUSTOMER': {'AverageWordsPerMinute':
                CASE WHEN k.speech_rate_unit = 'word' THEN round(k.caller_speech_rate)::BIGINT END}
        }},
        'TalkTime': {
            'DetailsByParticipant': {
                'AGENT': {'TotalTimeMillis': round(k.agent_talk_s * 1000)::BIGINT},
                'CUSTOMER': {'TotalTimeMillis': round(k.caller_talk_s * 1000)::BIGINT}
            },
            'TotalTimeMillis': round(k.agent_talk_s * 1000)::BIGINT
                + round(k.caller_talk_s * 1000)::BIGINT
        }
    } AS ConversationCharacteristics
FROM calls c
JOIN kpis k USING (call_id)
LEFT JOIN spans a ON a.call_id = c.call_id AND a.who = 'AGENT'
LEFT JOIN spans u ON u.call_id = c.call_id AND u.who = 'CUSTOMER'
LEFT JOIN spans n ON n.call_id = c.call_id AND n.who = 'NONTALK'
