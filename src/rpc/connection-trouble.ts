import { errorCode } from '../base/error-code.js';

/** Why no connection came about, where another attempt would fail alike. */
export type ConnectionTrouble =
  /** The proxy variables cannot be used. */
  | 'proxy-setting'
  /** The proxy answered, and does not let us through. */
  | 'proxy-refusal'
  /** The certificate, of the endpoint or of an https proxy, is not trusted. */
  | 'certificate';

/** What a failed connection comes to. `reason` is a code or a few words, never part of the request. */
export interface ConnectionFailure {
  readonly reason: string;
  readonly trouble?: ConnectionTrouble | undefined;
}

/** OpenSSL's and Node's: https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const CERTIFICATE_CODES =
  /^(?:UNABLE_TO_(?:GET|VERIFY|DECRYPT|DECODE)_\w+|(?:DEPTH_ZERO_)?SELF_SIGNED_CERT\w*|CERT_\w+|CRL_\w+|ERROR_IN_CERT_\w+|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED|ERR_TLS_CERT_\w+)$/;
/** Of a proxy: what may be gone in a moment. */
const PASSING = /^(?:408|425|429|5\d\d)$/;

/** A library's message may quote the request: only codes, and the status of a proxy, are taken from it. */
export function connectionFailure(error: Error): ConnectionFailure {
  // undici has no other place for the status with which a proxy answers CONNECT.
  const status = /^Proxy response \((\d{3})\)/.exec(error.message)?.[1];
  if (status !== undefined) {
    const reason = `the proxy answered HTTP ${status}`;
    return PASSING.test(status) ? { reason } : { reason, trouble: 'proxy-refusal' };
  }
  const code = errorCode(error) === 'UND_ERR_PRX_TLS' ? (errorCode(error.cause) ?? errorCode(error)) : errorCode(error);
  if (code === undefined) return { reason: error.name === 'HTTPParserError' ? 'malformed HTTP' : 'connection failed' };
  return CERTIFICATE_CODES.test(code) ? { reason: code, trouble: 'certificate' } : { reason: code };
}
