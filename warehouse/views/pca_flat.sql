-- The flat analytics table of AWS Post Call Analytics, for dashboards made for it: one row a call,
-- its column names. Sentiment, entities and summaries are not measured here and stay NULL.
-- nontalktime is holds and silences over 3 s, in seconds; categories are the rules not kept.
CREATE VIEW pca_flat AS
SELECT
    c.call_id AS guid,
    c.agent_id AS agent,
    c.caller_id AS cust,
    c.queue AS conversationlocation,
    c.language AS languagecode,
    c.started_at AS conversationtime,
    c.processed_at AS processtime,
    c.duration_s AS duration,
    NULL::DOUBLE AS customer_sentimentscore,
    NULL::DOUBLE AS agent_sentimentscore,
    k.caller_talk_s AS customer_totaltimesecs,
    k.agent_talk_s AS agent_totaltimesecs,
    coalesce(k.nontalk_s, 0) AS nontalktime,
    NULL::VARCHAR AS action,
    NULL::VARCHAR AS issues,
    NULL::VARCHAR AS outcomes,
    k.not_kept AS categories,
    NULL::VARCHAR AS customentities,
    c.source_uri AS url,
    NULL::VARCHAR AS summary
FROM calls c
JOIN call_facts k USING (call_id)
WHERE k.standard = config_standard()
