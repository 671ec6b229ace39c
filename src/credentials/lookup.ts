import type { StampedFile } from './text-file.js';

/** Whom to act as, as the settings say it; nothing has been asked yet. */
export type Identity =
  | {
      readonly kind: 'key';
      readonly accessKeyId: string;
      readonly accessKeySecret: string;
      readonly securityToken?: string | undefined;
    }
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
  /** Modes of a CLI profile that the official package alone can serve; it reads and updates the CLI's file itself. */
  | { readonly kind: 'CLI login'; readonly profile: string; readonly mode: 'CloudSSO' | 'OAuth' | 'External' };

/** How to ask the Security Token Service; what is left out has the official package's default. */
export interface StsSettings {
  readonly sessionName?: string | undefined;
  /** Seconds, 900 or more. */
  readonly duration?: number | undefined;
  readonly regionId?: string | undefined;
  /** A host name, without a scheme. */
  readonly endpoint?: string | undefined;
  readonly vpc?: boolean | undefined;
}

/** What one place of the chain holds. `why` and `source` are safe to show. */
export type Lookup =
  | { readonly kind: 'absent'; readonly why: string }
  | {
      readonly kind: 'found';
      readonly identity: Identity;
      readonly source: string;
      /** The file it was read from, when a change of that file should be noticed. */
      readonly file?: StampedFile;
    };

/** A source that is set up but cannot be used. The message is in our own words and safe to show. */
export class UnusableSource extends Error {
  override readonly name = 'UnusableSource';
}
