-- The keyed hashes of the forgotten addresses.
-- grain: address.
SELECT DISTINCT lower(hex(address_hash)) AS address_hash FROM erasures
