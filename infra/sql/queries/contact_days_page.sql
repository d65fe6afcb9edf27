-- The contact-days that some touches in a row make, in their order, from behind one of them on.
-- grain: contact x day. external table `after(contact_key String, day Date32)`: one row, the last contact-day seen.
-- parameters: most UInt64, touches to read.
-- keys: the sort key of touches. The limit stands before DISTINCT, so that a page reads no more than its own touches; one
-- that ends within a contact-day has seen it.
SELECT DISTINCT contact_key, toDate32(page.day) AS day
FROM
(
    SELECT contact_key, day
    FROM touches
    WHERE contact_key >= (SELECT contact_key FROM after)
      AND (contact_key, day) > ((SELECT contact_key FROM after), (SELECT toDate(day) FROM after))
    ORDER BY contact_key, day
    LIMIT {most:UInt64}
) AS page
ORDER BY contact_key, day
