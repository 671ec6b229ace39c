/** A name or an IPv4 address, or an IPv6 address in brackets; and a port. Nothing else that a URL could hold there. */
const AUTHORITY = /^(?:[\w-]+(?:\.[\w-]+)*\.?|\[[\da-f:.]+\])(?::\d{0,5})?$/i;

/**
 * The host name of `name` or `name:port`, in the one form in which names are compared: lower case, without port and
 * trailing dot, IPv6 in brackets. Undefined for anything else, such as `user@name`.
 */
export function hostNameOf(text: string): string | undefined {
  if (!AUTHORITY.test(text) || !URL.canParse(`http://${text}`)) return undefined;
  return new URL(`http://${text}`).hostname.replace(/\.$/, '');
}
