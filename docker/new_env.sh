#!/bin/sh
# Prints the settings of a new installation with fresh secrets:
#   sh docker/new_env.sh portal.example.org ingest.example.org > docker/.env
set -eu
[ $# -eq 2 ] || { echo "usage: $0 HOST_OF_THE_PORTAL HOST_FOR_AGENTS" >&2; exit 2; }
umask 077
fresh() { LC_ALL=C tr -dc 'A-Za-z0-9' < /dev/urandom | head -c "$1"; }

cat <<END
PUBLIC_URL=https://$1
INGEST_PUBLIC_URL=https://$2
ALLOWED_HOSTS=$1,$2
SECRET_KEY=$(fresh 64)
FIELD_KEYS=1:$(openssl rand -base64 32)
REDIS_PASSWORD=$(fresh 40)
DATABASE_ADMIN_PASSWORD=$(fresh 40)
DATABASE_OWNER_PASSWORD=$(fresh 40)
DATABASE_PORTAL_PASSWORD=$(fresh 40)
DATABASE_COLLECTOR_PASSWORD=$(fresh 40)
DATABASE_WORKER_PASSWORD=$(fresh 40)
END
