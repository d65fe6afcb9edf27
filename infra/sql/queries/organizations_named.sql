-- The company names that touches carry as their evidence, as they are written.
-- grain: affiliation. keys: none; it reads the column affiliation of all touches, and nothing else.
SELECT DISTINCT affiliation FROM touches WHERE startsWith(affiliation, 'org:')
