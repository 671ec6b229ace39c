import type { CliProfile } from './cli-config.js';
import type { Identity } from './lookup.js';
import type { UnusableSource } from './unusable-source.js';

type Broken = (what: string) => UnusableSource;

const ENDED = 'has a login that has ended: sign in again with `aliyun configure`';

/** The session that the CLI itself got for a login and left in the file, while it is good for a while yet. */
function storedSession(profile: CliProfile): Identity | undefined {
  const { access_key_id: accessKeyId, access_key_secret: accessKeySecret, sts_token: securityToken } = profile;
  const endsAt = profile.sts_expiration;
  if (accessKeyId === undefined || accessKeySecret === undefined || securityToken === undefined) return undefined;
  if (endsAt - Date.now() < LEAST_LEFT_MS) return undefined;
  return { kind: 'key', keys: { accessKeyId, accessKeySecret, securityToken, endsAt } };
}

const LEAST_LEFT_MS = 15 * 60_000;

/** A CloudSSO login; `broken` makes the error for what is wrong with the profile. */
export function cloudSsoLogin(profile: CliProfile, broken: Broken): Identity {
  const stored = storedSession(profile);
  if (stored !== undefined) return stored;
  const {
    cloud_sso_sign_in_url: url,
    cloud_sso_account_id: accountId,
    cloud_sso_access_config: accessConfig,
  } = profile;
  const { access_token: accessToken, cloud_sso_access_token_expire: endsAt } = profile;
  if (url === undefined || accountId === undefined || accessConfig === undefined) throw broken(ENDED);
  if (accessToken === undefined || endsAt <= Date.now()) throw broken(ENDED);
  if (!URL.canParse(url) || new URL(url).protocol !== 'https:') {
    throw broken('has a cloud_sso_sign_in_url that is not an https URL');
  }
  return { kind: 'CloudSSO login', origin: new URL(url).origin, accountId, accessConfig, accessToken };
}

/** An OAuth login, whose renewed tokens go into `configFile`. */
export function oauthLogin(profile: CliProfile, configFile: string, broken: Broken): Identity {
  const stored = storedSession(profile);
  if (stored !== undefined) return stored;
  const { oauth_site_type: site, oauth_access_token: accessToken, oauth_refresh_token: refreshToken } = profile;
  if (site !== 'CN' && site !== 'INTL') throw broken('has an oauth_site_type other than CN and INTL');
  const accessTokenEndsAt = profile.oauth_access_token_expire;
  if (refreshToken === undefined && (accessToken === undefined || accessTokenEndsAt <= Date.now())) throw broken(ENDED);
  return {
    kind: 'OAuth login',
    profile: profile.name,
    site,
    tokens: { accessToken, accessTokenEndsAt, refreshToken },
    configFile,
  };
}
