/** Codes of the command line and the data directory. */
import type { CatalogueEntry } from './entry.ts';

export const COMMAND_LINE_ERRORS = {
  'Cli.Usage': {
    status: 400,
    message: '{reason}',
    advice: '`{command} --help` shows how it is used.',
    internal: true,
  },
  'Cli.Refused': { status: 500, message: '{reason}', advice: '{remedy}', internal: true },
  'Call.Refused': {
    status: 500,
    message: '{code}: {message} (RequestId {requestId})',
    advice: '{recommend}',
    internal: true,
  },
  'Call.Unreachable': {
    status: 503,
    message: '{endpoint} cannot be reached: {reason}',
    advice:
      'Look whether the service runs there; --endpoint or ALIBABA_CLOUD_ENDPOINT names another address.',
    internal: true,
  },
  'DataDir.Unusable': {
    status: 500,
    message: 'The data directory {path} cannot be used: {reason}',
    advice: '{remedy}',
    internal: true,
  },
  'Secrets.Unusable': {
    status: 500,
    message: 'The secrets of the access keys cannot be read: {reason}',
    advice: '{remedy}',
    internal: true,
  },
  'AccessPolicy.Malformed': {
    status: 400,
    message: 'The access policy is wrong at {place}: {reason}',
    advice: 'docs/security.md shows the grammar.',
    internal: true,
  },
  'Access.Refused': { status: 409, message: '{reason}', advice: '{remedy}', internal: true },
  'Image.ImportFailed': {
    status: 500,
    message: 'The image {file} cannot be imported: {reason}',
    advice: '{remedy}',
    internal: true,
  },
} as const satisfies Record<string, CatalogueEntry>;
