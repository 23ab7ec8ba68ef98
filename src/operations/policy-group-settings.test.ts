import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { OPERATIONS } from './index.ts';
import { Bed } from './testing/bed.ts';

let bed: Bed;
beforeEach(() => {
  bed = new Bed();
});
afterEach(() => bed.close());

const create = async (parameters: object = {}): Promise<string> =>
  (await bed.call('CreatePolicyGroup', parameters)).PolicyGroupId;
const modify = (PolicyGroupId: string, parameters: object) =>
  bed.call('ModifyPolicyGroup', { PolicyGroupId, ...parameters });
const list = async (filter: object = {}) =>
  (await bed.call('DescribePolicyGroups', filter)).DescribePolicyGroups;

interface Shape {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly items?: Shape;
  readonly properties?: Readonly<Record<string, Shape>>;
}

/** A value of a schema: the last word of a choice, a number, a text; one item of a list. */
function sample(schema: Shape, name: string): unknown {
  if (schema.enum !== undefined) return schema.enum.at(-1);
  if (schema.type === 'array') return [sample(schema.items!, name)];
  if (schema.type === 'object') {
    const fields = Object.entries(schema.properties!);
    return Object.fromEntries(fields.map(([field, child]) => [field, sample(child, field)]));
  }
  return schema.type === 'string' ? `a ${name}` : 7;
}

/** How an answer names what a request names otherwise. */
const RENAMED: Readonly<Record<string, string>> = {
  PreemptLoginUser: 'PreemptLoginUsers',
  AuthorizeSecurityPolicyRule: 'AuthorizeSecurityPolicyRules',
  AuthorizeAccessPolicyRule: 'AuthorizeAccessPolicyRules',
  ClientType: 'ClientTypes',
};

const SETTABLE = Object.entries(OPERATIONS.get('CreatePolicyGroup')!.parameters.properties)
  .filter(([name]) => name !== 'RegionId')
  .map(([name, schema]) => [name, sample(schema as Shape, name)] as const);

function shown(name: string, value: unknown): unknown {
  if (name === 'DomainResolveRuleType') return String(value).toLowerCase();
  if (name !== 'AuthorizeSecurityPolicyRule') return value;
  return (value as { IpProtocol: string }[]).map((rule) => ({
    ...rule,
    IpProtocol: rule.IpProtocol.toLowerCase(),
  }));
}

describe('the settings of policy groups', () => {
  it('without settings makes a group that says what it does not know by leaving it out', async () => {
    const id = await create();
    expect(id).toMatch(/^pg-[a-z0-9]{17}$/);
    expect(await list()).toEqual([
      {
        PolicyGroupId: id,
        Name: id,
        PolicyStatus: 'AVAILABLE',
        PolicyGroupType: 'CUSTOM',
        Scope: 'GLOBAL',
        AuthorizeSecurityPolicyRules: [],
        AuthorizeAccessPolicyRules: [],
        EdsCount: 0,
        DesktopCount: 0,
        DesktopGroupCount: 0,
        ResourceGroupCount: 0,
        ResourceRegionId: 'cn-hangzhou',
      },
    ]);
    expect(await bed.catalogue.db.selectFrom('nonces').selectAll().execute()).toHaveLength(1);
    expect(SETTABLE.length).toBeGreaterThan(50);
  });

  it.each(SETTABLE)(
    '%s is kept and given back, and stays when something else changes',
    async (name, value) => {
      const field = RENAMED[name] ?? name;
      const made = await create({ [name]: value });
      const [first] = await list();
      expect(first[field]).toEqual(shown(name, value));
      await modify(made, { RecordingEndTime: '08:59:00' });
      expect(await list()).toEqual([{ ...first, RecordingEndTime: '08:59:00' }]);
      const later = await create();
      await modify(later, { [name]: value });
      expect((await list({ PolicyGroupId: [later] }))[0][field]).toEqual(shown(name, value));
    },
  );
});
