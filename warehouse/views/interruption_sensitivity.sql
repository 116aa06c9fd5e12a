-- How far does the count of interruptions depend on how long an overlap must last to be one? One
-- row a call, counted from 0.3, 0.5 (as in the KPIs), 1.0 and 2.0 s on. Rates are per minute of
-- the talk of whoever is cut off or listened to. NULL where the lanes cannot carry overlap.
CREATE VIEW interruption_sensitivity AS
WITH counted AS (
    SELECT
        k.call_id,
        count(*) FILTER (e.speaker = 'agent' AND e.end_s - e.start_s >= 0.3) AS agent_300ms,
        count(*) FILTER (e.speaker = 'agent' AND e.end_s - e.start_s >= 0.5) AS agent_500ms,
        count(*) FILTER (e.speaker = 'agent' AND e.end_s - e.start_s >= 1.0) AS agent_1000ms,
        count(*) FILTER (e.speaker = 'agent' AND e.end_s - e.start_s >= 2.0) AS agent_2000ms,
        count(*) FILTER (e.speaker = 'caller' AND e.end_s - e.start_s >= 0.3) AS caller_300ms,
        count(*) FILTER (e.speaker = 'caller' AND e.end_s - e.start_s >= 0.5) AS caller_500ms,
        count(*) FILTER (e.speaker = 'caller' AND e.end_s - e.start_s >= 1.0) AS caller_1000ms,
        count(*) FILTER (e.speaker = 'caller' AND e.end_s - e.start_s >= 2.0) AS caller_2000ms
    FROM kpis k
    LEFT JOIN events e ON e.call_id = k.call_id AND e.kind = 'overlap'
        AND e.label IN ('interruption_taken', 'interruption_failed', 'contested')
    WHERE k.agent_interruptions IS NOT NULL
    GROUP BY k.call_id
)
SELECT
    k.call_id,
    k.agent_id,
    k.queue,
    k.call_date,
    n.agent_300ms AS agent_interruptions_300ms,
    n.agent_500ms AS agent_interruptions_500ms,
    n.agent_1000ms AS agent_interruptions_1000ms,
    n.agent_2000ms AS agent_interruptions_2000ms,
    n.caller_300ms AS caller_interruptions_300ms,
    n.caller_500ms AS caller_interruptions_500ms,
    n.caller_1000ms AS caller_interruptions_1000ms,
    n.caller_2000ms AS caller_interruptions_2000ms,
    n.agent_300ms / nullif(k.caller_talk_s / 60, 0)
        AS agent_interruptions_300ms_per_min,
    n.agent_500ms / nullif(k.caller_talk_s / 60, 0)
        AS agent_interruptions_500ms_per_min,
    n.agent_1000ms / nullif(k.caller_talk_s / 60, 0)
        AS agent_interruptions_1000ms_per_min,
    n.agent_2000ms / nullif(k.caller_talk_s / 60, 0)
        AS agent_interruptions_2000ms_per_min,
    n.caller_300ms / nullif(k.agent_talk_s / 60, 0)
        AS caller_interruptions_300ms_per_min,
    n.caller_500ms / nullif(k.agent_talk_s / 60, 0)
        AS caller_interruptions_500ms_per_min,
    n.caller_1000ms / nullif(k.agent_talk_s / 60, 0)
        AS caller_interruptions_1000ms_per_min,
    n.caller_2000ms / nullif(k.agent_talk_s / 60, 0)
        AS caller_interruptions_2000ms_per_min,
    k.agent_backchannels,
    k.caller_backchannels,
    k.agent_backchannels / nullif(k.caller_talk_s / 60, 0) AS agent_backchannels_per_min,
    k.caller_backchannels / nullif(k.agent_talk_s / 60, 0) AS caller_backchannels_per_min,
    k.agent_talk_s,
    k.caller_talk_s,
    CASE WHEN n.call_id IS NOT NULL THEN k.overlap_s END AS overlap_s,
    k.overlap_ratio
FROM kpis k
LEFT JOIN counted n USING (call_id)
