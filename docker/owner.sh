#!/bin/sh
# Runs once in a new database container: the owner migrates and is no superuser.
set -eu
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --set password="$OMEGA_OWNER_PASSWORD" \
    --username postgres --dbname postgres <<'SQL'
CREATE ROLE omega_owner LOGIN CREATEDB CREATEROLE PASSWORD :'password';
CREATE DATABASE omega OWNER omega_owner;
SQL
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username postgres --dbname omega \
    --command 'CREATE EXTENSION IF NOT EXISTS pg_stat_statements'
