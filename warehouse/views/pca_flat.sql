-- The flat table `pca_output` of AWS Post Call Analytics, for dashboards made for it: one row a call,
-- its column names and types (times are text without a zone, in conversationlocation, the timezone of
-- call_date). Sentiment, entities, issues and summaries are not measured here and stay NULL.
-- nontalktime is holds and silences over 3 s, in seconds; categories are the rules not kept.
CREATE VIEW pca_flat AS
SELECT
    k.call_id AS guid,
    k.agent_id AS agent,
    k.caller_id AS cust,
    about.timezone AS conversationlocation,
    k.language AS languagecode,
    strftime(k.started_at AT TIME ZONE about.timezone, '%Y-%m-%d %H:%M:%S') AS conversationtime,
    strftime(k.processed_at AT TIME ZONE about.timezone, '%Y-%m-%d %H:%M:%S') AS processtime,
    k.duration_s AS duration,
    NULL::DOUBLE AS customer_sentimentscore,
    NULL::DOUBLE AS agent_sentimentscore,
    k.caller_talk_s AS customer_totaltimesecs,
    k.agent_talk_s AS agent_totaltimesecs,
    coalesce(k.nontalk_s, 0) AS nontalktime,
    NULL::VARCHAR AS combinedanalyticsgraph,
    NULL::VARCHAR AS actionitemsdetectedtext,
    NULL::VARCHAR AS issuesdetectedtext,
    NULL::VARCHAR AS outcomesdetectedtext,
    array_to_string(k.not_kept, chr(10)) AS categoriesdetectedtext,
    NULL::STRUCT(name VARCHAR, instances INTEGER, values VARCHAR[])[] AS customentities,
    k.not_kept AS categoriesdetected,
    k.source_uri AS url_to_display,
    NULL::VARCHAR AS summary,
    -- Not strftime: of this, DuckDB knows which days' files it needs not read.
    replace(k.call_date::VARCHAR, '-', '/') AS partitiontimestamp
FROM call_facts k
CROSS JOIN about
WHERE k.standard = config_standard()
