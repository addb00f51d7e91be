import type { DoctorAction, LineVerdict } from './busDoctor.ts';

interface DoctorWords {
  readonly verdict: Readonly<Record<LineVerdict, string>>;
  /** What to change, with places for figures: see `actionFigures`. */
  readonly action: Readonly<Record<DoctorAction['kind'], string>>;
}

const zh: DoctorWords = {
  verdict: {
    closed: '中断',
    overrun: '超限',
    dead: '有失联表',
    lossy: '丢帧',
    slow: '偏慢',
    waiting: '观察中',
    healthy: '正常',
    stopped: '已停用',
  },
  action: {
    restoreLink: '恢复网关连接',
    checkBus: '检查整条总线',
    checkLink: '检查网关的网络',
    raiseBaud: '波特率从 {from} 提高到 {to}',
    splitLine: '拆成两条总线：{first} 块和 {second} 块',
    lengthenPoll: '实时抄读周期延长到 {to} s',
    lowerTimeout: '应答超时从 {from} 缩短到 {to} ms',
    raiseTimeout: '应答超时从 {from} 延长到 {to} ms',
    repairMeters: '修复或停用失联的表计：地址 {addresses}',
    reduceTurnaround: '帧间静默从 {from} 缩短到 {to} ms',
    checkMeterWiring: '检查地址 {address} 的接线',
    checkFarEnd: '检查地址 {address} 以后的一段与终端电阻',
    checkNoise: '检查屏蔽、接地与终端电阻',
    slowMeter: '地址 {address} 应答偏慢',
    checkReplyDelay: '检查网关的转发延时',
  },
};

const en: DoctorWords = {
  verdict: {
    closed: 'Closed',
    overrun: 'Overrun',
    dead: 'Dead meters',
    lossy: 'Lossy',
    slow: 'Slow',
    waiting: 'Watching',
    healthy: 'Healthy',
    stopped: 'Stopped',
  },
  action: {
    restoreLink: 'Bring the gateway back',
    checkBus: 'Check the bus as a whole',
    checkLink: 'Check the network of the gateway',
    raiseBaud: 'Raise the baud rate from {from} to {to}',
    splitLine: 'Split into two lines of {first} and {second} meters',
    lengthenPoll: 'Lengthen the live poll to {to} s',
    lowerTimeout: 'Lower the response timeout from {from} to {to} ms',
    raiseTimeout: 'Raise the response timeout from {from} to {to} ms',
    repairMeters: 'Repair or disable the dead meters: address {addresses}',
    reduceTurnaround: 'Reduce the turnaround from {from} to {to} ms',
    checkMeterWiring: 'Check the wiring of address {address}',
    checkFarEnd: 'Check the line from address {address} on, and its termination',
    checkNoise: 'Check shield, earth and termination',
    slowMeter: 'Address {address} answers slowly',
    checkReplyDelay: 'Check the forwarding delay of the gateway',
  },
};

/** Words of the bus doctor that screens and files share. */
export const DOCTOR_WORDS = { zh, en } as const;

export type ActionFigures = Readonly<Record<string, string | number>>;
/** How a number is written: with so many digits after the point, none by default. */
type Written = (value: number, digits?: number) => string;

/** Addresses that a title can hold. */
const ADDRESSES_SHOWN = 6;

/** What fills the places of an action's words. */
export function actionFigures(action: DoctorAction, written: Written): ActionFigures {
  switch (action.kind) {
    case 'restoreLink':
    case 'checkBus':
    case 'checkNoise':
      return {};
    case 'checkLink':
      return { n: written(action.reconnects) };
    case 'raiseBaud':
      return { from: written(action.fromBaud), to: written(action.toBaud) };
    case 'splitLine':
      return { address: action.afterUnitAddress, first: action.meters[0] ?? 0, second: action.meters[1] ?? 0 };
    case 'lengthenPoll':
      return { from: seconds(action.fromMs, written), to: seconds(action.toMs, written), n: action.meters };
    case 'lowerTimeout':
      return { ...change(action, written), slowest: written(action.slowestReplyMs) };
    case 'raiseTimeout':
      return { ...change(action, written), n: written(action.lateReplies) };
    case 'repairMeters':
      return { addresses: addressesText(action.meters.map(({ unitAddress }) => unitAddress)) };
    case 'reduceTurnaround':
      return change(action, written);
    case 'checkMeterWiring':
      return { address: action.unitAddress };
    case 'checkFarEnd':
      return { address: action.fromUnitAddress };
    case 'slowMeter':
      return { address: action.unitAddress, ...delay(action, written) };
    case 'checkReplyDelay':
      return delay(action, written);
  }
}

const change = ({ fromMs, toMs }: { fromMs: number; toMs: number }, written: Written): ActionFigures => ({
  from: written(fromMs),
  to: written(toMs),
});
const delay = (
  { replyMs, usualReplyMs }: { replyMs: number; usualReplyMs: number },
  written: Written,
): ActionFigures => ({
  reply: written(replyMs),
  usual: written(usualReplyMs),
});
const seconds = (ms: number, written: Written): string => written(ms / 1_000, ms % 1_000 === 0 ? 0 : 1);

function addressesText(addresses: readonly number[]): string {
  const sorted = addresses.toSorted((a, b) => a - b);
  const shown = sorted.slice(0, ADDRESSES_SHOWN).join(', ');
  return sorted.length > ADDRESSES_SHOWN ? `${shown}, +${sorted.length - ADDRESSES_SHOWN}` : shown;
}

/** An action in words, its figures in place. */
export function actionText(action: DoctorAction, lang: 'zh' | 'en', written: Written): string {
  const figures = actionFigures(action, written);
  return DOCTOR_WORDS[lang].action[action.kind].replace(/\{(\w+)\}/g, (place, name: string) =>
    String(figures[name] ?? place),
  );
}
