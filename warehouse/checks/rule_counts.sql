-- The rules passed, failed and unknown of a call are not those of its findings
SELECT k.call_id, k.standard, k.rules_passed, k.rules_failed, k.rules_unknown
FROM kpis_all k LEFT JOIN (
    SELECT call_id, standard, count(*) FILTER (result = 'pass') AS passed,
        count(*) FILTER (result = 'fail') AS failed,
        count(*) FILTER (result = 'unknown') AS unknown
    FROM findings WHERE weight > 0 GROUP BY ALL
) f USING (call_id, standard)
WHERE k.rules_passed <> coalesce(f.passed, 0) OR k.rules_failed <> coalesce(f.failed, 0)
    OR k.rules_unknown <> coalesce(f.unknown, 0)
