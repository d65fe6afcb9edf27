-- Engagement rate by campaign. Contact-days do not have the campaign, so the touches of these days are read; whose they are,
-- and that people made them, the contact-days say: with them the link scanners are out.
-- keys: prefix of the sort key of touches (day).
-- grain: grp (values of `by`, in its order) x w (number of the window of days, from 1); is_total 1: all groups of a window
-- together. parameters: firsts and lasts Array(Date), the windows, both ends included; first and last Date, their earliest
-- and latest day; accounts Array(String), empty for all; by Array(String) of account, group, channel, segment and campaign.
SELECT grp, w, grouping(grp) AS is_total, engaged / reached AS rate, uniqExactIf(contact_key, engaged) AS engaged,
    uniqExact(contact_key) AS reached
FROM
(
    SELECT
        arrayMap(one -> multiIf(one = 'account', counted.account_id, one = 'group', if(declared.group_id = '', counted.account_id, declared.group_id), one = 'channel', counted.kind, one = 'campaign', told.campaign, declared.segment), {by:Array(String)}) AS grp,
        arrayJoin(arrayFilter(
            n -> counted.day BETWEEN {firsts:Array(Date)}[n] AND {lasts:Array(Date)}[n], arrayEnumerate({firsts:Array(Date)})
        )) AS w,
        counted.contact_key AS contact_key,
        counted.direction != 'outbound' AS engaged
    FROM
    (
        SELECT DISTINCT
            if(identified.known_key = '', t.contact_key, identified.known_key) AS contact_key,
            t.day AS day, toString(t.kind) AS kind, toString(t.action) AS action, toString(t.direction) AS direction,
            toString(t.campaign) AS campaign
        FROM
        (
            SELECT contact_key, day, kind, action, direction, campaign
            FROM touches FINAL
            WHERE day BETWEEN {first:Date} AND {last:Date} AND campaign != '' AND machine = ''
        ) AS t
        LEFT JOIN
        (
            SELECT contact_key, identified_as AS known_key FROM contacts FINAL WHERE identified_as != ''
        ) AS identified ON identified.contact_key = t.contact_key
    ) AS told
    INNER JOIN
    (
        SELECT
            account_id, day, contact_key, toString(kind) AS kind, toString(action) AS action,
            toString(direction) AS direction
        FROM contact_day FINAL
        WHERE account_id != ''
          AND (empty({accounts:Array(String)}) OR account_id IN {accounts:Array(String)})
          AND day BETWEEN {first:Date} AND {last:Date}
          AND touches > 0
          AND (direction IN ('inbound', 'mutual') OR (direction = 'outbound' AND action NOT IN ('bounced', 'deferred', 'dropped')))
          AND (startsWith(contact_key, 'mail:') OR startsWith(contact_key, 'id:'))
    ) AS counted
        ON counted.contact_key = told.contact_key AND counted.day = told.day AND counted.kind = told.kind
        AND counted.action = told.action AND counted.direction = told.direction
    LEFT JOIN
    (
        SELECT account_id, concat(tier, ' ', kind) AS segment, group_id FROM accounts FINAL
    ) AS declared ON declared.account_id = counted.account_id
)
GROUP BY GROUPING SETS ((w, grp), (w))
