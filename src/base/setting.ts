/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A setting that cannot be used. The message names the setting and never repeats its value. */
export class SettingError extends Error {
  override readonly name = 'SettingError';
}

/** What an MCPB host leaves where its user left a field empty. */
const EMPTY_FIELD = /^\$\{user_config\.[^}]*\}$/;

/**
 * What hosts, shells, Kubernetes and templates leave of a variable that they did not know: `${…}`, `$(…)`, `{{…}}`, a
 * bare `$NAME` or `$env:NAME`, and `%NAME%` between separators. In a URL `%` also begins an escape; that is followed by
 * a hexadecimal digit, where a placeholder is followed by a separator.
 */
const PLACEHOLDERS: readonly RegExp[] = [
  /\$\{[^}]*\}|^\$\{/,
  /\$\([A-Za-z_][^)]*\)/,
  /\{\{[^}]*\}\}/,
  /^\$(?:env:\w+|[A-Z_][A-Z0-9_]*)$/,
  /(?:^|[\s/\\:,;=@])%[A-Za-z_][\w()]*%(?:$|[\s/\\:,;=@.%])/,
];

/** Whether something that should have been replaced by a value still stands in `text`. */
export function holdsPlaceholder(text: string): boolean {
  return PLACEHOLDERS.some((pattern) => pattern.test(text));
}

/** Whether an MCPB host put its own placeholder where its user left a field empty: as good as no setting. */
export function isEmptyField(text: string): boolean {
  return EMPTY_FIELD.test(text.trim());
}

/**
 * A setting without surrounding white space; undefined when it is unset, empty, or an empty field of an MCPB host.
 *
 * @param name how the setting is called in messages.
 * @throws SettingError when it holds an unresolved placeholder.
 */
export function plainSetting(name: string, text: string | undefined): string | undefined {
  const plain = text?.trim();
  if (plain === undefined || plain === '' || isEmptyField(plain)) return undefined;
  if (holdsPlaceholder(plain)) throw new SettingError(`${name} holds an unresolved placeholder, such as \${…} or %…%`);
  return plain;
}

/** The value of an environment variable, as {@link plainSetting} has it. @throws SettingError */
export function readVariable(env: Environment, name: string): string | undefined {
  return plainSetting(name, env[name]);
}
