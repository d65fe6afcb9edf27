-- Contacts declared for an account that its plan may name, the most senior first.
-- grain: contact. parameters: account String, most UInt64.
SELECT contact_key, name, title, department
FROM contacts FINAL
WHERE account_id = {account:String} AND seniority IN ('executive', 'management')
  AND (startsWith(contact_key, 'mail:') OR startsWith(contact_key, 'id:'))
ORDER BY seniority = 'executive' DESC, name, contact_key
LIMIT {most:UInt64}
