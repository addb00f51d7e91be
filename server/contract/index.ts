export * from './accountCases.ts';
export * from './accountSettlement.ts';
export * from './accounts.ts';
export * from './alarmFigures.ts';
export * from './alarmSettings.ts';
export * from './alarms.ts';
export * from './busDoctor.ts';
export * from './capabilities.ts';
export * from './chargeCorrections.ts';
export * from './commands.ts';
export * from './common.ts';
export * from './customers.ts';
export * from './errors.ts';
export * from './estate.ts';
export * from './exports.ts';
export * from './grid.ts';
export * from './jobs.ts';
export * from './kiosk.ts';
export * from './ledger.ts';
export * from './live.ts';
export * from './liveCodec.ts';
export * from './metering.ts';
export * from './moneyPolicy.ts';
export * from './notifications.ts';
export * from './permissions.ts';
export * from './reconciliation.ts';
export * from './route.ts';
export {
  AuditProof,
  AuditRow,
  changePassword,
  createUser,
  Grant,
  getSession,
  listAudit,
  listUsers,
  proveAuditLog,
  Session,
  signIn,
  signOut,
  User,
  updateUser,
} from './session.ts';
export * from './settlement.ts';
export * from './tariffs.ts';
export * from './timeline.ts';
export * from './trends.ts';
export * from './vending.ts';
export * from './vendSheets.ts';
