import { createHash } from 'node:crypto';

/** Surnames and given names for rooms that bear nobody's name. Any likeness to living people is chance. */
const SURNAMES = [
  ['陈', 'Chen'],
  ['林', 'Lin'],
  ['黄', 'Huang'],
  ['吴', 'Wu'],
  ['周', 'Zhou'],
  ['徐', 'Xu'],
  ['孙', 'Sun'],
  ['胡', 'Hu'],
  ['郭', 'Guo'],
  ['何', 'He'],
  ['高', 'Gao'],
  ['罗', 'Luo'],
  ['郑', 'Zheng'],
  ['梁', 'Liang'],
  ['谢', 'Xie'],
  ['宋', 'Song'],
  ['唐', 'Tang'],
] as const;
const GIVEN = [
  ['雨桐', 'Yutong'],
  ['子墨', 'Zimo'],
  ['思远', 'Siyuan'],
  ['佳怡', 'Jiayi'],
  ['浩然', 'Haoran'],
  ['欣妍', 'Xinyan'],
  ['俊杰', 'Junjie'],
  ['梦琪', 'Mengqi'],
  ['天佑', 'Tianyou'],
  ['若曦', 'Ruoxi'],
  ['嘉树', 'Jiashu'],
  ['明轩', 'Mingxuan'],
  ['诗涵', 'Shihan'],
] as const;

export interface Tenant {
  readonly name: string;
  readonly phone: string;
}

/** Who rents a room of the demo: the name on its door in both languages, or an invented person. The same every time. */
export function demoTenant(
  meterNumber: string,
  door: { readonly zh?: string | undefined; readonly en?: string | undefined } | undefined,
): Tenant {
  const drawn = createHash('sha256').update(`tenant ${meterNumber}`).digest();
  const named = [door?.zh, door?.en].filter((name) => name !== undefined);
  const surname = SURNAMES[drawn.readUInt16BE(0) % SURNAMES.length] ?? SURNAMES[0];
  const given = GIVEN[drawn.readUInt16BE(2) % GIVEN.length] ?? GIVEN[0];
  const person = [`${surname[0]}${given[0]}`, `${surname[1]} ${given[1]}`];
  const digits = String(drawn.readUInt32BE(4) % 100_000_000).padStart(8, '0');
  return { name: [...new Set(named.length > 0 ? named : person)].join(' '), phone: `138${digits}` };
}

/** A key that is the same for the same thing at every start. */
export function demoId(thing: string): string {
  const hex = createHash('sha256').update(`meterwall demo ${thing}`).digest('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
}
