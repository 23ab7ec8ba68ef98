/** `openecd audit export`: the audit log as JSON lines, oldest first, also while the service runs. */
import { readAudit } from '../catalogue/audit-rows.ts';
import { DataDir } from '../data-dir.ts';
import { type Command, DATA_OPTION, usage } from './command.ts';
import { withCatalogue } from './key.ts';

const INSTANT = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z)?$/;

export const auditExport: Command = {
  options: {
    data: DATA_OPTION,
    since: {
      type: 'string',
      value: 'TIME',
      help: 'from this time on: yyyy-MM-dd or yyyy-MM-ddTHH:mm:ssZ (UTC)',
    },
  },
  details: 'One JSON object a line: who, what, on what, when, from where, how it ended.',
  async run(args, { stdout, signal }) {
    const since = args.text('since');
    const from = since === undefined ? 0 : INSTANT.test(since) ? Date.parse(since) : Number.NaN;
    if (Number.isNaN(from))
      throw usage('audit export', `--since ${since} is no time like 2026-11-24T02:34:45Z`);
    const dir = DataDir.open(args.need('data'), { create: false });
    await withCatalogue(dir, async (catalogue) => {
      for await (const record of readAudit(catalogue.db, from)) {
        signal.throwIfAborted();
        stdout.write(`${JSON.stringify(record)}\n`);
      }
    });
    return 0;
  },
};
