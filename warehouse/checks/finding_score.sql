-- A finding has a score it cannot have: only what passed or failed has one, from 0 to 1
SELECT call_id, standard, rule_id, result, score FROM findings
WHERE (result IN ('pass', 'fail')) <> (score IS NOT NULL) OR score NOT BETWEEN 0 AND 1
    OR result NOT IN ('pass', 'fail', 'unknown', 'not_applicable') OR weight < 0
