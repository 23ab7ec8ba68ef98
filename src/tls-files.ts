/**
 * The server's certificate and its key: read from their files, and read again when these change.
 *
 * Invariants: what is served is always a whole, matching pair: while the files do not belong together (one is replaced
 * after the other) the pair before stays, and they are tried again; connections that are open go on. Files are looked at
 * by their content, so that links, renames and equal times make no difference.
 */
import { readFileSync } from 'node:fs';
import type { Server } from 'node:https';
import { createSecureContext } from 'node:tls';
import { describeError, EcdError } from './errors.ts';

const LOOK_MS = 1000;

export interface TlsFiles {
  /** Certificate chain and private key in PEM. */
  readonly certFile: string;
  readonly keyFile: string;
}

export interface TlsPair {
  readonly cert: string;
  readonly key: string;
}

/** Reads the pair. Throws Cli.Refused when a file is missing or wrong, or they do not belong together. */
export function readTls({ certFile, keyFile }: TlsFiles): TlsPair {
  const pair = { cert: readPem(certFile, 'CERTIFICATE'), key: readPem(keyFile, 'PRIVATE KEY') };
  try {
    createSecureContext(pair);
  } catch (error) {
    throw refused(`${certFile} and ${keyFile} do not work together`, error);
  }
  return pair;
}

/** Takes a new certificate whenever the files hold one; gives what ends it. */
export function watchTls(
  files: TlsFiles,
  server: Pick<Server, 'setSecureContext'>,
  log: { info(fields: object, message: string): void; warn(fields: object, message: string): void },
  everyMs = LOOK_MS,
): () => void {
  let served = contentOf(files);
  let complained = '';
  const timer = setInterval(() => {
    const found = contentOf(files);
    if (found === served || found === complained) return;
    try {
      server.setSecureContext(readTls(files));
      served = found;
      complained = '';
      log.info({ file: files.certFile }, 'serving a new certificate');
    } catch (error) {
      complained = found;
      log.warn({ error: describeError(error) }, 'the new certificate cannot be served; the old one stays');
    }
  }, everyMs);
  timer.unref();
  return () => clearInterval(timer);
}

/** Both files as one text; what is missing is empty. */
function contentOf({ certFile, keyFile }: TlsFiles): string {
  const read = (file: string) => {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return '';
    }
  };
  return `${read(certFile)}\0${read(keyFile)}`;
}

function readPem(file: string, kind: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw refused(`${file} cannot be read`, error);
  }
  if (!new RegExp(`-----BEGIN [A-Z ]*${kind}-----`).test(text))
    throw refused(`${file} holds no ${kind} in PEM`);
  return text;
}

function refused(reason: string, cause?: unknown): EcdError {
  return new EcdError(
    'Cli.Refused',
    { reason, remedy: '`openecd tls init` makes a certificate and its key.' },
    cause,
  );
}
