/**
 * Sealing of the access keys' secrets: what lies in the catalogue is of no use without the key file beside it.
 *
 * Format of a sealed secret: `v1.` and base64url of nonce (12 bytes), tag (16), ciphertext; AES-256-GCM, with the
 * access key's id as associated data, so that a sealed secret moved to another row does not open.
 * Invariants: the key file holds 32 random bytes as hex, mode 0600, and is made once: of several processes that make
 * it at the same time all end with the same key; a lost key file is never replaced behind the administrator's back.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { EcdError } from '../errors.ts';

const PREFIX = 'v1.';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_SHAPE = /^[0-9a-f]{64}\n?$/;

export class SecretBox {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
  }

  /** The text to store for `secret` of access key `id`. */
  seal(id: string, secret: string): string {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.from(id));
    const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return PREFIX + Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64url');
  }

  /** The secret again. Throws Secrets.Unusable when the text, the id or the key file is not the one it was sealed with. */
  open(id: string, sealed: string): string {
    const bytes = Buffer.from(sealed.slice(PREFIX.length), 'base64url');
    if (!sealed.startsWith(PREFIX) || bytes.length < NONCE_BYTES + TAG_BYTES)
      throw unusable(`the row of ${id} is damaged`, 'Make a new key: openecd key create.');
    const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(id));
    decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    try {
      const text = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
      return Buffer.concat([text, decipher.final()]).toString('utf8');
    } catch (error) {
      throw unusable(
        `${id} was sealed with another key file, or its row was changed`,
        'Put back the secret.key that belongs to this catalogue, or make new keys: openecd key create.',
        error,
      );
    }
  }
}

/**
 * Reads the key file; with `create` it is made when it is missing. Throws Secrets.Unusable when it is missing, malformed
 * or open to other users.
 */
export function openSecrets(file: string, options: { readonly create: boolean }): SecretBox {
  let text = readKeyFile(file);
  if (text === null && options.create) {
    makeKeyFile(file);
    text = readKeyFile(file);
  }
  if (text === null)
    throw unusable(
      `${file} is missing`,
      'Put it back from a backup; without it the old keys are lost: move the rows of access_keys away and make new ones.',
    );
  if (!KEY_SHAPE.test(text)) throw unusable(`${file} is damaged`, 'Put it back from a backup.');
  return new SecretBox(Buffer.from(text.trim(), 'hex'));
}

function readKeyFile(file: string): string | null {
  try {
    if ((statSync(file).mode & 0o077) !== 0)
      throw unusable(`${file} is open to other users`, `Close it (chmod 600 ${file}) and make new keys.`);
    return readFileSync(file, 'latin1');
  } catch (error) {
    if (error instanceof EcdError) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unusable(`${file} cannot be read`, 'Run the command as the user the service runs as.', error);
  }
}

/** A whole, synced file under a name of its own, then linked: the name is never seen with half a key. */
function makeKeyFile(file: string): void {
  const draft = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`;
  try {
    const fd = openSync(draft, 'wx', 0o600);
    try {
      writeSync(fd, `${randomBytes(32).toString('hex')}\n`);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    try {
      linkSync(draft, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      unlinkSync(draft);
    }
    const directory = openSync(dirname(file), 'r');
    fsyncSync(directory);
    closeSync(directory);
  } catch (error) {
    throw unusable(
      `${file} cannot be made`,
      'Look at the permissions and the free space of the data directory.',
      error,
    );
  }
}

function unusable(reason: string, remedy: string, cause?: unknown): EcdError {
  return new EcdError('Secrets.Unusable', { reason, remedy }, cause);
}
