-- The flat table `pca_output` of AWS Post Call Analytics, for dashboards made for it: one row a call,
-- its column names and types (times are text without a zone, in conversationlocation, the timezone of
-- call_date). Sentiment, entities, issues and summaries are not measured here and stay NULL.
-- nontalktime is holds and silences over 3 s, in seconds; categories are the rules not kept.
CREATE VIEW pca_flat AS
SELECT
    c.call_id AS guid,
    c.agent_id AS agent,
    c.caller_id AS cust,
    about.timezone AS conversationlocation,
    c.language AS languagecode,
    strftime(c.started_at AT TIME ZONE about.timezone, '%Y-%m-%d %H:%M:%S') AS conversationtime,
    strftime(c.processed_at AT TIME ZONE about.timezone, '%Y-%m-%d %H:%M:%S') AS processtime,
    c.duration_s AS duration,
    NULL::DOUBLE AS customer_sentimentscore,
    NULL::DOUBLE AS agent_sentimentscore,
    k.caller_talk_s AS customer_totaltimesecs,
    k.agent_talk_s AS agent_totaltimesecs,
    coalesce(n.nontalk_s, 0) AS nontalktime,
    NULL::VARCHAR AS combinedanalyticsgraph,
    NULL::VARCHAR AS actionitemsdetectedtext,
    NULL::VARCHAR AS issuesdetectedtext,
    NULL::VARCHAR AS outcomesdetectedtext,
    array_to_string(f.categories, chr(10)) AS categoriesdetectedtext,
    NULL::STRUCT(name VARCHAR, instances INTEGER, values VARCHAR[])[] AS customentities,
    f.categories AS categoriesdetected,
    c.source_uri AS url_to_display,
    NULL::VARCHAR AS summary,
    strftime(c.call_date, '%Y/%m/%d') AS partitiontimestamp
FROM calls c
CROSS JOIN about
JOIN kpis k USING (call_id)
LEFT JOIN (
    SELECT call_id, sum(end_s - start_s) AS nontalk_s FROM events
    WHERE kind = 'hold' OR (kind = 'silence' AND end_s - start_s > 3)
    GROUP BY call_id
) n USING (call_id)
LEFT JOIN (
    SELECT call_id, list(rule_id ORDER BY rule_id) AS categories FROM findings
    WHERE result = 'fail' AND standard = config_standard()
    GROUP BY call_id
) f USING (call_id)
