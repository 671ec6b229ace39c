import { type Environment, readVariable } from '../base/setting.js';
import { isSwitchedOn } from './environment.js';
import type { StsSettings } from './lookup.js';
import { UnusableSource } from './unusable-source.js';

/**
 * How to ask STS where a profile says nothing: `--sts-endpoint` (scheme, host and port), and the variables of the
 * official chain. @throws UnusableSource
 */
export function stsDefaults(env: Environment, endpoint: string | undefined): StsSettings {
  const regionId = readVariable(env, 'ALIBABA_CLOUD_STS_REGION');
  // It becomes a part of the host that a token is sent to.
  if (regionId !== undefined && !/^[a-z0-9-]+$/.test(regionId)) {
    throw new UnusableSource('ALIBABA_CLOUD_STS_REGION is not a region id');
  }
  return {
    sessionName: readVariable(env, 'ALIBABA_CLOUD_ROLE_SESSION_NAME'),
    regionId,
    origin: endpoint,
    vpc: isSwitchedOn(env, 'ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED'),
  };
}
