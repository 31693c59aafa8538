#!/bin/sh
# Prints the settings of a new installation with fresh secrets:
#   sh docker/new_env.sh portal.example.org ingest.example.org > docker/.env
# With a third name also those of the Keycloak that the compose file starts with `--profile keycloak`; see docs/keycloak.md.
set -eu
[ $# -eq 2 ] || [ $# -eq 3 ] || { echo "usage: $0 HOST_OF_THE_PORTAL HOST_FOR_AGENTS [HOST_OF_KEYCLOAK]" >&2; exit 2; }
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
[ $# -eq 3 ] || exit 0

cat <<END
KEYCLOAK_URL=https://$3
OIDC_ISSUER=https://$3/realms/omega
OIDC_CLIENT_ID=omega-portal
OIDC_CLIENT_SECRET=$(fresh 40)
KEYCLOAK_ADMIN_PASSWORD=$(fresh 40)
KEYCLOAK_DATABASE_PASSWORD=$(fresh 40)
END
