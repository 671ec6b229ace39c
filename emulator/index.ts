export type {
  AccountData,
  AttachmentData,
  PolicyData,
  RamPolicyData,
  RegionData,
  RoleData,
} from './account/account-data.js';
export { generatedData } from './account/generated-data.js';
export { parseAccountData } from './account/parse-account-data.js';
export type { ResourceType } from './account/resource.js';
export { sampleData } from './account/sample-data.js';
export type { AccessKey } from './authentication/access-key.js';
export type { EmulatedRegion } from './emulated-region.js';
export { type Emulator, startEmulator } from './emulator.js';
export type { EmulatorOptions } from './emulator-options.js';
export type { FaultPlan } from './faults/fault-plan.js';
export { parseFaultSpec } from './faults/fault-spec.js';
export { type FaultKind, faultKinds } from './faults/fault-table.js';
export type { RequestRecord } from './request-log.js';
