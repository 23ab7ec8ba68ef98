/** Codes about the form of a request, its signature and its caller: what a gateway checks. */
import type { CatalogueEntry } from './entry.ts';

const INTERNAL = 'Look in the log of the service under the RequestId.';

export const REQUEST_ERRORS = {
  MissingParameter: {
    status: 400,
    message: '{parameter} is mandatory for this action.',
    advice: 'Send the parameter {parameter}.',
  },
  InvalidParameter: {
    status: 400,
    message: 'Specified parameter {parameter} is not valid.{reason}',
    advice: 'Correct the parameter {parameter}.',
  },
  'InvalidParameter.Format': {
    status: 400,
    message: 'Specified parameter format is not valid.',
    advice: 'Format is JSON or XML.',
  },
  'InvalidParameter.Duplicate': {
    status: 400,
    message: 'Specified parameter {parameter} stands twice with different values.',
    advice: 'Send each parameter once, in the query or in the form.',
  },
  'InvalidParameter.Encoding': {
    status: 400,
    message: 'The request is not well formed: {reason}.',
    advice:
      'Send parameters as UTF-8, percent-encoded, in the query or in an application/x-www-form-urlencoded body.',
  },
  TooManyParameters: {
    status: 400,
    message: 'The request has more than {limit} parameters.',
    advice: 'Send fewer list items in one request.',
  },
  RequestTooLarge: {
    status: 413,
    message: 'The request body is larger than {limit} bytes.',
    advice: 'Send fewer or shorter parameters.',
  },
  InvalidVersion: {
    status: 400,
    message: 'Specified parameter Version is not valid.',
    advice: 'Use Version 2020-09-30.',
  },
  'InvalidAction.NotFound': {
    status: 404,
    message: 'Specified api is not found, please check your url and method.',
    advice: 'The operation does not exist or is not offered by this server.',
  },
  UnsupportedOperation: {
    status: 403,
    message: 'The operation {action} of the public service is not offered by this server.',
    advice: 'docs/differences.md lists what this server offers and how it differs.',
  },
  UnsupportedHTTPMethod: {
    status: 400,
    message: 'This http method is not supported.',
    advice: 'Use GET or POST.',
  },
  'InvalidProtocol.NeedSsl': {
    status: 400,
    message: 'Your request is denied as lack of ssl protect.',
    advice: 'Use https.',
  },
  MissingAccessKeyId: {
    status: 400,
    message: 'AccessKeyId is mandatory for this action.',
    advice: 'Sign the request with an access key; `openecd key create` makes one.',
  },
  MissingSignature: {
    status: 400,
    message: 'Signature is mandatory for this action.',
    advice: 'Sign the request.',
  },
  'InvalidAccessKeyId.NotFound': {
    status: 404,
    message: 'Specified access key is not found.',
    advice: 'Check the AccessKeyId; `openecd key list` shows the keys of this server.',
  },
  'InvalidAccessKeyId.Inactive': {
    status: 400,
    message: 'Specified access key is disabled.',
    advice: 'Enable the key or use another one.',
  },
  SignatureDoesNotMatch: {
    status: 400,
    message: '{detail}',
    advice:
      'Compare the string to sign in the message with the one your client signed. If they are equal, the secret is wrong.',
  },
  IncompleteSignature: {
    status: 400,
    message: 'The request signature does not conform to Aliyun standards.{reason}',
    advice: 'Check the Authorization header or the signature parameters.',
  },
  SignatureNonceUsed: {
    status: 400,
    message: 'Specified signature nonce was used already.',
    advice: 'Use a new random SignatureNonce for each request, also when repeating one.',
  },
  'InvalidTimeStamp.Format': {
    status: 400,
    message: 'Specified time stamp or date value is not well formatted.',
    advice: 'Use yyyy-MM-ddTHH:mm:ssZ in UTC.',
  },
  'InvalidTimeStamp.Expired': {
    status: 400,
    message: 'Specified time stamp or date value is expired.',
    advice: 'Set the clock of the client: at most 15 minutes from the time of this server.',
  },
  InvalidSignatureMethod: {
    status: 400,
    message: 'Specified signature method is not valid.',
    advice: 'Use HMAC-SHA1, HMAC-SHA256 or ACS3-HMAC-SHA256.',
  },
  InvalidSignatureVersion: {
    status: 400,
    message: 'Specified signature version is not valid.',
    advice: 'Use SignatureVersion 1.0, or the ACS3-HMAC-SHA256 headers.',
  },
  'InvalidSecurityToken.Malformed': {
    status: 400,
    message: 'Specified SecurityToken is malformed.',
    advice: 'Send the SecurityToken as `openecd key temporary` printed it.',
  },
  'InvalidSecurityToken.Expired': {
    status: 400,
    message: 'Specified SecurityToken is expired.',
    advice: 'Get new temporary credentials.',
  },
  'InvalidSecurityToken.MismatchWithAccessKey': {
    status: 400,
    message: 'Specified SecurityToken mismatch with the AccessKey.',
    advice: 'Use the AccessKeyId, the secret and the SecurityToken that were made together.',
  },
  NoPermission: {
    status: 403,
    message: 'You are not authorized to do this operation. Action: {action}.',
    advice: 'Ask an administrator of this server for the right.',
  },
  'Throttling.User': {
    status: 400,
    message: 'Request was denied due to user flow control.',
    advice: 'Wait and repeat the request.',
  },
  'Throttling.Api': {
    status: 400,
    message: 'Request was denied due to api flow control.',
    advice: 'Wait and repeat the request.',
  },
  ServiceUnavailable: {
    status: 503,
    message: 'The request has failed due to a temporary failure of the server.',
    advice: 'Wait and repeat the request.',
  },
  InternalError: {
    status: 500,
    message: 'The request processing has failed due to some unknown error, exception or failure.',
    advice: INTERNAL,
  },
} as const satisfies Record<string, CatalogueEntry>;
