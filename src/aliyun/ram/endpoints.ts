/** RAM is one service for all regions, and so is Resource Management. */
export const RAM = { version: '2015-05-01', origin: 'https://ram.aliyuncs.com' } as const;
export const RESOURCE_MANAGER = { version: '2020-03-31', origin: 'https://resourcemanager.aliyuncs.com' } as const;
