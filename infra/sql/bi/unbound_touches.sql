-- grain: day x channel x why, of touches that count for no account.
CREATE VIEW unbound_touches
(
    day      Date COMMENT 'business day',
    channel  String COMMENT 'web, email, event or meeting (チャネル)',
    why      String COMMENT 'unbound: nobody knows whose (未紐付け); free_mail: an address that anybody may have; own: ours',
    contacts UInt64 COMMENT 'contacts (人数), visitors known by a cookie or address only included',
    touches  UInt64 COMMENT 'touches by people (接点数)'
)
AS SELECT
    counted.day AS day, counted.channel AS channel, counted.why AS why, counted.contacts AS contacts,
    counted.by_people AS touches
FROM
(
    SELECT
        day, toString(kind) AS channel, toString(bound_by) AS why, uniqExact(contact_key) AS contacts,
        sum(touches) AS by_people
    FROM contact_day FINAL
    WHERE account_id = '' AND touches > 0
    GROUP BY day, kind, bound_by
) AS counted
SETTINGS do_not_merge_across_partitions_select_final = 1, optimize_move_to_prewhere_if_final = 1
COMMENT 'Touches that count for no account'
