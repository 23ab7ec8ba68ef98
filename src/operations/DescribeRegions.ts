import { Type } from 'typebox';
import { operation } from './operation.ts';
import { all } from './resources.ts';
import { choice, RegionId } from './schema.ts';

/** [English, Chinese] */
const NAMES: Readonly<Record<string, readonly [string, string]>> = {
  'cn-hangzhou': ['China (Hangzhou)', '华东1(杭州)'],
  'cn-shanghai': ['China (Shanghai)', '华东2(上海)'],
  'cn-nanjing': ['China (Nanjing)', '华东5(南京)'],
  'cn-qingdao': ['China (Qingdao)', '华北1(青岛)'],
  'cn-beijing': ['China (Beijing)', '华北2(北京)'],
  'cn-zhangjiakou': ['China (Zhangjiakou)', '华北3(张家口)'],
  'cn-wulanchabu': ['China (Ulanqab)', '华北6(乌兰察布)'],
  'cn-shenzhen': ['China (Shenzhen)', '华南1(深圳)'],
  'cn-guangzhou': ['China (Guangzhou)', '华南3(广州)'],
  'cn-chengdu': ['China (Chengdu)', '西南1(成都)'],
  'cn-hongkong': ['China (Hong Kong)', '中国香港'],
  'ap-northeast-1': ['Japan (Tokyo)', '日本(东京)'],
  'ap-southeast-1': ['Singapore', '新加坡'],
  'ap-southeast-5': ['Indonesia (Jakarta)', '印度尼西亚(雅加达)'],
  'ap-southeast-6': ['Philippines (Manila)', '菲律宾(马尼拉)'],
  'ap-southeast-7': ['Thailand (Bangkok)', '泰国(曼谷)'],
  'us-west-1': ['US (Silicon Valley)', '美国(硅谷)'],
  'eu-west-1': ['UK (London)', '英国(伦敦)'],
  'eu-central-1': ['Germany (Frankfurt)', '德国(法兰克福)'],
  'me-central-1': ['SAU (Riyadh)', '沙特(利雅得)'],
  'cn-hangzhou-finance': ['China East 1 Finance', '华东1 金融云'],
  'cn-shanghai-finance-1': ['China East 2 Finance', '华东2 金融云'],
};

export const DescribeRegions = operation({
  name: 'DescribeRegions',
  kind: 'read',
  summary: 'Lists the regions that this server serves.',
  parameters: Type.Object({
    RegionId,
    AcceptLanguage: Type.Optional(choice(['zh', 'en'], 'The language of the names; zh if not given.')),
  }),
  response: Type.Object({
    Regions: Type.Array(
      Type.Object({
        RegionId: Type.String(),
        RegionEndpoint: Type.String({ description: 'The address of this server.' }),
        LocalName: Type.String(),
      }),
    ),
  }),
  errors: [],
  resources: () => all('region'),
  async run({ settings }, { AcceptLanguage: language }, { publicHost }) {
    const column = language === 'en' ? 0 : 1;
    return {
      Regions: settings.regions.map((id) => ({
        RegionId: id,
        RegionEndpoint: publicHost,
        LocalName: NAMES[id]?.[column] ?? id,
      })),
    };
  },
});
