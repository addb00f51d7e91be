import type { LinkState, MoneyState, ProtectionState, RelayState } from '#domain/meterState.ts';
import type { Rate } from '#domain/tariff/types.ts';
import type { Quantity } from '#drivers/core/quantity.ts';
import type { AlarmKind, AlarmState } from './alarms.ts';
import type { CommandKind, CommandState, CommandWhy } from './commands.ts';
import type { PaymentMethod } from './common.ts';
import type { MeterRole } from './meters.ts';
import type { ReconciliationCause } from './reconciliation.ts';
import type { Tariff, TariffVersion } from './tariffs.ts';
import type { VendKind, VendState } from './vending.ts';
import type { VendBatch } from './vendSheets.ts';

/** Texts of every member of a union, so that a new one is missed by the compiler and not by a customer. */
type Words<Key extends string | number> = Readonly<Record<Key, string>>;

/** Rules of the platform that give orders by themselves. */
type GiverRuleName =
  | 'arrears'
  | 'restoreAfterPayment'
  | 'protectionEnded'
  | 'noCutWindow'
  | 'account'
  | 'replacement'
  | 'repair';

/**
 * What states, alarms, commands and sales are called. The screens' catalogue takes its words from here and so do files: the
 * same thing has one name everywhere. (Display states have theirs in `DISPLAY_STATES`, beside their colours.)
 */
interface StateWords {
  readonly money: Words<MoneyState>;
  readonly link: Words<LinkState>;
  readonly relay: Words<RelayState>;
  readonly protection: Words<ProtectionState>;
  readonly severity: Words<1 | 2 | 3>;
  readonly alarm: Words<AlarmKind>;
  readonly alarmState: Words<AlarmState>;
  readonly giverRule: Words<GiverRuleName>;
  readonly role: Words<MeterRole>;
  readonly quantity: Words<Quantity | 'balanceMinor'>;
  readonly registerQuality: Words<'measured' | 'late' | 'estimated'>;
  readonly commandKind: Words<CommandKind>;
  readonly commandState: Words<CommandState>;
  readonly commandWhy: Words<CommandWhy>;
  readonly saleKind: Words<VendKind>;
  readonly saleState: Words<VendState>;
  readonly sheetState: Words<VendBatch['state']>;
  /** What became of a row of a sheet. */
  readonly sheetRow: Words<VendBatch['rows'][number]['outcome']>;
  readonly payMethod: Words<PaymentMethod>;
  /** Causes of differences between meters, books and payments. */
  readonly difference: Words<ReconciliationCause>;
  readonly medium: Words<Tariff['medium']>;
  readonly tariffKind: Words<TariffVersion['body']['kind']>;
  /** `current`: the version in force. */
  readonly tariffState: Words<TariffVersion['state'] | 'current'>;
  readonly rate: Words<Rate>;
}

const zh: StateWords = {
  money: { notOpened: '未开户', normal: '正常', alarm1: '一级报警', alarm2: '二级报警', arrears: '欠费' },
  link: { online: '在线', late: '迟报', lost: '失联' },
  relay: { closed: '合闸', open: '分闸', unknown: '未知', disagrees: '与命令不符' },
  protection: { none: '无', forcedClosed: '保电', forcedOpen: '强制分闸', noCutWindow: '免停时段' },
  severity: { 1: '低', 2: '中', 3: '高' },
  alarm: {
    storeDown: '遥测库不可用',
    spoolFull: '待存数据放不下',
    networkLost: '项目网络失联',
    gatewayLost: '网关失联',
    lineLost: '总线失联',
    meterLost: '表计失联',
    balanceLow1: '余额低于一级报警',
    balanceLow2: '余额低于二级报警',
    arrears: '欠费',
    overload: '过载',
    relayDisagrees: '继电器与命令不符',
    commandInDoubt: '命令结果不明',
    downloadFailed: '参数下发失败',
    vendInDoubt: '售电未确认',
    vendQuarantined: '售电待处理',
    foreignWrite: '外来充值',
  },
  giverRule: {
    arrears: '欠费',
    restoreAfterPayment: '缴费后恢复',
    protectionEnded: '保电结束',
    noCutWindow: '免停时段',
    account: '账户设置',
    replacement: '换表',
    repair: '继电器复核',
  },
  alarmState: {
    unacknowledged: '未确认',
    acknowledged: '已确认',
    returned: '已恢复未确认',
    shelved: '已搁置',
    suppressed: '已抑制',
    outOfService: '停用',
    closed: '已关闭',
  },
  role: { tenant: '商户', public: '公区', substation: '变电所' },
  quantity: {
    voltageL1V: 'A 相电压',
    voltageL2V: 'B 相电压',
    voltageL3V: 'C 相电压',
    currentL1A: 'A 相电流',
    currentL2A: 'B 相电流',
    currentL3A: 'C 相电流',
    activePowerL1W: 'A 相有功',
    activePowerL2W: 'B 相有功',
    activePowerL3W: 'C 相有功',
    activePowerW: '有功功率',
    reactivePowerL1Var: 'A 相无功',
    reactivePowerL2Var: 'B 相无功',
    reactivePowerL3Var: 'C 相无功',
    reactivePowerVar: '无功功率',
    apparentPowerVa: '视在功率',
    powerFactorL1: 'A 相功率因数',
    powerFactorL2: 'B 相功率因数',
    powerFactorL3: 'C 相功率因数',
    powerFactor: '功率因数',
    frequencyHz: '频率',
    energyWh: '总电能',
    energySharpWh: '尖',
    energyPeakWh: '峰',
    energyFlatWh: '平',
    energyValleyWh: '谷',
    energyDeepValleyWh: '深谷',
    energyReverseWh: '反向电能',
    purchaseCount: '购电次数',
    overloadTripCount: '过载跳闸次数',
    balanceMinor: '余额',
  },
  registerQuality: { measured: '实测', late: '迟读', estimated: '估算' },
  commandKind: {
    trip: '分闸',
    close: '合闸',
    protect: '保电',
    restorePrepaid: '恢复预付费',
    prices: '下发电价',
    settings: '下发参数',
    clock: '校时',
    read: '立即抄表',
  },
  commandState: {
    awaitingApproval: '待复核',
    queued: '排队',
    sent: '已发送',
    confirming: '回读中',
    verified: '已验证',
    rejected: '未生效',
    failed: '失败',
    inDoubt: '存疑',
    held: '已拦截',
    stopped: '已停止',
  },
  commandWhy: {
    openVend: '有售电在途',
    unverifiedPayment: '有付款待核实',
    protected: '保电中',
    noAccount: '未开户',
    accountPaused: '账户已暂停',
    balanceUnknown: '余额未知',
    notInArrears: '未欠费',
    propertyFeeForbidden: '不得因物业费停电',
    noticeMissing: '尚未通知客户',
    neverAllowed: '该项目不允许停电',
    cutLater: '到允许时段才能停电',
    trippedByPerson: '由人员断开',
    notSupported: '型号不支持',
    meterGone: '表计已拆除',
    lineStopped: '总线已停用',
    notReached: '未能发送',
    expired: '已过期',
    noAnswer: '未回读',
    refusedByMeter: '表计拒绝',
    holdsOther: '表内值不符',
    superseded: '被新命令取代',
    stoppedByPerson: '人工停止',
    notApproved: '复核未通过',
    approvalExpired: '复核超时',
    restarted: '系统重启',
  },
  saleKind: { sale: '售电', refund: '退款', reversal: '冲正', makeup: '补差', moveOut: '转出', moveIn: '转入' },
  saleState: {
    DRAFT: '待批准',
    PAID: '已收款',
    QUEUED: '排队',
    RESERVED: '待写表',
    SENT: '已写表待回读',
    UNKNOWN: '回读中',
    FENCING: '撤销中',
    CONFIRMED: '已到账',
    CANCELLED: '已撤销',
    REJECTED: '表计拒绝',
    QUARANTINED: '待两人裁定',
  },
  sheetState: { dry: '试算', awaitingApproval: '等待复核', declined: '已拒绝', running: '执行中', done: '已完成' },
  sheetRow: { waiting: '等待', accepted: '已受理', refused: '未受理' },
  medium: { electricity: '电', water: '水' },
  tariffKind: { single: '单一价', timeOfUse: '分时价', stepped: '阶梯价' },
  tariffState: { draft: '草稿', published: '已发布', dropped: '已作废', current: '正在执行' },
  rate: { sharp: '尖', peak: '峰', flat: '平', valley: '谷', deepValley: '深谷' },
  payMethod: { cash: '现金', wechat: '微信', alipay: '支付宝', bankCard: '银行卡', transfer: '转账' },
  difference: {
    countDiffers: '购电次数不符',
    vendUnderWay: '正在送达',
    cumulativeDiffers: '累计购电不符',
    balanceDiffers: '余额不符',
    drift: '舍入差',
    notRead: '未读到',
    paymentMissing: '账本缺收款',
    paymentDiffers: '收款金额不符',
    paymentUnknown: '不明收款',
    chargesDiffer: '扣费与收入不符',
    bookUnsound: '账本不成立',
  },
};

const en: StateWords = {
  money: { notOpened: 'Not opened', normal: 'Normal', alarm1: 'Alarm 1', alarm2: 'Alarm 2', arrears: 'Arrears' },
  link: { online: 'Online', late: 'Late', lost: 'Lost' },
  relay: { closed: 'Closed', open: 'Open', unknown: 'Unknown', disagrees: 'Not as commanded' },
  protection: { none: 'None', forcedClosed: 'Protected', forcedOpen: 'Forced open', noCutWindow: 'No-cut window' },
  severity: { 1: 'Low', 2: 'Medium', 3: 'High' },
  alarm: {
    storeDown: 'Telemetry store away',
    spoolFull: 'No room for what waits',
    networkLost: 'Network lost',
    gatewayLost: 'Gateway lost',
    lineLost: 'Line lost',
    meterLost: 'Meter lost',
    balanceLow1: 'Balance below alarm 1',
    balanceLow2: 'Balance below alarm 2',
    arrears: 'Arrears',
    overload: 'Overload',
    relayDisagrees: 'Relay not as commanded',
    commandInDoubt: 'Command in doubt',
    downloadFailed: 'Download failed',
    vendInDoubt: 'Sale not confirmed',
    vendQuarantined: 'Sale for two persons',
    foreignWrite: 'Foreign purchase',
  },
  giverRule: {
    arrears: 'arrears',
    restoreAfterPayment: 'restored after payment',
    protectionEnded: 'protection ended',
    noCutWindow: 'no-cut window',
    account: 'settings of the account',
    replacement: 'replacement',
    repair: 'relay set right',
  },
  alarmState: {
    unacknowledged: 'Unacknowledged',
    acknowledged: 'Acknowledged',
    returned: 'Returned, unacknowledged',
    shelved: 'Shelved',
    suppressed: 'Suppressed',
    outOfService: 'Out of service',
    closed: 'Closed',
  },
  role: { tenant: 'Tenant', public: 'Public', substation: 'Substation' },
  quantity: {
    voltageL1V: 'Voltage L1',
    voltageL2V: 'Voltage L2',
    voltageL3V: 'Voltage L3',
    currentL1A: 'Current L1',
    currentL2A: 'Current L2',
    currentL3A: 'Current L3',
    activePowerL1W: 'Active power L1',
    activePowerL2W: 'Active power L2',
    activePowerL3W: 'Active power L3',
    activePowerW: 'Active power',
    reactivePowerL1Var: 'Reactive power L1',
    reactivePowerL2Var: 'Reactive power L2',
    reactivePowerL3Var: 'Reactive power L3',
    reactivePowerVar: 'Reactive power',
    apparentPowerVa: 'Apparent power',
    powerFactorL1: 'Power factor L1',
    powerFactorL2: 'Power factor L2',
    powerFactorL3: 'Power factor L3',
    powerFactor: 'Power factor',
    frequencyHz: 'Frequency',
    energyWh: 'Total energy',
    energySharpWh: 'Sharp',
    energyPeakWh: 'Peak',
    energyFlatWh: 'Flat',
    energyValleyWh: 'Valley',
    energyDeepValleyWh: 'Deep valley',
    energyReverseWh: 'Reverse energy',
    purchaseCount: 'Purchase count',
    overloadTripCount: 'Overload trips',
    balanceMinor: 'Balance',
  },
  registerQuality: { measured: 'Measured', late: 'Read late', estimated: 'Estimated' },
  commandKind: {
    trip: 'Trip',
    close: 'Close',
    protect: 'Protect',
    restorePrepaid: 'Restore prepaid',
    prices: 'Download prices',
    settings: 'Download settings',
    clock: 'Set the clock',
    read: 'Read now',
  },
  commandState: {
    awaitingApproval: 'Awaits a second person',
    queued: 'Queued',
    sent: 'Sent',
    confirming: 'Confirming',
    verified: 'Verified',
    rejected: 'Not taken',
    failed: 'Failed',
    inDoubt: 'In doubt',
    held: 'Held',
    stopped: 'Stopped',
  },
  commandWhy: {
    openVend: 'Money is on its way to it',
    unverifiedPayment: 'A payment is not verified yet',
    protected: 'Protected',
    noAccount: 'No account',
    accountPaused: 'Account paused',
    balanceUnknown: 'Balance unknown',
    notInArrears: 'Not in arrears',
    propertyFeeForbidden: 'No cut for property fees',
    noticeMissing: 'Customer not told yet',
    neverAllowed: 'No cut is allowed here',
    cutLater: 'Cut allowed at a later hour',
    trippedByPerson: 'Tripped by a person',
    notSupported: 'The model cannot',
    meterGone: 'Meter removed',
    lineStopped: 'Line not run',
    notReached: 'Could not be sent',
    expired: 'Too old',
    noAnswer: 'Not read back',
    refusedByMeter: 'Refused by the meter',
    holdsOther: 'The meter holds something else',
    superseded: 'A newer command took its place',
    stoppedByPerson: 'Stopped by a person',
    notApproved: 'Not approved',
    approvalExpired: 'Nobody approved in time',
    restarted: 'Server restarted',
  },
  saleKind: {
    sale: 'Sale',
    refund: 'Refund',
    reversal: 'Reversal',
    makeup: 'Makeup',
    moveOut: 'Moved out',
    moveIn: 'Moved in',
  },
  saleState: {
    DRAFT: 'Waits for approval',
    PAID: 'Paid',
    QUEUED: 'Queued',
    RESERVED: 'About to be written',
    SENT: 'Written, not read back',
    UNKNOWN: 'Being read back',
    FENCING: 'Being cancelled',
    CONFIRMED: 'Confirmed',
    CANCELLED: 'Cancelled',
    REJECTED: 'Refused by the meter',
    QUARANTINED: 'For two persons',
  },
  sheetState: {
    dry: 'dry run',
    awaitingApproval: 'waits for approval',
    declined: 'declined',
    running: 'running',
    done: 'done',
  },
  sheetRow: { waiting: 'waiting', accepted: 'accepted', refused: 'refused' },
  medium: { electricity: 'Electricity', water: 'Water' },
  tariffKind: { single: 'Single price', timeOfUse: 'Time of use', stepped: 'Steps' },
  tariffState: { draft: 'Draft', published: 'Published', dropped: 'Dropped', current: 'In force' },
  rate: { sharp: 'Sharp', peak: 'Peak', flat: 'Flat', valley: 'Valley', deepValley: 'Deep valley' },
  payMethod: { cash: 'Cash', wechat: 'WeChat', alipay: 'Alipay', bankCard: 'Bank card', transfer: 'Transfer' },
  difference: {
    countDiffers: 'Purchase count differs',
    vendUnderWay: 'Money under way',
    cumulativeDiffers: 'Sum of purchases differs',
    balanceDiffers: 'Balance differs',
    drift: 'Rounding',
    notRead: 'Not read',
    paymentMissing: 'Payment missing',
    paymentDiffers: 'Payment differs',
    paymentUnknown: 'Unknown payment',
    chargesDiffer: 'Charges differ',
    bookUnsound: 'Book unsound',
  },
};

export const STATE_WORDS = { zh, en } as const;
