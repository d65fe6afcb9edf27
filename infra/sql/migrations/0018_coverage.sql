-- Who is at an account on a day, and what its plan wanted then: docs/coverage.md. Views with parameters, as in 0015.

-- grain: account x contact who is there on the day. parameters: accounts, empty for all; day, the last that counts.
CREATE VIEW contacts_at
(
    account_id       String COMMENT 'account that she is at',
    contact_key      String COMMENT 'identity of the contact, a person: mail: or id:',
    name             String COMMENT 'name of the person',
    title            String COMMENT 'title as written',
    department       String COMMENT 'department as written',
    seniority        String COMMENT 'executive, management, staff or unknown, as in contacts',
    job_function     String COMMENT 'what she works on, as in contacts',
    engaged_days_90  UInt64 COMMENT 'days on which she came to us or met us, of the 90 up to the day',
    engaged_days_180 UInt64 COMMENT 'the same of the 180 days up to the day'
)
AS WITH
    ends AS
    (
        SELECT account_id, arrayLast(one -> one.1 <= {day:Date}, merges).2 AS merged_into FROM accounts FINAL WHERE notEmpty(merges)
    ),
    -- Accounts in the end of which another tells on a day before: `contacts` has the account in the end.
    later_ends AS
    (
        SELECT arrayJoin(merges).2 FROM accounts FINAL WHERE arrayExists(one -> one.1 > {day:Date}, merges)
    ),
    people AS
    (
        SELECT
            contact_key,
            account_id,
            since,
            ifNull(since > {day:Date}, 0) OR account_id IN (SELECT * FROM later_ends) AS is_moving,
            if(startsWith(contact_key, 'mail:'), splitByChar('@', contact_key)[-1], '') AS host
        FROM contacts FINAL
        WHERE identified_as = '' AND (startsWith(contact_key, 'mail:') OR startsWith(contact_key, 'id:'))
    ),
    -- `contacts` shows the last membership. Who has one that begins later, or is at an account that a merger of a later day
    -- leads to, is looked up in the statements.
    moving AS
    (
        SELECT contact_key FROM people WHERE is_moving
    ),
    told AS
    (
        SELECT if(visitor.identified_as = '', told_key, visitor.identified_as) AS contact_key, told_account, told_since, recorded_at, fact_id
        FROM
        (
            SELECT
                JSONExtractString(body, 'contact_key') AS told_key,
                JSONExtractString(body, 'account_id') AS told_account,
                ifNull(toDateOrNull(JSONExtractString(body, 'since')), toDate('1970-01-01')) AS told_since,
                recorded_at,
                fact_id
            FROM facts
            WHERE type = 'contact_declared' AND (SELECT count() FROM moving) > 0
        ) AS stated
        LEFT JOIN
        (
            SELECT contact_key AS visitor_key, identified_as FROM contacts FINAL WHERE identified_as != ''
        ) AS visitor ON visitor.visitor_key = told_key
        WHERE told_since <= {day:Date}
    ),
    earlier AS
    (
        SELECT contact_key, argMax(membership.stood, told_since) AS stood_last, max(told_since) AS since
        FROM
        (
            SELECT contact_key, told_since, argMax(told_account, (recorded_at, toString(fact_id))) AS stood
            FROM told
            WHERE contact_key IN (SELECT contact_key FROM moving)
            GROUP BY contact_key, told_since
        ) AS membership
        GROUP BY contact_key
    ),
    declared AS
    (
        SELECT
            people.contact_key AS contact_key,
            people.host AS host,
            if(people.is_moving, earlier.since, ifNull(people.since, toDate('1970-01-01'))) AS since,
            if(people.is_moving, if(ends.merged_into = '', earlier.stood_last, ends.merged_into), people.account_id) AS account_id
        FROM people
        LEFT JOIN earlier ON earlier.contact_key = people.contact_key
        LEFT JOIN ends ON ends.account_id = earlier.stood_last
    ),
    -- Of two accounts that declare a domain the later statement holds, and our own side's before any.
    domains AS
    (
        SELECT domain, if(max(is_own), '', argMax(account_id, (recorded_at, fact_id))) AS account_id
        FROM
        (
            SELECT
                arrayJoin(JSONExtract(latest.3, 'domains', 'Array(String)')) AS domain,
                if(ends.merged_into = '', stated.account_id, ends.merged_into) AS account_id,
                0 AS is_own,
                latest.1 AS recorded_at,
                latest.2 AS fact_id
            FROM
            (
                SELECT JSONExtractString(body, 'account_id') AS account_id, max((recorded_at, toString(facts.fact_id), body)) AS latest
                FROM facts
                WHERE type = 'account_declared'
                GROUP BY account_id
            ) AS stated
            LEFT JOIN ends ON ends.account_id = stated.account_id
            UNION ALL
            SELECT JSONExtractString(body, 'domain'), '', 1, recorded_at, toString(facts.fact_id)
            FROM facts
            WHERE type = 'own_domain_declared'
        )
        GROUP BY domain
    ),
    -- The nearest declared name decides: the host itself, else the names above it.
    hosts AS
    (
        SELECT host, argMax(domains.account_id, length(domains.domain)) AS account_id
        FROM
        (
            SELECT host, arrayJoin(arrayMap(
                at -> arrayStringConcat(arraySlice(splitByChar('.', host), at), '.'), arrayEnumerate(splitByChar('.', host))
            )) AS above
            FROM (SELECT DISTINCT host FROM people WHERE host != '')
        ) AS named
        INNER JOIN domains ON domains.domain = named.above
        GROUP BY host
    ),
    places AS
    (
        SELECT
            declared.contact_key AS contact_key,
            if(declared.account_id = '', hosts.account_id, declared.account_id) AS account_id,
            declared.since AS since
        FROM declared
        LEFT JOIN hosts ON hosts.host = declared.host
    )
SELECT
    there.at.1 AS account_id,
    there.contact_key AS contact_key,
    known.name AS name,
    known.title AS title,
    known.department AS department,
    if(known.seniority IN ('executive', 'management', 'staff'), toString(known.seniority), 'unknown') AS seniority,
    if(known.job_function = '', 'unknown', toString(known.job_function)) AS job_function,
    there.at.2 AS engaged_days_90,
    there.at.3 AS engaged_days_180
FROM
(
    -- Touches from before her membership tell nothing of where she is, those since are with its account, if it names one.
    -- Who is there by facts and was not touched has no days.
    SELECT contact_key, arrayJoin(arrayConcat(
        arrayMap(one -> (one.1, one.2, one.3), arrayFilter(
            one -> one.1 = placed_at OR one.4 >= placed_since, touched_at
        )),
        if(is_asked AND NOT has(touched_at.1, placed_at), [(placed_at, toUInt64(0), toUInt64(0))], [])
    )) AS at
    FROM
    (
        SELECT
            if(places.contact_key = '', touched.contact_key, places.contact_key) AS contact_key,
            places.account_id AS placed_at,
            places.since AS placed_since,
            placed_at != '' AND (empty({accounts:Array(String)}) OR placed_at IN {accounts:Array(String)}) AS is_asked,
            touched.touched_at AS touched_at
        FROM places
        FULL JOIN
        (
            SELECT contact_key, groupArray((account_id, in_90, in_180, last_on)) AS touched_at
            FROM
            (
                SELECT
                    account_id,
                    contact_key,
                    uniqExactIf(day, day > {day:Date} - 90 AND direction != 'outbound') AS in_90,
                    uniqExactIf(day, day > {day:Date} - 180 AND direction != 'outbound') AS in_180,
                    max(day) AS last_on
                FROM contact_day FINAL
                WHERE account_id != ''
                  AND (empty({accounts:Array(String)}) OR account_id IN {accounts:Array(String)})
                  AND day > {day:Date} - 365 AND day <= {day:Date}
                  AND touches > 0
                  AND (direction IN ('inbound', 'mutual') OR (direction = 'outbound' AND action NOT IN ('bounced', 'deferred', 'dropped')))
                  AND (startsWith(contact_key, 'mail:') OR startsWith(contact_key, 'id:'))
                GROUP BY account_id, contact_key
            )
            GROUP BY contact_key
        ) AS touched ON touched.contact_key = places.contact_key
    )
) AS there
LEFT JOIN
(
    SELECT contact_key, name, title, department, seniority, job_function FROM contacts FINAL
) AS known ON known.contact_key = there.contact_key
COMMENT 'Contacts who are at an account on a day, by facts or by touches of the 365 days up to it';

-- grain: account x function x seniority that its plan wanted contacts of. parameter: known_before, the first moment that does not count.
CREATE VIEW plan_targets_known
(
    account_id   String COMMENT 'account whose plan it is',
    job_function String COMMENT 'function, as in contacts',
    seniority    String COMMENT 'executive, management or staff',
    wanted       UInt32 COMMENT 'people that we want to be in touch with',
    recorded_at  DateTime64(6, 'UTC') COMMENT 'when this was stated'
)
AS SELECT
    JSONExtractString(told, 'account_id') AS account_id,
    JSONExtractString(told, 'item', 'function') AS job_function,
    JSONExtractString(told, 'item', 'seniority') AS seniority,
    toUInt32(JSONExtractUInt(told, 'item', 'wanted')) AS wanted,
    latest AS recorded_at
FROM
(
    SELECT argMax(body, (recorded_at, toString(fact_id))) AS told, max(recorded_at) AS latest
    FROM facts
    WHERE type IN ('plan_item_stated', 'plan_item_dropped')
      AND recorded_at < {known_before:DateTime64(6, 'UTC')}
      AND if(type = 'plan_item_dropped', JSONExtractString(body, 'part'), JSONExtractString(body, 'item', 'part')) = 'target'
    GROUP BY JSONExtractString(body, 'account_id'), JSONExtractString(body, 'key')
)
WHERE JSONExtractString(told, 'type') = 'plan_item_stated'
COMMENT 'Contacts that account plans wanted, as recorded before a moment';
