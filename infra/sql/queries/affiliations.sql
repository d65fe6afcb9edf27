-- Every piece of evidence for a company that touches hold.
-- grain: affiliation.
SELECT DISTINCT affiliation FROM touches
