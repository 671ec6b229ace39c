import type { CredentialsProvider } from '@alicloud/credentials';
import type { Identity, StsSettings } from './lookup.js';
import { UnusableSource } from './lookup.js';

type OfficialPackage = Pick<
  typeof import('@alicloud/credentials'),
  | 'CLIProfileCredentialsProvider'
  | 'ECSRAMRoleCredentialsProvider'
  | 'OIDCRoleArnCredentialsProvider'
  | 'RAMRoleARNCredentialsProvider'
  | 'StaticAKCredentialsProvider'
  | 'StaticSTSCredentialsProvider'
  | 'URICredentialsProvider'
>;

// Milliseconds. The package's "connect" timeout is the socket's idle timeout, so it bounds the wait for a reply too.
const REMOTE = { connect: 3000, read: 5000 };
// Without an instance nobody answers at the metadata address: two tries of half a second are all it may cost.
const METADATA = { connect: 500, read: 1000 };

/**
 * Loads `@alicloud/credentials` (40 ms, 12 MB), which most users never need.
 *
 * @throws UnusableSource when it cannot be loaded.
 */
export async function loadOfficialPackage(): Promise<OfficialPackage> {
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
  return typeof module === 'object' && module !== null && 'RAMRoleARNCredentialsProvider' in module;
}

/**
 * The official provider for an identity. Providers of sessions renew them 15 minutes before they end.
 *
 * @param home where the CLI's file is, for the modes that the package serves from that file.
 */
export function createProvider(official: OfficialPackage, identity: Identity, home: string): CredentialsProvider {
  switch (identity.kind) {
    case 'key': {
      const { accessKeyId, accessKeySecret, securityToken } = identity;
      const key = { id: accessKeyId, secret: accessKeySecret };
      return securityToken === undefined
        ? official.StaticAKCredentialsProvider.builder().withAccessKeyId(key.id).withAccessKeySecret(key.secret).build()
        : official.StaticSTSCredentialsProvider.builder()
            .withAccessKeyId(key.id)
            .withAccessKeySecret(key.secret)
            .withSecurityToken(securityToken)
            .build();
    }
    case 'RAM role': {
      const builder = official.RAMRoleARNCredentialsProvider.builder()
        .withCredentialsProvider(createProvider(official, identity.base, home))
        .withRoleArn(identity.roleArn)
        .withReadTimeout(REMOTE.read)
        .withConnectTimeout(REMOTE.connect);
      if (identity.externalId !== undefined) builder.withExternalId(identity.externalId);
      if (identity.policy !== undefined) builder.withPolicy(identity.policy);
      applySts(builder, identity.sts);
      return builder.build();
    }
    case 'OIDC role': {
      const builder = official.OIDCRoleArnCredentialsProvider.builder()
        .withRoleArn(identity.roleArn)
        .withOIDCProviderArn(identity.providerArn)
        .withOIDCTokenFilePath(identity.tokenFile)
        .withReadTimeout(REMOTE.read)
        .withConnectTimeout(REMOTE.connect);
      applySts(builder, identity.sts);
      return builder.build();
    }
    case 'ECS RAM role': {
      const builder = official.ECSRAMRoleCredentialsProvider.builder()
        .withReadTimeout(METADATA.read)
        .withConnectTimeout(METADATA.connect);
      if (identity.roleName !== undefined) builder.withRoleName(identity.roleName);
      return builder.build();
    }
    case 'credentials URI':
      return official.URICredentialsProvider.builder()
        .withCredentialsURI(identity.uri)
        .withReadTimeout(REMOTE.read)
        .withConnectTimeout(REMOTE.connect)
        .build();
    case 'CLI login': {
      const provider = official.CLIProfileCredentialsProvider.builder().withProfileName(identity.profile).build();
      // The package takes the user's home and offers no way to say otherwise.
      Reflect.set(provider, 'homedir', home);
      return provider;
    }
  }
}

/** The part of the two STS builders that is alike. */
interface StsBuilder {
  withRoleSessionName(name: string): unknown;
  withDurationSeconds(seconds: number): unknown;
  withStsRegionId(regionId: string): unknown;
  withStsEndpoint(host: string): unknown;
  withEnableVpc(enabled: boolean): unknown;
}

function applySts(builder: StsBuilder, sts: StsSettings): void {
  if (sts.sessionName !== undefined) builder.withRoleSessionName(sts.sessionName);
  if (sts.duration !== undefined) builder.withDurationSeconds(sts.duration);
  if (sts.regionId !== undefined) builder.withStsRegionId(sts.regionId);
  if (sts.endpoint !== undefined) builder.withStsEndpoint(sts.endpoint);
  if (sts.vpc !== undefined) builder.withEnableVpc(sts.vpc);
}
