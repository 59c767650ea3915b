#!/bin/bash
# One role and one database for each PASSWORD_<SERVICE>, when the cluster is made.
set -e
for variable in $(compgen -e PASSWORD_); do
  service=${variable#PASSWORD_}
  psql --quiet --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" \
    --set=service="${service,,}" --set=password="${!variable}" <<'SQL'
create role :"service" login password :'password';
create database :"service" owner :"service";
revoke connect on database :"service" from public;
SQL
done
