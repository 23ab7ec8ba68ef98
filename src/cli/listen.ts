/** Addresses as the command line takes them: `127.0.0.1:8787`, `[::1]:0`, `localhost:80`. */
import { usage } from './command.ts';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** Reads `HOST:PORT`. Throws Cli.Usage. */
export function parseListen(text: string): ListenAddress {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535)
    throw usage('serve', `--listen ${text} is no HOST:PORT (an IPv6 address stands in brackets: [::1]:8787)`);
  return { host: (match[1] ?? match[2])!, port };
}

/** True for an address that only this machine reaches. */
export function isLoopback({ host }: ListenAddress): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}
