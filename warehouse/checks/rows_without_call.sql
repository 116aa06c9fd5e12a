-- Rows of a call that is not in calls, or under another date than its own
SELECT t.name, t.call_id, t.call_date FROM (
    SELECT DISTINCT 'turns' AS name, call_id, call_date FROM turns
    UNION ALL SELECT DISTINCT 'words', call_id, call_date FROM words
    UNION ALL SELECT DISTINCT 'events', call_id, call_date FROM events
    UNION ALL SELECT DISTINCT 'findings', call_id, call_date FROM findings
    UNION ALL SELECT DISTINCT 'kpis', call_id, call_date FROM kpis_all
) t
WHERE NOT EXISTS (
    SELECT 1 FROM calls c
    WHERE c.call_id = t.call_id AND c.call_date IS NOT DISTINCT FROM t.call_date)
