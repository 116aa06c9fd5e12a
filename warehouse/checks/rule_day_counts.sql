-- rule_day does not count the findings of a day
SELECT call_date, standard, sum(findings)::BIGINT AS findings, sum(counted)::BIGINT AS counted
FROM (
    SELECT call_date, standard, count(*) AS findings, 0 AS counted FROM findings GROUP BY ALL
    UNION ALL
    SELECT call_date, standard, 0, sum(passed + failed + unknown + not_applicable)
    FROM rule_day GROUP BY ALL)
GROUP BY ALL
HAVING sum(findings) <> sum(counted)
