/** Codes about the form of a request, its signature and its caller: what a gateway checks. */
import type { CatalogueEntry } from './entry.ts';

const INTERNAL = 'Look in the log of the service under the RequestId.';

export const REQUEST_ERRORS = {
  MissingParameter: {
    status: 400,
    message: '{parameter} is mandatory for this action.',
    advice: 'Send the parameter {parameter}.',
    causes:
      'The request does not hold the parameter, or holds it empty; or its name is misspelt: names are taken letter by letter.',
  },
  InvalidParameter: {
    status: 400,
    message: 'Specified parameter {parameter} is not valid.{reason}',
    advice: 'Correct the parameter {parameter}.',
    causes:
      'The value is not of the type, the range or the words that the operation takes, or asks for what this server cannot do.',
  },
  'InvalidParameter.Format': {
    status: 400,
    message: 'Specified parameter format is not valid.',
    advice: 'Format is JSON or XML.',
    causes: 'Format is something else than JSON or XML.',
  },
  'InvalidParameter.Duplicate': {
    status: 400,
    message: 'Specified parameter {parameter} stands twice with different values.',
    advice: 'Send each parameter once, in the query or in the form.',
    causes:
      'The same name stands in the query and in the form, or twice in one of them, with different values.',
  },
  'InvalidParameter.Encoding': {
    status: 400,
    message: 'The request is not well formed: {reason}.',
    advice:
      'Send parameters as UTF-8, percent-encoded, in the query or in an application/x-www-form-urlencoded body.',
    causes:
      'A percent sign without two digits behind it, bytes that are not UTF-8, a body of another type, or one that is compressed.',
  },
  TooManyParameters: {
    status: 400,
    message: 'The request has more than {limit} parameters.',
    advice: 'Send fewer list items in one request.',
    causes: 'Every item of a list is a parameter; the lists of this request are too long together.',
  },
  RequestTooLarge: {
    status: 413,
    message: 'The request body is larger than {limit} bytes.',
    advice: 'Send fewer or shorter parameters.',
    causes: 'A long command or very long lists, or a client that sends something else than parameters.',
  },
  InvalidVersion: {
    status: 400,
    message: 'Specified parameter Version is not valid.',
    advice: 'Use Version 2020-09-30.',
    causes: 'The client was made for another product or another version of it.',
  },
  'InvalidAction.NotFound': {
    status: 404,
    message: 'Specified api is not found, please check your url and method.',
    advice: 'The operation does not exist or is not offered by this server.',
    causes: 'The name is misspelt, or the address is not the root of this server.',
  },
  UnsupportedOperation: {
    status: 403,
    message: 'The operation {action} of the public service is not offered by this server.',
    advice: 'docs/differences.md lists what this server offers and how it differs.',
    causes: 'The public service has the operation, this server does not.',
  },
  UnsupportedHTTPMethod: {
    status: 400,
    message: 'This http method is not supported.',
    advice: 'Use GET or POST.',
    causes: 'The client sent PUT, DELETE or the like.',
  },
  'InvalidProtocol.NeedSsl': {
    status: 400,
    message: 'Your request is denied as lack of ssl protect.',
    advice: 'Use https.',
    causes:
      'The request came over plain HTTP: the setting requireTls is on, or a secret was asked for from another machine.',
  },
  MissingAccessKeyId: {
    status: 400,
    message: 'AccessKeyId is mandatory for this action.',
    advice: 'Sign the request with an access key; `openecd key create` makes one.',
    causes: 'The client has no key: its environment or its settings file is not read.',
  },
  MissingSignature: {
    status: 400,
    message: 'Signature is mandatory for this action.',
    advice: 'Sign the request.',
    causes: 'The request was made by hand, or a proxy has removed the Authorization header.',
  },
  'InvalidAccessKeyId.NotFound': {
    status: 404,
    message: 'Specified access key is not found.',
    advice: 'Check the AccessKeyId; `openecd key list` shows the keys of this server.',
    causes: 'The key belongs to another server or was deleted, or temporary credentials ended long ago.',
  },
  'InvalidAccessKeyId.Inactive': {
    status: 400,
    message: 'Specified access key is disabled.',
    advice: 'Enable the key or use another one.',
    causes: 'An administrator has disabled the key, by rotating it for example.',
  },
  SignatureDoesNotMatch: {
    status: 400,
    message: '{detail}',
    advice:
      'Compare the string to sign in the message with the one your client signed. If they are equal, the secret is wrong.',
    causes:
      'The secret is wrong or has blanks around it; the client signs other bytes than it sends; or a proxy has changed the Host header or the query.',
  },
  IncompleteSignature: {
    status: 400,
    message: 'The request signature does not conform to Aliyun standards.{reason}',
    advice: 'Check the Authorization header or the signature parameters.',
    causes:
      'The Authorization header lacks a part, signs too few headers, or names an algorithm that is not known.',
  },
  SignatureNonceUsed: {
    status: 400,
    message: 'Specified signature nonce was used already.',
    advice: 'Use a new random SignatureNonce for each request, also when repeating one.',
    causes:
      'The same signed request was sent twice: by a retry that does not sign anew, or by somebody who has listened.',
  },
  'InvalidTimeStamp.Format': {
    status: 400,
    message: 'Specified time stamp or date value is not well formatted.',
    advice: 'Use yyyy-MM-ddTHH:mm:ssZ in UTC.',
    causes: 'The time has another form, a time zone, or fractions of seconds.',
  },
  'InvalidTimeStamp.Expired': {
    status: 400,
    message: 'Specified time stamp or date value is expired.',
    advice: 'Set the clock of the client: at most 15 minutes from the time of this server.',
    causes: 'The clock of the client or of this server is wrong, or the request waited on its way.',
  },
  InvalidSignatureMethod: {
    status: 400,
    message: 'Specified signature method is not valid.',
    advice: 'Use HMAC-SHA1, HMAC-SHA256 or ACS3-HMAC-SHA256.',
    causes: 'The client signs by a method that is not offered here, by a private key for example.',
  },
  InvalidSignatureVersion: {
    status: 400,
    message: 'Specified signature version is not valid.',
    advice: 'Use SignatureVersion 1.0, or the ACS3-HMAC-SHA256 headers.',
    causes: 'SignatureVersion is something else than 1.0.',
  },
  'InvalidSecurityToken.Malformed': {
    status: 400,
    message: 'Specified SecurityToken is malformed.',
    advice: 'Send the SecurityToken as `openecd key temporary` printed it.',
    causes:
      'The token was cut, changed on its way, or is not of this server; or a plus sign in it was not encoded.',
  },
  'InvalidSecurityToken.Expired': {
    status: 400,
    message: 'Specified SecurityToken is expired.',
    advice: 'Get new temporary credentials.',
    causes: 'The time for which the credentials were made is over.',
  },
  'InvalidSecurityToken.MismatchWithAccessKey': {
    status: 400,
    message: 'Specified SecurityToken mismatch with the AccessKey.',
    advice: 'Use the AccessKeyId, the secret and the SecurityToken that were made together.',
    causes:
      'Key and token were made at different times, or the token is missing; or a key that is not temporary was sent with a token.',
  },
  NoPermission: {
    status: 403,
    message: 'You are not authorized to do this operation. Action: {action}.',
    advice: 'Ask an administrator of this server for the right.',
    causes:
      'No policy of the user allows this operation on all that it names, one denies it, or temporary credentials narrow the rights.',
  },
  'Throttling.User': {
    status: 400,
    message: 'Request was denied due to user flow control.',
    advice: 'Wait and repeat the request.',
    causes: 'This key has sent more requests a second than the setting limits.userPerSecond allows.',
  },
  'Throttling.Api': {
    status: 400,
    message: 'Request was denied due to api flow control.',
    advice: 'Wait and repeat the request.',
    causes:
      'All keys together have sent this operation more often a second than the setting limits.apiPerSecond allows.',
  },
  'OperationDenied.SignInLinkInvalid': {
    status: 403,
    message: 'The sign-in link is unknown, has expired or was used already.',
    advice: 'Make a new one on the server with `openecd console link`; it works once, for 10 minutes.',
    causes:
      'The link was opened before, by a reload too; it is older than its 10 minutes; or it was cut when it was copied.',
  },
  'OperationDenied.ForeignOrigin': {
    status: 403,
    message: 'Pages of other origins may not do this.',
    advice: 'Open the console of this server itself; behind a proxy, set publicUrl.',
    causes: 'A page of another address has sent it, or a proxy has changed the Host header.',
  },
  ServiceUnavailable: {
    status: 503,
    message: 'The request has failed due to a temporary failure of the server.',
    advice: 'Wait and repeat the request.',
    causes: 'The database, the vault, a disk or QEMU could not be reached in time.',
  },
  InternalError: {
    status: 500,
    message: 'The request processing has failed due to some unknown error, exception or failure.',
    advice: INTERNAL,
    causes: 'A fault of this server, or of what it stands on. Its log names it.',
  },
} as const satisfies Record<string, CatalogueEntry>;
