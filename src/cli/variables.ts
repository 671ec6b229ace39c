import { absolutePath, homeDirectory } from '../base/absolute-path.js';
import { type Environment, readVariable, SettingError } from '../base/setting.js';

/** An environment variable that is read beside the options: by the credentials, for proxies, and for directories. */
export interface Variable {
  readonly names: readonly string[];
  /** What it takes, for the README. */
  readonly accepts: string;
  /** What any other value gets, an unresolved placeholder aside: that ends the start wherever it stands. */
  readonly otherwise: string;
  /** Throws an `Error` whose message continues the name: a start-up error. */
  readonly check?: (text: string, env: Environment) => void;
}

const STATUS_2 = 'status 2';
const CALLS_FAIL = 'calls fail with `CREDENTIALS_NOT_FOUND`';

const path = (text: string, env: Environment): void => void absolutePath(text, homeDirectory(env));
const SWITCH = { accepts: 'true; anything else is false', otherwise: 'false' } as const;

/** All of them, in the order of the README. */
export const VARIABLES: readonly Variable[] = [
  {
    names: ['ALIBABA_CLOUD_ACCESS_KEY_ID', 'ALIBABA_CLOUD_ACCESS_KEY_SECRET', 'ALIBABA_CLOUD_SECURITY_TOKEN'],
    accepts: 'printable ASCII without spaces; id and secret together',
    otherwise: CALLS_FAIL,
  },
  {
    names: ['ALIBABA_CLOUD_ROLE_ARN', 'ALIBABA_CLOUD_OIDC_PROVIDER_ARN'],
    accepts: 'ARNs; used when all three of OIDC are set',
    otherwise: CALLS_FAIL,
  },
  {
    names: ['ALIBABA_CLOUD_OIDC_TOKEN_FILE', 'ALIBABA_CLOUD_CREDENTIALS_FILE'],
    accepts: 'an absolute path; `~/` is expanded',
    otherwise: STATUS_2,
    check: path,
  },
  { names: ['ALIBABA_CLOUD_ROLE_SESSION_NAME'], accepts: 'a name', otherwise: CALLS_FAIL },
  { names: ['ALIBABA_CLOUD_STS_REGION'], accepts: 'a region ID', otherwise: CALLS_FAIL },
  { names: ['ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED'], ...SWITCH },
  {
    names: ['ALIBABA_CLOUD_ECS_METADATA'],
    accepts: 'the name of the instance’s RAM role',
    otherwise: 'no credentials from there',
  },
  { names: ['ALIBABA_CLOUD_ECS_METADATA_DISABLED', 'ALIBABA_CLOUD_CLI_PROFILE_DISABLED'], ...SWITCH },
  {
    names: ['ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS'],
    accepts: '1 or true; anything else is false',
    otherwise: 'false',
  },
  { names: ['ALIBABA_CLOUD_CREDENTIALS_URI'], accepts: 'an http or https URL', otherwise: CALLS_FAIL },
  {
    names: ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY', 'https_proxy', 'http_proxy', 'all_proxy'],
    accepts: 'an http:// or https:// proxy, or host:port; lower case wins; not used for loopback',
    otherwise: 'calls through it fail at once with `ENDPOINT_UNREACHABLE`; SOCKS is not supported',
  },
  {
    names: ['NO_PROXY', 'no_proxy'],
    accepts: 'host names, with or without a port, separated by commas; `.example.com` and `*`',
    otherwise: 'the entry matches nothing',
  },
  {
    names: ['XDG_STATE_HOME', 'LOCALAPPDATA', 'HOME', 'USERPROFILE'],
    accepts: 'absolute paths; where the journal goes without `--state-dir`',
    otherwise: STATUS_2,
  },
];

/**
 * Looks at every variable that a server may read beside its options, so that a mistake is a start-up error and not a
 * failed call an hour later. @throws SettingError
 */
export function refuseUnusableVariables(env: Environment): void {
  for (const { names, check } of VARIABLES) {
    for (const name of names) {
      const text = readVariable(env, name);
      if (text === undefined) continue;
      try {
        check?.(text, env);
      } catch (error) {
        if (error instanceof SettingError) throw error;
        throw new SettingError(`${name} ${error instanceof Error ? error.message : 'cannot be used'}`);
      }
    }
  }
}
