import type { PlantNames } from '../manifest.ts';
import type { LoadKind } from '../meter/loadShapes.ts';

/** Invented house names: 字号 and its reading. Any likeness to a living firm is chance. */
const HOUSES: readonly (readonly [zh: string, en: string])[] = [
  ['麦禾', 'Maihe'],
  ['兰心', 'Lanxin'],
  ['云裳', 'Yunshang'],
  ['小满', 'Xiaoman'],
  ['曙光', 'Aurora'],
  ['青柚', 'Green Pomelo'],
  ['拾光', 'Shiguang'],
  ['南枝', 'Nanzhi'],
  ['老陈', 'Lao Chen'],
  ['百味', 'Baiwei'],
  ['渔歌', 'Yuge'],
  ['一棠', 'Yitang'],
  ['木槿', 'Mujin'],
  ['知行', 'Zhixing'],
  ['鹿鸣', 'Luming'],
  ['三棵松', 'Three Pines'],
  ['朱诺', 'Juno'],
  ['禾木', 'Hemu'],
  ['清源', 'Qingyuan'],
  ['金锅', 'Golden Wok'],
  ['海棠', 'Haitang'],
  ['白鹭', 'Egret'],
  ['松间', 'Songjian'],
  ['望江', 'Wangjiang'],
  ['半亩', 'Banmu'],
  ['九里', 'Jiuli'],
  ['初见', 'Chujian'],
  ['长风', 'Changfeng'],
  ['朴实', 'Pushi'],
  ['星野', 'Hoshino'],
  ['东篱', 'Dongli'],
  ['桃李', 'Peach & Plum'],
  ['凯立', 'Kaili'],
  ['鼎丰', 'Dingfeng'],
  ['康宁', 'Kangning'],
  ['天逸', 'Tianyi'],
  ['幽兰', 'Orchid'],
  ['万象', 'Wanxiang'],
  ['和风', 'Wafu'],
  ['启航', 'Qihang'],
  ['林家', "Lin's"],
  ['摩卡', 'Moka'],
  ['美家', 'Meijia'],
  ['沐光', 'Muguang'],
];

/** A trade: how its shops are called, what they use, how much of it (W at rated load). */
export interface Trade {
  readonly zh: string;
  readonly en: string;
  readonly load: LoadKind;
  readonly ratedW: readonly [least: number, most: number];
}

const FASHION: readonly Trade[] = [
  { zh: '女装', en: 'Womenswear', load: 'shop', ratedW: [2_200, 6_400] },
  { zh: '男装', en: 'Menswear', load: 'shop', ratedW: [2_200, 5_800] },
  { zh: '鞋业', en: 'Shoes', load: 'shop', ratedW: [1_800, 4_600] },
  { zh: '户外', en: 'Outdoor', load: 'shop', ratedW: [2_400, 6_200] },
  { zh: '内衣', en: 'Lingerie', load: 'shop', ratedW: [1_500, 3_600] },
  { zh: '皮具', en: 'Leather', load: 'shop', ratedW: [1_800, 4_200] },
];
const LUXURY: readonly Trade[] = [
  { zh: '珠宝', en: 'Jewellery', load: 'shop', ratedW: [3_200, 7_800] },
  { zh: '美妆', en: 'Cosmetics', load: 'shop', ratedW: [2_600, 6_200] },
  { zh: '钟表', en: 'Watches', load: 'shop', ratedW: [2_200, 4_800] },
  { zh: '眼镜', en: 'Eyewear', load: 'shop', ratedW: [1_800, 3_800] },
  { zh: '数码', en: 'Digital', load: 'shop', ratedW: [3_000, 8_200] },
  { zh: '咖啡', en: 'Coffee', load: 'cafe', ratedW: [5_200, 9_800] },
  { zh: '烘焙', en: 'Bakery', load: 'cafe', ratedW: [8_500, 16_000] },
];
const FAMILY: readonly Trade[] = [
  { zh: '童装', en: 'Kids', load: 'shop', ratedW: [1_800, 4_400] },
  { zh: '玩具', en: 'Toys', load: 'shop', ratedW: [2_200, 5_200] },
  { zh: '家居', en: 'Home', load: 'shop', ratedW: [2_800, 7_200] },
  { zh: '书店', en: 'Books', load: 'shop', ratedW: [2_400, 6_000] },
  { zh: '文具', en: 'Stationery', load: 'shop', ratedW: [1_400, 3_200] },
  { zh: '英语', en: 'English School', load: 'office', ratedW: [3_200, 7_600] },
  { zh: '琴行', en: 'Music', load: 'shop', ratedW: [1_600, 3_600] },
  { zh: '果汁', en: 'Juice', load: 'cafe', ratedW: [3_200, 6_400] },
];
const DINING: readonly Trade[] = [
  { zh: '面馆', en: 'Noodles', load: 'restaurant', ratedW: [7_000, 13_000] },
  { zh: '小炒', en: 'Kitchen', load: 'restaurant', ratedW: [9_000, 18_000] },
  { zh: '火锅', en: 'Hotpot', load: 'restaurant', ratedW: [14_000, 24_000] },
  { zh: '烤鱼', en: 'Grilled Fish', load: 'restaurant', ratedW: [11_000, 20_000] },
  { zh: '茶铺', en: 'Tea', load: 'cafe', ratedW: [3_600, 7_200] },
  { zh: '寿司', en: 'Sushi', load: 'restaurant', ratedW: [6_500, 12_000] },
  { zh: '酒馆', en: 'Tavern', load: 'restaurant', ratedW: [6_000, 12_000] },
  { zh: '甜品', en: 'Desserts', load: 'cafe', ratedW: [4_200, 8_200] },
];
const STREET: readonly Trade[] = [
  { zh: '药房', en: 'Pharmacy', load: 'shop', ratedW: [1_600, 3_800] },
  { zh: '生鲜', en: 'Fresh', load: 'supermarket', ratedW: [6_000, 14_000] },
  { zh: '理发', en: 'Barber', load: 'shop', ratedW: [2_800, 6_200] },
  { zh: '便利店', en: 'Convenience', load: 'supermarket', ratedW: [4_800, 8_800] },
  { zh: '五金', en: 'Hardware', load: 'shop', ratedW: [900, 2_200] },
  { zh: '花店', en: 'Flowers', load: 'shop', ratedW: [900, 2_000] },
  { zh: '早点', en: 'Breakfast', load: 'cafe', ratedW: [4_500, 8_500] },
  { zh: '小吃', en: 'Snacks', load: 'restaurant', ratedW: [5_000, 10_500] },
  { zh: '洗衣', en: 'Laundry', load: 'pump', ratedW: [5_500, 11_000] },
];
const OFFICE: readonly Trade[] = [
  { zh: '科技', en: 'Technology', load: 'office', ratedW: [6_500, 15_000] },
  { zh: '软件', en: 'Software', load: 'office', ratedW: [6_500, 16_000] },
  { zh: '设计', en: 'Design', load: 'office', ratedW: [4_200, 9_500] },
  { zh: '律师', en: 'Law', load: 'office', ratedW: [4_000, 8_500] },
  { zh: '会计', en: 'Accounting', load: 'office', ratedW: [3_800, 8_000] },
  { zh: '咨询', en: 'Consulting', load: 'office', ratedW: [4_000, 9_000] },
  { zh: '传媒', en: 'Media', load: 'office', ratedW: [5_500, 12_500] },
  { zh: '生物', en: 'Biotech', load: 'coldStore', ratedW: [7_000, 15_000] },
  { zh: '贸易', en: 'Trading', load: 'office', ratedW: [3_800, 8_000] },
  { zh: '数据', en: 'Data', load: 'serverRoom', ratedW: [7_000, 14_000] },
  { zh: '建筑', en: 'Architects', load: 'office', ratedW: [4_800, 10_500] },
];

/** Trades of a floor or street. */
export const TRADES = {
  fashion: FASHION,
  luxury: LUXURY,
  family: FAMILY,
  dining: DINING,
  street: STREET,
  office: OFFICE,
};

/** The `index`-th tenant of a list of trades: houses and trades run at different paces, so that pairs come once. */
export function tenantName(
  trades: readonly Trade[],
  index: number,
): { readonly names: PlantNames; readonly trade: Trade } {
  const trade = trades[index % trades.length];
  const house = HOUSES[(index * 7 + Math.floor(index / HOUSES.length)) % HOUSES.length];
  if (trade === undefined || house === undefined) throw new Error('no trades to name a tenant after');
  return { names: { zh: `${house[0]}${trade.zh}`, en: `${house[1]} ${trade.en}` }, trade };
}
