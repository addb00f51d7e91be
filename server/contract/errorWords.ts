/** Sentences for people by the parts of an error's code, and what screens say around them: the same in files. */
const zh = {
  title: '出错了',
  unknown: '发生未知错误。',
  id: '编号 {id}',
  request: {
    invalid: '请求内容不正确。',
    'not-json': '请求内容不正确。',
    'key-reused': '同一编号已用于另一请求。',
    'too-large': '内容过大。',
    'too-many': '请求过于频繁，请稍候。',
    'wrong-method': '该地址不支持此操作。',
    'wrong-origin': '请求来自其他网站，已被拒绝。',
  },
  session: {
    required: '请先登录。',
    'wrong-credentials': '用户名或密码不正确。',
    'too-many-attempts': '尝试次数过多，请稍后再试。',
  },
  permission: { missing: '您没有此项权限。' },
  'not-found': '找不到该内容，可能已被删除。',
  conflict: {
    duplicate: '已存在相同的记录。',
    'in-use': '仍在使用，不能删除。',
    'changed-meanwhile': '内容已被他人修改，请重新加载。',
  },
  access: { 'last-administrator': '至少要保留一名管理员。' },
  kiosk: { 'unknown-link': '此大屏链接无效或已被收回。请向管理员索取新链接。' },
  command: {
    'not-supported': '该型号表计不支持此命令。',
    'not-waiting': '该命令已不在等待审批。',
    'nothing-to-retry': '没有可重试的失败命令。',
  },
  tariff: { 'too-late': '生效时间已过，价格不能追溯修改。' },
  vend: {
    'no-account': '该表计没有开户。',
    'account-not-open': '账户未开通、已暂停或正在销户。',
    'amount-out-of-range': '金额超出单笔限额。',
    hoarding: '购电后余额将超过囤积限额。',
    'meter-cannot': '该表计不支持由平台售电。',
    'meter-unproven': '该型号未经验证，按本物业的设置只能由平台保管余额。',
    'replacement-running': '正在换表，暂不能办理。',
    'not-open': '该笔业务已结束。',
    'frame-under-way': '最近一次下发的报文仍可能到达表计，请过十五分钟再确认。',
    'sheet-stopped': '轮到之前，本批已被停止。',
    'needs-other-person': '须由另一人办理。',
    'not-confirmed': '该笔业务尚未确认。',
    'evidence-missing': '请注明依据。',
  },
  reading: { 'not-correctable': '该读数不能这样更正：请按提示核对前后读数，或用退补处理。' },
  payout: {
    'nothing-owed': '这笔没有应退款：没有撤销，或已经退过。',
    'other-method': '退款方式与收款方式不同，请写明原因。',
    'needs-two':
      '以这种方式退出的钱多于客户以此方式付入的钱：请先由另一人在这笔业务上点“裁定…”批准，或按原收款方式付还。',
  },
  refund: {
    'exceeds-balance': '退款超过表内余额。',
    'exceeds-purchases': '退款超过净购金额。',
    'needs-two':
      '金额超过单人退款限额，或以这种方式退出的钱多于客户以此方式付入的钱，须由两人办理；也可改用原收款方式退款。',
    'not-possible': '该表计不支持退款。',
  },
  reversal: {
    'exceeds-balance': '部分金额已消费，不能冲正，请办理退款。',
    already: '该笔售电已冲正。',
    'of-reversal': '只有售电可以冲正。',
    'not-same-day': '只能在同一营业日冲正。',
  },
  ledger: { limit: '余额不足。' },
  place: { 'wrong-parent': '上级位置不正确。' },
  line: { 'address-taken': '该总线上此地址已被占用。' },
  account: {
    'meter-taken': '该表已属于另一个账户。',
    'wrong-state': '账户当前状态不允许此操作。',
    busy: '该账户尚有未完成的业务或资金，请稍后再试。',
    'custody-refused': '该表不能在表内存放余额。',
    'no-price': '该电价方案目前没有生效的价格。',
  },
  approval: { 'same-person': '须由另一人复核。' },
  meter: { 'not-answering': '表计没有应答。', 'line-stopped': '总线已停用。' },
  telemetry: { away: '历史数据库暂无应答。实时数据不受影响，期间的读数会在恢复后补齐。' },
  server: { busy: '服务器繁忙，请稍后再试。', error: '服务器内部错误，已记录。' },
  file: { broken: '文件在途中断，没有保存任何内容。请重试；若再次发生，请缩小范围。' },
  network: { unreachable: '无法连接服务器。请检查网络，恢复后会自动重连。' },
};

const en: typeof zh = {
  title: 'Something went wrong',
  unknown: 'An unknown error occurred.',
  id: 'number {id}',
  request: {
    invalid: 'The request is not valid.',
    'not-json': 'The request is not valid.',
    'key-reused': 'This id was used for another request.',
    'too-large': 'That is too large.',
    'too-many': 'Too many requests; wait a moment.',
    'wrong-method': 'This address does not take such a request.',
    'wrong-origin': 'The request came from another site and was refused.',
  },
  session: {
    required: 'Please sign in.',
    'wrong-credentials': 'Wrong user or password.',
    'too-many-attempts': 'Too many attempts; try again later.',
  },
  permission: { missing: 'You do not have the right to do this.' },
  'not-found': 'Not found; it may have been removed.',
  conflict: {
    duplicate: 'One like this exists already.',
    'in-use': 'Still in use; it cannot be removed.',
    'changed-meanwhile': 'Someone else changed it meanwhile; reload it.',
  },
  access: { 'last-administrator': 'At least one administrator must remain.' },
  kiosk: { 'unknown-link': 'This link opens no wall, or no longer. Ask an administrator for a new one.' },
  command: {
    'not-supported': 'This model cannot be told that.',
    'not-waiting': 'It does not wait for a second person any more.',
    'nothing-to-retry': 'No meter of this batch failed.',
  },
  tariff: { 'too-late': 'Its instant has passed; prices are not changed afterwards.' },
  vend: {
    'no-account': 'This meter has no account.',
    'account-not-open': 'The account is not open: paused, being closed, or closed.',
    'amount-out-of-range': 'The amount is outside what one sale may be.',
    hoarding: 'The meter would hold more than its hoarding limit.',
    'meter-cannot': 'This meter cannot be sold to.',
    'meter-unproven': 'This model is not proven; by the settings of the property its balance is kept in the platform.',
    'replacement-running': 'The meter is being replaced.',
    'not-open': 'It has ended already.',
    'frame-under-way': 'A frame of it may still reach the meter: say it again in a quarter of an hour.',
    'sheet-stopped': 'The sheet was stopped before its turn.',
    'needs-other-person': 'Another person must do this.',
    'not-confirmed': 'It is not confirmed.',
    'evidence-missing': 'Say what was seen and where it is kept.',
  },
  reading: {
    'not-correctable':
      'This reading cannot be corrected so: look at the readings before and after it, or put right what was charged by a makeup.',
  },
  payout: {
    'nothing-owed': 'Nothing is owed for it: it is not cancelled, or was given back already.',
    'other-method': 'It goes back by another way than it came: say why.',
    'needs-two':
      'More would go back by this way than came by it: somebody else agrees first (“Decide…” on this sale), or pay it back by the way it came.',
  },
  refund: {
    'exceeds-balance': 'More than the meter holds.',
    'exceeds-purchases': 'More than was bought, less what was given back.',
    'needs-two':
      'So much, or more than was paid by this way, goes back only by two persons; or pay it back by the way it came.',
    'not-possible': 'This meter gives nothing back.',
  },
  reversal: {
    'exceeds-balance': 'Some of it is consumed: give a refund instead.',
    already: 'It was reversed already.',
    'of-reversal': 'Only a sale can be reversed.',
    'not-same-day': 'Only on the business day of the sale.',
  },
  ledger: { limit: 'The account does not hold that much.' },
  place: { 'wrong-parent': 'It cannot hang there in the estate tree.' },
  line: { 'address-taken': 'This address is taken on the line.' },
  account: {
    'meter-taken': 'The meter belongs to another account.',
    'wrong-state': 'The account does not allow this in its present state.',
    busy: 'Something of this account is still under way; wait until it is done.',
    'custody-refused': 'The balance cannot be kept in this meter.',
    'no-price': 'The tariff has no price in force.',
  },
  approval: { 'same-person': 'Another person must agree.' },
  meter: { 'not-answering': 'The meter does not answer.', 'line-stopped': 'The line is stopped.' },
  telemetry: {
    away: 'The telemetry store does not answer. Live values are not concerned; the readings of this time come with it.',
  },
  server: { busy: 'The server is busy; try again shortly.', error: 'The server failed; the fault is in its log.' },
  file: {
    broken: 'The file broke off on its way; nothing was saved. Try again, with less at a time if it happens twice.',
  },
  network: { unreachable: 'The server cannot be reached. Check the network; the screen reconnects by itself.' },
};

export const ERROR_WORDS = { zh, en } as const;

/** The sentence of an error's code, e.g. `vend.no-account`; undefined for a code that has none. */
export function errorSentence(code: string, lang: 'zh' | 'en'): string | undefined {
  const found = code
    .split('.')
    .reduce<unknown>(
      (words, part) => (typeof words === 'object' && words !== null ? Reflect.get(words, part) : undefined),
      ERROR_WORDS[lang],
    );
  return typeof found === 'string' ? found : undefined;
}
