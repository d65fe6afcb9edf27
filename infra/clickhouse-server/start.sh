#!/bin/bash
# Puts the hashes of the two users' passwords, and what `bi` may read, into the environment, where users.d/setten.xml
# reads them, then runs the command given: the image's own entry point. A missing or empty secret stops it: an empty
# password lets anyone in.
set -euo pipefail

hash_of() {
    local secret="${SECRETS_DIR:-/run/secrets}/$1" password
    password="$(<"$secret")"
    if [ -z "$password" ]; then
        echo "start.sh: the secret $secret is empty: write a password into it" >&2
        return 1
    fi
    printf %s "$password" | sha256sum | cut -d ' ' -f 1
}

# Assigned before they are exported: `export x="$(…)"` would hide a failure.
CLICKHOUSE_SETTEN_SHA256="$(hash_of setten_clickhouse_password)"
CLICKHOUSE_BI_SHA256="$(hash_of clickhouse_bi_password)"
export CLICKHOUSE_SETTEN_SHA256 CLICKHOUSE_BI_SHA256

# What is not chosen is the grant that `bi` has anyway: a grant cannot be empty.
personal="GRANT SELECT, SHOW ON bi.*" tables="GRANT SELECT, SHOW ON bi.*"
case "${SETTEN_BI_READS:-views}" in
    views) ;;
    personal) personal="GRANT SELECT, SHOW ON bi_personal.*" ;;
    tables) personal="GRANT SELECT, SHOW ON bi_personal.*" tables="GRANT SELECT, SHOW ON setten.*" ;;
    *)
        echo "start.sh: SETTEN_BI_READS is '$SETTEN_BI_READS': give views, personal or tables" >&2
        exit 1
        ;;
esac
export CLICKHOUSE_BI_PERSONAL_GRANT="$personal" CLICKHOUSE_BI_TABLES_GRANT="$tables"

exec "$@"
