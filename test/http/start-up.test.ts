import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from '../../src/cli/config.js';

const TOKEN = 'secret-0123456789-0123456789';

/** Message of the start-up error, or undefined where the server would start. */
function refusal(args: readonly string[], env: Readonly<Record<string, string>> = {}): string | undefined {
  try {
    readConfig(['http', ...args], env);
    return undefined;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message;
  }
}

describe('a server that others can reach', () => {
  it.each<[readonly string[]]>([
    [['--host', '0.0.0.0']],
    [['--host', '::']],
    [['--host', '10.1.2.3', '--allowed-hosts', 'tags.example.com']],
    [['--allowed-hosts', 'tags.example.com']],
    [['--allowed-hosts', 'localhost,tags.example.com']],
  ])('does not start without authentication, and says how to add it: %j', (args) => {
    expect(refusal(args)).toMatch(/KMS_TAGS_HTTP_TOKENS.*--oauth-issuer/);
  });

  it('does not start without the names by which it is reached', () => {
    expect(refusal(['--host', '0.0.0.0'], { KMS_TAGS_HTTP_TOKENS: `a=${TOKEN}` })).toContain('--allowed-hosts');
  });

  it('starts with both', () => {
    const args = ['--host', '0.0.0.0', '--allowed-hosts', 'tags.example.com'];
    expect(refusal(args, { KMS_TAGS_HTTP_TOKENS: `a=${TOKEN}` })).toBeUndefined();
    const audiences = [
      ['--oauth-resource', 'https://tags.example.com/mcp'],
      ['--oauth-audience', 'https://tags.example.com/mcp'],
      ['--oauth-audience', '1f0c2d3e-4b5a-6978-8796-a5b4c3d2e1f0'],
      ['--oauth-audience', 'api://tags', '--oauth-resource', 'https://tags.example.com/mcp'],
    ];
    for (const audience of audiences) {
      expect(refusal([...args, '--oauth-issuer', 'https://id.example.com', ...audience])).toBeUndefined();
    }
  });
});

describe('a server on loopback', () => {
  it.each([[[]], [['--host', '::1']], [['--host', 'localhost', '--allowed-hosts', '127.0.0.1,[::1]']]])(
    'starts with nothing: %j',
    (args) => {
      expect(refusal(args)).toBeUndefined();
    },
  );
});

describe('KMS_TAGS_HTTP_TOKENS', () => {
  it.each([
    ['a token that is too short', `a=${TOKEN},b=short-secret`],
    ['a token without a name', TOKEN],
    ['an empty name', `=${TOKEN}`],
    ['a level that is not known', `a:root=${TOKEN}`],
    ['characters that no header can carry', `a=${TOKEN} x`],
    ['the same token for two', `a=${TOKEN},b=${TOKEN}`],
    ['a comma at the end', `a=${TOKEN},`],
  ])('is refused, and none of it repeated: %s', (_, tokens) => {
    const message = refusal([], { KMS_TAGS_HTTP_TOKENS: tokens });
    expect(message).toMatch(/^KMS_TAGS_HTTP_TOKENS must /);
    expect(message).not.toMatch(/secret|root/);
  });

  it('may name a holder twice, so that a token can be replaced', () => {
    expect(refusal([], { KMS_TAGS_HTTP_TOKENS: `a=${TOKEN},a=${TOKEN}2,b:read=${TOKEN}3==` })).toBeUndefined();
  });

  it('keeps no token', () => {
    const config = readConfig(['http'], { KMS_TAGS_HTTP_TOKENS: `alice:admin=${TOKEN}` });
    expect(config).toMatchObject({ values: { 'http-tokens': [{ name: 'alice', level: 'admin' }] } });
    expect(JSON.stringify(config)).not.toContain(TOKEN);
  });

  it('is no flag, for others on the machine would read it', () => {
    expect(refusal(['--http-tokens', `a=${TOKEN}`])).toMatch(/^unknown flag/);
  });
});

describe('--allowed-hosts', () => {
  it.each([
    ['Tags.Example.com', ['tags.example.com']],
    ['tags.example.com.', ['tags.example.com']],
    ['::1,[::1]', ['[::1]', '[::1]']],
    ['10.1.2.3, tags_1.internal', ['10.1.2.3', 'tags_1.internal']],
  ])('takes %s in the form in which a Host is compared', (text, names) => {
    const config = readConfig(['http', '--allowed-hosts', text], { KMS_TAGS_HTTP_TOKENS: `a=${TOKEN}` });
    expect(config).toMatchObject({ values: { 'allowed-hosts': names } });
  });
});

describe('other options', () => {
  it.each([
    [['--allowed-hosts', 'https://tags.example.com'], 'without scheme and port'],
    [['--allowed-hosts', 'tags.example.com:443'], 'without scheme and port'],
    [['--allowed-hosts', '[::1]:443'], 'without scheme and port'],
    [['--allowed-hosts', 'user@localhost'], 'without scheme and port'],
    [['--allowed-hosts', 'localhost/mcp'], 'without scheme and port'],
    [['--allowed-hosts', '.example.com'], 'without scheme and port'],
    [['--allowed-hosts', 'exa mple'], 'without scheme and port'],
    [['--allowed-hosts', '*'], 'wildcards'],
    [['--allowed-hosts', '*.example.com'], 'wildcards'],
    [['--allowed-hosts', 'tags.example.com,*.internal'], 'wildcards'],
    [['--allowed-hosts', 'tags.*.com'], 'wildcards'],
    [['--allowed-origins', '*'], 'wildcards'],
    [['--allowed-origins', '*.example.com'], 'wildcards'],
    [['--allowed-origins', 'https://*'], 'wildcards'],
    [['--oauth-issuer', 'https://id.example.com'], 'go together'],
    [['--oauth-audience', 'https://a.example'], 'go together'],
    [['--oauth-resource', 'https://a.example'], 'go together'],
    [['--oauth-issuer', 'https://id.example.com', '--oauth-audience', 'tags'], 'a GUID'],
    [['--oauth-issuer', 'https://id.example.com', '--oauth-audience', 'api://'], 'a GUID'],
    [['--oauth-issuer', 'https://id.example.com', '--oauth-audience', 'http://a.example'], 'must be https'],
    [['--oauth-issuer', 'https://id.example.com', '--oauth-resource', 'http://a.example'], 'must be https'],
    [['--oauth-issuer', 'https://id.example.com', '--oauth-resource', 'https://a.example/#x'], 'fragment'],
    [['--oauth-issuer', 'https://id.example.com', '--oauth-resource', 'api://a'], 'must be https'],
    [['--oauth-issuer', 'http://id.example.com', '--oauth-audience', 'https://a.example'], 'must be https'],
    [['--oauth-issuer', 'https://u:p@id.example.com', '--oauth-audience', 'https://a.example'], 'must not hold'],
    [['--journal', 'https://redis.example.com'], 'redis://'],
  ])('are refused: %j', (args, why) => {
    expect(refusal(args)).toContain(why);
  });

  it('refuses a short key, and does not repeat it', () => {
    const message = refusal([], { KMS_TAGS_STATE_KEY: 'secret-key' });
    expect(message).toContain('32 bytes');
    expect(message).not.toContain('secret-key');
  });
});
