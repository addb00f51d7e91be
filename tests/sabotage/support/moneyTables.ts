/** Tables that hold no money and no orders to meters. One that is not named here is held to be about money. */
export const NOT_MONEY: readonly string[] = [
  ...['schema_version', 'app_user', 'role', 'user_grant', 'session', 'kiosk_link', 'audit', 'audit_seal'],
  ...['place', 'gateway', 'line', 'meter', 'meter_latest', 'register_reading', 'backfill'],
  ...['telemetry_raw', 'telemetry_15m', 'telemetry_1d', 'telemetry_dirty_15m', 'telemetry_dirty_1d'],
  ...['alarm', 'alarm_event', 'alarm_outage', 'alarm_request', 'alarm_setting'],
  ...['notification', 'notification_cursor', 'notification_delivery', 'notification_person', 'notification_push_key'],
  ...['push_device', 'webhook'],
];
