/**
 * Every secret that the tests of this process have made or used, and the search for them in what a service leaves.
 *
 * Invariants: secrets are noted where they come to be (keys, SecurityTokens and tickets as they are handed out, tokens and
 * TLS keys as they are set, passwords and scripts as they are sent), so that no test has to think of it; each is looked
 * for as it is, in Base64 and hex, percent-encoded and as a text of JSON; a place that should be there and cannot be read
 * is a failure.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A script is kept by the service on purpose, in its catalogue: it may be nowhere else. */
type Kind = 'secret' | 'script';

/** Shorter ones, like the wrong secret `x`, stand everywhere by chance. */
const SHORTEST = 12;
const LINK = /#link=([A-Za-z0-9%]{20,})/g;
const IN_OUTPUT = /(AccessKeySecret|SecurityToken|Ticket)[":\s]{1,20}([A-Za-z0-9+/]{20,}=*)/g;
/** Files of the data directory that hold secrets on purpose, closed to others. */
const ON_PURPOSE = new Set(['secret.key', 'admin-key.json']);

const noted = new Map<string, { readonly what: string; readonly kind: Kind }>();

/** Notes a secret; `what` is its kind in words, for the failure. */
export function noteSecret(what: string, text: string | undefined, kind: Kind = 'secret'): void {
  if (text !== undefined && text.length >= SHORTEST && !noted.has(text)) noted.set(text, { what, kind });
}

/** Notes what a key is made of. */
export function noteKey(key: { readonly accessKeySecret: string; readonly securityToken?: string }): void {
  noteSecret('AccessKeySecret', key.accessKeySecret);
  noteSecret('SecurityToken', key.securityToken);
}

/** Notes secret.key by the hex that its file holds. */
export function noteKeyFile(hex: string): void {
  const bytes = Buffer.from(hex, 'hex');
  for (const form of [hex, hex.toUpperCase(), bytes.toString('base64url'), bytes.toString('latin1')])
    noteSecret('secret.key', form);
  noteSecret('secret.key', bytes.toString('base64').replace(/=+$/, ''));
}

/** Notes the secrets that a command has printed, or that an answer holds. */
export function notePrinted(output: string): void {
  for (const [, what, text] of output.matchAll(IN_OUTPUT)) noteSecret(what!, text);
  for (const [, token] of output.matchAll(LINK)) noteSecret('sign-in link', decodeURIComponent(token!));
}

/** Notes what of a request or an answer is secret. */
export function noteExchange(parameters: Readonly<Record<string, unknown>>, ticket: unknown): void {
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  noteSecret('Password', text(parameters['Password']));
  noteSecret('CommandContent', text(parameters['CommandContent']), 'script');
  noteSecret('Ticket', text(ticket));
}

/** Notes the lines of a private key in PEM. */
export function notePem(pem: string): void {
  for (const line of pem.split('\n')) if (!line.startsWith('-----')) noteSecret('TLS key', line.trim());
}

/** A text that must hold no secret, by its name. */
export type Place = readonly [name: string, text: string];

/** What stands where it must not, as `WHAT in PLACE`, without the secret itself. */
export function findLeaks(places: Iterable<Place>): string[] {
  const leaks = new Set<string>();
  for (const [name, text] of places)
    for (const [secret, { what, kind }] of noted) {
      if (kind === 'script' && /catalogue/.test(name)) continue;
      if (formsOf(secret).some((form) => text.includes(form))) leaks.add(`${what} in ${name}`);
    }
  return [...leaks];
}

function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  // As latin1, which is how files are read here.
  const plain = [bytes.toString('latin1'), secret];
  const json = plain.map((text) => JSON.stringify(text).slice(1, -1));
  const form = new URLSearchParams([['', secret]]).toString().slice(1);
  const coded = [bytes.toString('base64'), bytes.toString('hex'), encodeURIComponent(secret), form];
  return [...new Set([...plain, ...json, ...coded])];
}

/**
 * The files of a data directory and its vault that are looked through: all but disks, images, packs and what holds
 * secrets on purpose.
 */
export async function placesOf(data: string, vault = join(data, 'vault')): Promise<Place[]> {
  const files = (await readdir(data, { withFileTypes: true }))
    .filter((entry) => entry.isFile() && !ON_PURPOSE.has(entry.name))
    .map((entry) => join(data, entry.name));
  files.push(join(vault, 'vault.json'));
  const all = [placesBelow(join(data, 'run')), placesBelow(join(vault, 'snapshots')), read(files)];
  return (await Promise.all(all)).flat();
}

/** All files of a folder and its folders. */
export async function placesBelow(folder: string): Promise<Place[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return await read(files.map((entry) => join(entry.parentPath, entry.name)));
}

function read(files: readonly string[]): Promise<Place[]> {
  return Promise.all(files.map(async (file): Promise<Place> => [file, await readFile(file, 'latin1')]));
}

/** Command line and environment of processes; those that have ended meanwhile are left out. */
export async function placesOfProcesses(pids: readonly number[]): Promise<Place[]> {
  const places: Place[] = [];
  for (const pid of pids)
    for (const what of ['cmdline', 'environ']) {
      const text = await readFile(`/proc/${pid}/${what}`, 'latin1').catch(() => '');
      places.push([`the ${what} of process ${pid}`, text]);
    }
  return places;
}
