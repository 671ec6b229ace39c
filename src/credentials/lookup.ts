import type { StampedFile } from './text-file.js';

/** Keys as a source holds them, and until when they are good, in milliseconds since the epoch. */
export interface Keys {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
  readonly securityToken?: string | undefined;
  readonly endsAt?: number | undefined;
}

/** Whom to act as, as the settings say it; nothing has been asked yet. */
export type Identity =
  | { readonly kind: 'key'; readonly keys: Keys }
  | {
      readonly kind: 'RAM role';
      /** Who assumes the role. */
      readonly base: Identity;
      readonly roleArn: string;
      readonly externalId?: string | undefined;
      readonly policy?: string | undefined;
      readonly sts: StsSettings;
    }
  | {
      readonly kind: 'OIDC role';
      readonly roleArn: string;
      readonly providerArn: string;
      readonly tokenFile: string;
      readonly sts: StsSettings;
    }
  | { readonly kind: 'ECS RAM role'; readonly roleName?: string | undefined }
  | { readonly kind: 'credentials URI'; readonly uri: string }
  | {
      readonly kind: 'command';
      /** The program and its arguments. */
      readonly command: readonly [string, ...(readonly string[])];
      /** What the command's output stands for. Throws UnusableSource. */
      readonly identify: (output: string) => Identity;
    }
  | {
      readonly kind: 'CloudSSO login';
      /** Scheme, host and port of the sign-in page. */
      readonly origin: string;
      readonly accountId: string;
      readonly accessConfig: string;
      readonly accessToken: string;
    }
  | {
      readonly kind: 'OAuth login';
      readonly profile: string;
      readonly site: 'CN' | 'INTL';
      readonly tokens: OAuthTokens;
      /** The CLI's file, in which a renewed token must stand: the old one is good for one renewal only. */
      readonly configFile: string;
    };

/** Tokens of an OAuth login; times in milliseconds since the epoch. */
export interface OAuthTokens {
  readonly accessToken: string | undefined;
  readonly accessTokenEndsAt: number;
  readonly refreshToken: string | undefined;
}

/** How to ask the Security Token Service; what is left out has a default. */
export interface StsSettings {
  readonly sessionName?: string | undefined;
  /** Seconds, 900 or more. */
  readonly duration?: number | undefined;
  readonly regionId?: string | undefined;
  /** Scheme, host and port. */
  readonly origin?: string | undefined;
  readonly vpc?: boolean | undefined;
}

/** What one place of the chain holds. `why` and `source` are safe to show. */
export type Lookup =
  | { readonly kind: 'absent'; readonly why: string }
  | {
      readonly kind: 'found';
      readonly identity: Identity;
      readonly source: string;
      /** The file it was read from, whose changes should be noticed. */
      readonly file?: StampedFile;
    };
