-- Contacts whose identity may hold an address.
-- grain: contact. external table `wanted(pattern String)`, one row, RE2.
WITH (SELECT any(pattern) FROM wanted) AS p
SELECT contact_key FROM touches WHERE match(contact_key, p)
UNION DISTINCT SELECT contact_key FROM contact_day WHERE match(contact_key, p)
UNION DISTINCT SELECT contact_key FROM contacts WHERE match(contact_key, p)
