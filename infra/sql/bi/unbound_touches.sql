-- grain: day x channel x why, of touches that count for no account.
CREATE VIEW unbound_touches
(
    day      Date COMMENT 'business day',
    channel  String COMMENT 'web, email, event or meeting (チャネル)',
    why      String COMMENT 'unbound: nobody knows whose (未紐付け); free_mail: an address that anybody may have; own: ours',
    contacts UInt64 COMMENT 'contacts (人数), visitors known by a cookie or address only included',
    touches  UInt64 COMMENT 'touches by people (接点数)'
)
AS SELECT day, toString(channel) AS channel, toString(why) AS why, contacts, touches
FROM rollup_unbound_touches
WHERE signature = ''
COMMENT 'Touches that count for no account'
