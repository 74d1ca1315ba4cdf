#!/bin/sh
# Starts pgAdmin with the market database's passwords at hand, so that it asks for none.
#
# A server's password file is looked up in the storage folder of the logged-in person, whose name is the address with an
# underscore for the @. libpq takes it only from its owner with mode 600, so it cannot be mounted.
set -eu
umask 077
storage=/var/lib/pgadmin/storage/$(printf %s "$PGADMIN_DEFAULT_EMAIL" | tr @ _)
mkdir -p "$storage"
{
  printf 'postgres:5432:*:marketpulse_owner:%s\n' "${MARKETPULSE_OWNER_PASSWORD:?}"
  printf 'postgres:5432:*:marketpulse_reader:%s\n' "${MARKETPULSE_READER_PASSWORD:?}"
} > "$storage/.pgpass"
exec /entrypoint.sh "$@"
