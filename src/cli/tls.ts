/**
 * `openecd tls init`: a private certificate authority and one server certificate, by the openssl program (Node can sign
 * but not make X.509).
 *
 * Invariants: nothing that is there is overwritten; keys are never readable by others, not even for a moment; either all
 * four files appear or none.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { EcdError } from '../errors.ts';
import { runProgram } from '../qemu/run-program.ts';
import { type Command, JSON_OPTION, usage } from './command.ts';
import { printJson } from './output.ts';

const FILES = ['ca.pem', 'ca-key.pem', 'server.pem', 'server-key.pem'] as const;
const CA_DAYS = 3650;
/** Longer ones are refused by some clients. */
const SERVER_DAYS = 825;

export const tlsInit: Command = {
  options: {
    out: { type: 'string', required: true, value: 'DIR', help: 'where the files go' },
    host: {
      type: 'string',
      multiple: true,
      value: 'NAME',
      help: 'a name or address clients use; localhost, 127.0.0.1, ::1 and this host are always in',
    },
    json: JSON_OPTION,
  },
  async run(args, { stdout, signal }) {
    const hosts = [...new Set(['localhost', '127.0.0.1', '::1', hostname(), ...args.list('host')])];
    for (const host of hosts)
      if (isIP(host) === 0 && !/^(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(host))
        throw usage('tls init', `--host ${host} is neither a name nor an address`);
    const out = resolve(args.need('out'));
    await makeCertificates(out, hosts, signal);
    const paths = Object.fromEntries(FILES.map((name) => [name, join(out, name)])) as Record<
      (typeof FILES)[number],
      string
    >;
    if (args.flag('json')) {
      printJson(stdout, {
        ca: paths['ca.pem'],
        caKey: paths['ca-key.pem'],
        certificate: paths['server.pem'],
        key: paths['server-key.pem'],
        hosts,
      });
      return 0;
    }
    stdout.write(
      explanation(paths['ca.pem'], paths['ca-key.pem'], paths['server.pem'], paths['server-key.pem'], hosts),
    );
    return 0;
  },
};

/** Makes the four files in `out`, the certificate for `hosts`. Throws Cli.Refused. */
export async function makeCertificates(
  out: string,
  hosts: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  mkdirSync(out, { recursive: true, mode: 0o700 });
  const there = FILES.find((name) => existsSync(join(out, name)));
  if (there !== undefined)
    throw new EcdError('Cli.Refused', {
      reason: `${join(out, there)} is there already`,
      remedy:
        'Name another directory, or move the old files away: clients that trust the old authority will not trust a new one.',
    });
  const work = mkdtempSync(join(out, '.making-'));
  try {
    const at = (name: string) => join(work, name);
    for (const name of ['ca-key.pem', 'server-key.pem']) {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      writeFileSync(at(name), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    }
    const names = hosts.map((host) => `${isIP(host) ? 'IP' : 'DNS'}:${host}`).join(',');
    writeFileSync(
      at('ca.cnf'),
      configuration('OpenECD private CA', [
        'basicConstraints=critical,CA:TRUE,pathlen:0',
        'keyUsage=critical,keyCertSign,cRLSign',
        'subjectKeyIdentifier=hash',
      ]),
    );
    writeFileSync(
      at('server.cnf'),
      configuration('OpenECD', [
        'basicConstraints=critical,CA:FALSE',
        'keyUsage=critical,digitalSignature',
        'extendedKeyUsage=serverAuth',
        `subjectAltName=${names}`,
        'subjectKeyIdentifier=hash',
      ]),
    );
    const serial = () => `0x${randomBytes(15).toString('hex')}`;
    const openssl = (...args: string[]) => runOpenssl(args, signal);
    await openssl(
      'req',
      '-x509',
      '-new',
      '-config',
      at('ca.cnf'),
      '-extensions',
      'ext',
      '-key',
      at('ca-key.pem'),
      '-days',
      String(CA_DAYS),
      '-sha256',
      '-set_serial',
      serial(),
      '-out',
      at('ca.pem'),
    );
    await openssl(
      'req',
      '-new',
      '-config',
      at('server.cnf'),
      '-key',
      at('server-key.pem'),
      '-out',
      at('server.csr'),
    );
    await openssl(
      'x509',
      '-req',
      '-in',
      at('server.csr'),
      '-CA',
      at('ca.pem'),
      '-CAkey',
      at('ca-key.pem'),
      '-set_serial',
      serial(),
      '-days',
      String(SERVER_DAYS),
      '-sha256',
      '-extfile',
      at('server.cnf'),
      '-extensions',
      'ext',
      '-out',
      at('server.pem'),
    );
    writeFileSync(
      at('server.pem'),
      readFileSync(at('server.pem'), 'utf8') + readFileSync(at('ca.pem'), 'utf8'),
    );
    for (const name of FILES) chmodSync(at(name), name.endsWith('-key.pem') ? 0o600 : 0o644);
    for (const name of FILES) renameSync(at(name), join(out, name));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

function configuration(name: string, extensions: readonly string[]): string {
  return `[req]\nprompt=no\ndistinguished_name=dn\n[dn]\nCN=${name}\n[ext]\n${extensions.join('\n')}\n`;
}

async function runOpenssl(args: readonly string[], signal: AbortSignal): Promise<void> {
  let result: Awaited<ReturnType<typeof runProgram>>;
  try {
    result = await runProgram({ program: 'openssl', args, signal });
  } catch (error) {
    if (!EcdError.is(error, 'Qemu.StartFailed')) throw error;
    throw new EcdError(
      'Cli.Refused',
      { reason: 'The program openssl is not installed', remedy: 'Install it: apt-get install openssl.' },
      error,
    );
  }
  if (result.exitCode !== 0)
    throw new EcdError('Cli.Refused', {
      reason: `openssl ${args[0]} failed: ${result.stderr.trim().split('\n').at(-1)}`,
      remedy: 'Look at the version of openssl (1.1.1 or newer is needed).',
    });
}

function explanation(ca: string, caKey: string, cert: string, key: string, hosts: readonly string[]): string {
  return `Made for ${hosts.join(', ')}:
  ${ca}  the authority: give it to clients
  ${caKey}  its key: keep it secret, best elsewhere
  ${cert}  the server's certificate
  ${key}  its key

Run the service with it:
  openecd serve --data DIR --tls-cert ${cert} --tls-key ${key}

How clients trust it:
  curl                     curl --cacert ${ca} https://...
  Node.js                  NODE_EXTRA_CA_CERTS=${ca}
  Python                   REQUESTS_CA_BUNDLE=${ca}
  Go (CLI, Terraform)      SSL_CERT_FILE=${ca}
  the whole machine        cp ${ca} /usr/local/share/ca-certificates/openecd.crt && update-ca-certificates
`;
}
