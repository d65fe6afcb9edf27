-- Pieces of evidence for a company that one of some names may decide: hosts under a domain of that name, and, as they are
-- compared by rules that are not SQL's, all names of organizations and all hosts that are not ASCII.
-- grain: affiliation. external table `names(name String)`.
-- keys: none; it reads the column affiliation of all touches, and nothing else.
SELECT DISTINCT affiliation
FROM
(
    SELECT affiliation, splitByChar('.', trimRight(trimBoth(affiliation), '.')) AS labels
    FROM (SELECT DISTINCT affiliation FROM touches)
)
ARRAY JOIN arrayEnumerate(labels) AS label
WHERE startsWith(affiliation, 'org:')
   OR length(affiliation) != lengthUTF8(affiliation)
   OR arrayStringConcat(arraySlice(labels, label), '.') IN (SELECT name FROM names)
