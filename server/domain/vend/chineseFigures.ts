const DIGITS = ['零', '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖'];
const PLACES = ['', '拾', '佰', '仟'];
const GROUPS = ['', '万', '亿', '万亿'];
const DIGITS_IN_GROUP = 4;

/**
 * An amount in capital Chinese figures (大写金额), as receipts need it: 10050n → 壹佰元伍角整, 1n → 壹分.
 * Up to 10¹⁶ minor units; beyond it throws RangeError.
 */
export function chineseFigures(minor: bigint): string {
  const magnitude = minor < 0n ? -minor : minor;
  const sign = minor < 0n ? '负' : '';
  const yuan = (magnitude / 100n).toString();
  if (yuan.length > DIGITS_IN_GROUP * GROUPS.length) throw new RangeError(`${minor} is too large to be written out`);
  const jiao = Number((magnitude / 10n) % 10n);
  const fen = Number(magnitude % 10n);
  const whole = wholeYuan(yuan);
  if (jiao === 0 && fen === 0) return `${sign}${whole === '' ? '零' : whole}元整`;
  const before = whole === '' ? '' : `${whole}元`;
  const tenths = jiao === 0 ? (before === '' ? '' : '零') : `${DIGITS[jiao]}角`;
  return `${sign}${before}${tenths}${fen === 0 ? '整' : `${DIGITS[fen]}分`}`;
}

/** Groups of four digits; a gap of zeros between digits is one 零. */
function wholeYuan(yuan: string): string {
  let text = '';
  let gap = false;
  for (const [index, digit] of yuan.split('').entries()) {
    const place = yuan.length - 1 - index;
    const value = Number(digit);
    if (value === 0) gap = text !== '';
    else {
      text += `${gap ? '零' : ''}${DIGITS[value]}${PLACES[place % DIGITS_IN_GROUP]}`;
      gap = false;
    }
    const group = place / DIGITS_IN_GROUP;
    if (Number.isInteger(group) && groupDigits(yuan, place) !== '0000') text += group === 0 ? '' : GROUPS[group];
  }
  return text;
}

function groupDigits(yuan: string, place: number): string {
  const end = yuan.length - place;
  return yuan.slice(Math.max(0, end - DIGITS_IN_GROUP), end).padStart(DIGITS_IN_GROUP, '0');
}
