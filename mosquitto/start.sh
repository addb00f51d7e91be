#!/bin/sh
# Writes the password file from MQTT_USER and MQTT_PASSWORD, hashed, to memory only, and becomes the broker.
set -eu
: "${MQTT_USER:?}" "${MQTT_PASSWORD:?}"
here=$(dirname "$0")
passwords=$(sed -n 's/^password_file //p' "$here/mosquitto.conf")

umask 077
# Not as an argument: those can be seen by every process.
printf '%s:%s\n' "$MQTT_USER" "$MQTT_PASSWORD" > "$passwords"
mosquitto_passwd -U "$passwords"
unset MQTT_PASSWORD
exec mosquitto -c "$here/mosquitto.conf"
