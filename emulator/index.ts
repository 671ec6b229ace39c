export type { ResourceType } from './account/account.js';
export { type AccountData, parseAccountData } from './account/account-data.js';
export { generatedData } from './account/generated-data.js';
export { sampleData } from './account/sample-data.js';
export type { AccessKey } from './authentication/access-key.js';
export { type Emulator, type EmulatorOptions, startEmulator } from './emulator.js';
export { type FaultKind, type FaultPlan, faultKinds } from './faults/fault-plan.js';
export { parseFaultSpec } from './faults/fault-spec.js';
export type { RequestRecord } from './request-log.js';
