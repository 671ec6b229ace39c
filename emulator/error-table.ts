/** One error the service can answer with. */
export interface ErrorLine {
  readonly status: number;
  readonly message: string;
}

/** Codes KMS answers with itself. Source: the KMS error code pages, and replies pasted into public issues. */
export const kmsErrors = {
  InternalFailure: { status: 500, message: 'Internal Failure.' },
  ServiceUnavailableTemporary: { status: 503, message: 'Service Unavailable Temporary.' },
  'Rejected.Throttling': { status: 429, message: 'QPS Limit Exceeded' },
  'Rejected.LimitExceeded': {
    status: 400,
    message: 'The request was rejected because user create resource limit was exceeded.',
  },
  'Rejected.Disabled': { status: 409, message: 'The request was rejected because the key state is Disabled.' },
  'Rejected.PendingDeletion': {
    status: 409,
    message: 'The request was rejected because the key state is PendingDeletion.',
  },
  'Rejected.PendingImport': {
    status: 409,
    message: 'The request was rejected because the key state is PendingImport.',
  },
  'Forbidden.NoPermission': { status: 403, message: 'This operation is forbidden by permission system.' },
  'Forbidden.KeyNotFound': { status: 404, message: 'The specified Key is not found.' },
  'Forbidden.AliasNotFound': { status: 404, message: 'The specified Alias is not found.' },
  'Forbidden.ResourceNotFound': { status: 404, message: 'Resource not found.' },
  'Forbidden.KeyPolicyUnSupported': { status: 400, message: 'The specified key does not support key policy.' },
  AliasAlreadyExists: { status: 400, message: 'AliasName Already Exists.' },
  UnsupportedOperation: { status: 400, message: 'Rejected.UnsupportedOperation' },
  'Certificate.NotFound': { status: 404, message: 'The specified certificate is not found.' },
  'InvalidResourceId.NotFound': { status: 404, message: 'The specified ResourceId is not found.' },
  UnsupportedHTTPMethod: { status: 403, message: 'This http method is not supported.' },
  ParseRequestParameterException: {
    status: 400,
    message: 'Server parse parameters exception. Please check your input params.',
  },
  MissingParameter: { status: 400, message: 'The parameter is needed but not provided.' },
  InvalidParameter: { status: 400, message: 'The specified parameter is not valid.' },
  IncompleteSignature: {
    status: 400,
    message: 'The request signature does not conform to Alibaba Cloud standards.',
  },
  IllegalTimestamp: {
    status: 400,
    message: 'The input parameter "Timestamp" that is mandatory for processing this request is not supplied.',
  },
} as const satisfies Readonly<Record<string, ErrorLine>>;

/**
 * Codes the shared gateway answers with before KMS sees the request. Statuses of the time stamp format, the
 * security token, the action, the version, the region and the size are guesses.
 */
export const gatewayErrors = {
  SignatureDoesNotMatch: { status: 400, message: 'Specified signature is not matched with our calculation.' },
  SignatureNonceUsed: { status: 400, message: 'Specified signature nonce was used already.' },
  'InvalidTimeStamp.Expired': { status: 400, message: 'Specified time stamp or date value is expired.' },
  'InvalidTimeStamp.Format': { status: 400, message: 'Specified time stamp or date value is not well formatted.' },
  'InvalidAccessKeyId.NotFound': { status: 404, message: 'Specified access key is not found.' },
  MissingSecurityToken: { status: 400, message: 'SecurityToken is mandatory for this action.' },
  'InvalidSecurityToken.Expired': { status: 400, message: 'Specified SecurityToken is expired.' },
  'InvalidSecurityToken.Malformed': { status: 400, message: 'Specified SecurityToken is malformed.' },
  'InvalidSecurityToken.MismatchWithAccessKey': {
    status: 400,
    message: 'Specified SecurityToken mismatch with the AccessKey.',
  },
  'InvalidAction.NotFound': {
    status: 404,
    message: 'Specified api is not found, please check your url and method.',
  },
  InvalidVersion: { status: 404, message: 'Specified parameter Version is not valid.' },
  'InvalidRegionId.NotFound': { status: 404, message: 'The specified RegionId does not exist.' },
  'Throttling.User': { status: 400, message: 'Request was denied due to user flow control.' },
  RequestEntityTooLarge: { status: 413, message: 'The request body is too large.' },
} as const satisfies Readonly<Record<string, ErrorLine>>;

/** Codes of RAM, ResourceManager and STS, in the gateway's shape. Messages about the policies of RAM are guesses. */
export const ramErrors = {
  NoPermission: { status: 403, message: 'You are not authorized to do this action. You should be authorized by RAM.' },
  'EntityNotExist.Role': { status: 404, message: 'The role not exists.' },
  'EntityNotExist.Policy': { status: 404, message: 'The policy does not exist.' },
  'InvalidParameter.PolicyType': { status: 400, message: 'The parameter PolicyType is wrongly formed.' },
  'InvalidParameter.MaxItems': { status: 400, message: 'The parameter MaxItems is wrongly formed.' },
  'InvalidParameter.Marker': { status: 400, message: 'The parameter Marker is wrongly formed.' },
  'InvalidParameter.RoleArn': { status: 400, message: 'The parameter RoleArn is wrongly formed.' },
  'InvalidParameter.RoleSessionName': { status: 400, message: 'The parameter RoleSessionName is wrongly formed.' },
  'InvalidParameter.SourceIdentity': { status: 400, message: 'The parameter SourceIdentity is wrongly formed.' },
  'InvalidParameter.PolicyGrammar': { status: 400, message: 'The parameter Policy has not passed grammar check.' },
  'InvalidParameter.PolicySize': { status: 400, message: 'The size of Policy must be smaller than 2048 bytes.' },
  'InvalidParameter.DurationSeconds': {
    status: 400,
    message: 'The Min/Max value of DurationSeconds is 15min/1hr.',
  },
  'InvalidParameter.PrincipalType': { status: 400, message: 'The parameter PrincipalType is wrongly formed.' },
} as const satisfies Readonly<Record<string, ErrorLine>>;

export type KmsErrorCode = keyof typeof kmsErrors;
export type GatewayErrorCode = keyof typeof gatewayErrors;
export type RamErrorCode = keyof typeof ramErrors;
