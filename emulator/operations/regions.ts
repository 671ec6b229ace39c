import type { Operation } from './operation.js';

/** Regions of KMS. Source: the endpoint map of the official SDK 3.2.0. */
export const regionIds = [
  'cn-hangzhou',
  'cn-shanghai',
  'cn-qingdao',
  'cn-beijing',
  'cn-zhangjiakou',
  'cn-huhehaote',
  'cn-wulanchabu',
  'cn-shenzhen',
  'cn-heyuan',
  'cn-guangzhou',
  'cn-chengdu',
  'cn-hongkong',
  'cn-fuzhou',
  'cn-wuhan-lr',
  'cn-zhengzhou-jva',
  'cn-heyuan-acdr-1',
  'cn-hangzhou-finance',
  'cn-shanghai-finance-1',
  'cn-shenzhen-finance-1',
  'cn-beijing-finance-1',
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-southeast-1',
  'ap-southeast-3',
  'ap-southeast-5',
  'ap-southeast-6',
  'ap-southeast-7',
  'eu-central-1',
  'eu-west-1',
  'us-east-1',
  'us-west-1',
  'na-south-1',
  'me-east-1',
  'me-central-1',
] as const;

/** All regions, the emulator's own among them. */
export const describeRegions: Operation = ({ account }) => {
  const all = new Set<string>([...regionIds, account.regionId]);
  return { Regions: { Region: [...all].map((RegionId) => ({ RegionId })) } };
};
