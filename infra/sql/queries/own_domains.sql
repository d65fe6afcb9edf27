-- Our own side's domains. Nothing takes one back, so that no fold is needed.
-- grain: domain.
SELECT DISTINCT JSONExtractString(body, 'domain') AS domain FROM facts WHERE type = 'own_domain_declared'
