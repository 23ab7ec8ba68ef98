/** `openecd version` */
import { readFileSync } from 'node:fs';
import { type Command, JSON_OPTION } from './command.ts';
import { printJson } from './output.ts';

/** This program's version. */
export function programVersion(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

export const version: Command = {
  options: { json: JSON_OPTION },
  async run(args, { stdout }) {
    const openecd = programVersion();
    if (args.flag('json')) printJson(stdout, { openecd, node: process.versions.node });
    else stdout.write(`openecd ${openecd} (Node ${process.versions.node})\n`);
    return 0;
  },
};
