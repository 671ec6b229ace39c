import type { CredentialsProvider } from '@alicloud/credentials';
import { errorCode } from '../base/error-code.js';
import type { Keys } from './lookup.js';
import { UnusableSource } from './unusable-source.js';

type OfficialPackage = Pick<typeof import('@alicloud/credentials'), 'ECSRAMRoleCredentialsProvider'>;

// Milliseconds. The package's "connect" timeout is the socket's idle timeout, so it bounds the wait for a reply too.
// Without an instance nobody answers at the metadata address: two tries of half a second are all it may cost.
const METADATA = { connect: 500, read: 1000 };

/**
 * The RAM role of the ECS instance, by the official package: it has the metadata service's token protocol and its
 * fallback. That service is on the machine's own link, so that no proxy and no certificate is concerned.
 */
export async function ecsRole(roleName: string | undefined): Promise<() => Promise<Keys>> {
  const official = await loadOfficialPackage();
  let provider: CredentialsProvider | undefined;
  return async () => {
    try {
      provider ??= createProvider(official, roleName);
      const { accessKeyId, accessKeySecret, securityToken } = await provider.getCredentials();
      return { accessKeyId, accessKeySecret, securityToken };
    } catch (error) {
      throw new UnusableSource(explain(error));
    }
  };
}

function createProvider(official: OfficialPackage, roleName: string | undefined): CredentialsProvider {
  const builder = official.ECSRAMRoleCredentialsProvider.builder()
    .withReadTimeout(METADATA.read)
    .withConnectTimeout(METADATA.connect);
  if (roleName !== undefined) builder.withRoleName(roleName);
  return builder.build();
}

/** The package's messages hold whole replies, secrets included: nothing of them is passed on but an HTTP status. */
function explain(error: unknown): string {
  if (error instanceof Error) {
    if (error.name === 'RequestTimeoutError') return 'no answer in time';
    const code = errorCode(error);
    if (code !== undefined) return `the ECS metadata service cannot be reached (${code})`;
    const status = /\bhttpStatus: (\d{3})\b/.exec(error.message)?.[1];
    if (status !== undefined) return `the ECS metadata service answered HTTP ${status}`;
  }
  return 'the ECS metadata service gave no credentials of a role';
}

/** Loads `@alicloud/credentials` (40 ms, 12 MB), which few users need. @throws UnusableSource when it cannot be. */
async function loadOfficialPackage(): Promise<OfficialPackage> {
  const debug = process.env['DEBUG'];
  // Under DEBUG=* its HTTP client prints whole replies, secrets included. The switch is read once, on loading.
  delete process.env['DEBUG'];
  try {
    const loaded = await import('@alicloud/credentials');
    // It is CommonJS: Node.js, bundlers and test runners differ in what they lift out of the default export.
    const shapes: readonly unknown[] = [loaded, loaded.default];
    const usable = shapes.find(isOfficialPackage);
    if (usable !== undefined) return usable;
  } catch {
    // Said below, without the loader's words.
  } finally {
    if (debug !== undefined) process.env['DEBUG'] = debug;
  }
  throw new UnusableSource('the package @alicloud/credentials cannot be loaded');
}

function isOfficialPackage(module: unknown): module is OfficialPackage {
  return typeof module === 'object' && module !== null && 'ECSRAMRoleCredentialsProvider' in module;
}
