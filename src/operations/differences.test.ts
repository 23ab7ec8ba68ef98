import { describe, expect, it } from 'vitest';
import { BEHAVIOUR, SCHEMA_DIFFERENCES } from './differences.ts';
import { EXTENSIONS } from './extensions.ts';
import { OPERATIONS } from './index.ts';
import { compare, type Found, published } from './testing/compare.ts';

const ofThePublic = [...OPERATIONS.values()].filter(({ name }) => !(name in EXTENSIONS));
const found = compare(ofThePublic);
const named = SCHEMA_DIFFERENCES.flatMap(({ at, names, why }) =>
  (names ?? ['']).map((name) => ({ where: name === '' ? at : `${at}.${name}`, why })),
);

/** docs/differences.md. */
function page(): string {
  const cell = (text: string | undefined) =>
    text === undefined ? '-' : `\`${text.replaceAll('|', '\\|').replaceAll(',', ', ')}\``;
  const why = new Map(named.map((entry) => [entry.where, entry.why]));
  const row = ({ where, there, here }: Found) =>
    `| \`${where}\` | ${cell(there)} | ${cell(here)} | ${why.get(where) ?? ''} |`;
  const part = ([title, lines]: [string, readonly string[]]) =>
    `### ${title}\n\n${lines.map((line) => `- ${line}`).join('\n')}\n`;
  return `# Differences from the public service

Made from \`src/operations/differences.ts\`, which a test compares with the published metadata of the operations
(\`src/operations/fixtures/ecd-operations.json\`). After a change: \`npx vitest run -u src/operations/differences.test.ts\`.

## What operations do

${Object.entries(BEHAVIOUR).map(part).join('\n')}
## Operations that the public service does not have

${Object.entries(EXTENSIONS)
  .map(([name, lines]) => part([name, [OPERATIONS.get(name)!.summary, ...lines]]))
  .join('\n')}
## Names, types and limits

| where | published | here | why |
|---|---|---|---|
${found.map(row).join('\n')}
`;
}

describe('the operations beside the published metadata', () => {
  it('are the same ones', () => {
    expect(ofThePublic.map(({ name }) => name).sort()).toEqual(Object.keys(published().operations).sort());
  });

  it('have beside them only what is listed, which reads and changes nothing', () => {
    for (const name of Object.keys(EXTENSIONS)) expect(OPERATIONS.get(name)?.kind).toBe('read');
  });

  it('differ in nothing that the list does not name', () => {
    const known = new Set(named.map((entry) => entry.where));
    expect(found.filter((difference) => !known.has(difference.where))).toEqual([]);
  });

  it('differ in all that the list names', () => {
    const real = new Set(found.map((difference) => difference.where));
    expect(named.filter((entry) => !real.has(entry.where))).toEqual([]);
  });

  it('have their differences written down for users', async () => {
    await expect(page()).toMatchFileSnapshot('../../docs/differences.md');
  });
});

describe('the comparison', () => {
  it('sees what is missing, added, and changed in words and lists', () => {
    const [create] = [OPERATIONS.get('CreateSnapshot')!];
    const { SnapshotName, ...others } = create.parameters.properties;
    const parameters = {
      ...create.parameters,
      required: ['RegionId'],
      properties: { ...others, Extra: { type: 'array', items: { type: 'string' } } },
    };
    const changed = compare([{ ...create, parameters } as never]);
    const of = (name: string) =>
      changed.filter((d) => d.where.startsWith(`CreateSnapshot.parameters.${name}`));
    expect(of('SnapshotName')).toEqual([
      { where: 'CreateSnapshot.parameters.SnapshotName', there: 'string', here: undefined },
    ]);
    expect(of('Extra')).toMatchObject([{ there: undefined, here: 'array' }]);
    expect(of('DesktopId')).toEqual([
      { where: 'CreateSnapshot.parameters.DesktopId.required', there: 'true', here: undefined },
    ]);
    expect(changed.some((d) => d.where === 'DeleteSnapshot.parameters.SnapshotId')).toBe(true);
  });
});
