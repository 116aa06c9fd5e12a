-- Which rules are kept, and which are not? One row a rule, version, agent and queue, over all days.
-- `kept` is passes over decided calls; `unknown_share` says how much of the applicable is not known.
-- Sum the counts before dividing when agents or queues are put together.
CREATE VIEW rule_compliance AS
SELECT
    rule_id,
    rule_version,
    agent_id,
    queue,
    min(first_date) AS first_date,  -- First day with findings
    max(last_date) AS last_date,  -- Last day
    sum(passed)::BIGINT AS passed,
    sum(failed)::BIGINT AS failed,
    sum(unknown)::BIGINT AS unknown,
    sum(not_applicable)::BIGINT AS not_applicable,
    sum(passed) / nullif(sum(passed + failed), 0) AS kept,  -- passed / (passed + failed)
    sum(unknown) / nullif(sum(passed + failed + unknown), 0)
        AS unknown_share,  -- unknown / all applicable
    sum(sum_score) / nullif(sum(sum_weight), 0) AS mean_score  -- Mean score, 0..1
FROM rule_month
WHERE standard = config_standard()
GROUP BY ALL
