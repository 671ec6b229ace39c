/** What a signature scheme says about a request. Whether it is true is decided by `authenticate`. */
export interface SignedRequest {
  readonly accessKeyId: string;
  /** Empty when the request carries none. */
  readonly securityToken: string;
  /** As sent: UTC `YYYY-MM-DDThh:mm:ssZ`. */
  readonly timestamp: string;
  readonly nonce: string;
  /** Checks the signature. `stringToSign` is the service's, for the error message. */
  verify(accessKeySecret: string): { readonly matches: boolean; readonly stringToSign: string };
}
