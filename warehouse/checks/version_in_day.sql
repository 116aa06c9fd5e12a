-- Calls of one day are judged by several versions of a standard: `etiquette rescore` makes them one
SELECT call_date, standard, count(DISTINCT rule_version) AS versions FROM kpis_all
WHERE call_date IS NOT NULL GROUP BY ALL HAVING versions > 1
