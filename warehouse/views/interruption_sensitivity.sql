-- How far does the count of interruptions depend on how long an overlap must last to be one? One
-- row a call, counted from 0.3, 0.5 (as in the KPIs), 1.0 and 2.0 s on. Rates are per minute of
-- the talk of whoever is cut off or listened to. NULL where the lanes cannot carry overlap.
CREATE VIEW interruption_sensitivity AS
SELECT
    call_id,
    agent_id,
    queue,
    call_date,
    agent_300ms AS agent_interruptions_300ms,
    agent_500ms AS agent_interruptions_500ms,
    agent_1000ms AS agent_interruptions_1000ms,
    agent_2000ms AS agent_interruptions_2000ms,
    caller_300ms AS caller_interruptions_300ms,
    caller_500ms AS caller_interruptions_500ms,
    caller_1000ms AS caller_interruptions_1000ms,
    caller_2000ms AS caller_interruptions_2000ms,
    agent_300ms / nullif(caller_talk_s / 60, 0)
        AS agent_interruptions_300ms_per_min,
    agent_500ms / nullif(caller_talk_s / 60, 0)
        AS agent_interruptions_500ms_per_min,
    agent_1000ms / nullif(caller_talk_s / 60, 0)
        AS agent_interruptions_1000ms_per_min,
    agent_2000ms / nullif(caller_talk_s / 60, 0)
        AS agent_interruptions_2000ms_per_min,
    caller_300ms / nullif(agent_talk_s / 60, 0)
        AS caller_interruptions_300ms_per_min,
    caller_500ms / nullif(agent_talk_s / 60, 0)
        AS caller_interruptions_500ms_per_min,
    caller_1000ms / nullif(agent_talk_s / 60, 0)
        AS caller_interruptions_1000ms_per_min,
    caller_2000ms / nullif(agent_talk_s / 60, 0)
        AS caller_interruptions_2000ms_per_min,
    agent_backchannels,
    caller_backchannels,
    agent_backchannels / nullif(caller_talk_s / 60, 0) AS agent_backchannels_per_min,
    caller_backchannels / nullif(agent_talk_s / 60, 0) AS caller_backchannels_per_min,
    agent_talk_s,
    caller_talk_s,
    CASE WHEN agent_interruptions IS NOT NULL THEN overlap_s END AS overlap_s,
    overlap_ratio
FROM call_facts
WHERE standard = config_standard()
