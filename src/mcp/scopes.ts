/** Scope without which an HTTP caller is refused. */
export const READ_SCOPE = 'kms-tags:read';
/** Scope that may change tags. */
export const WRITE_SCOPE = 'kms-tags:write';
/** Scope that sees and undoes everybody's changes. */
export const ADMIN_SCOPE = 'kms-tags:admin';
