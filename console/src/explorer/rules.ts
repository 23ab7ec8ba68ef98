/** The rules of a parameter in words, and an example of it. */
import type { Parameter } from '../described.ts';
import type { Say } from '../preferences.tsx';
import { kindOf } from './wire-parameters.ts';

/** As sentences, in the order in which one needs them. */
export function rulesOf(parameter: Parameter, say: Say): string[] {
  const { schema } = parameter;
  const rules: string[] = [];
  const kind = kindOf(parameter);
  const fields = Object.keys((schema.items ?? schema).properties ?? {}).join(', ');
  if (kind === 'lines')
    rules.push(
      schema.maxItems === undefined ? say('listRuleOpen') : say('listRule', { max: schema.maxItems }),
    );
  if (kind === 'json-list') rules.push(say('jsonListRule', { fields }));
  if (kind === 'json-object') rules.push(say('jsonObjectRule', { fields }));
  const one = kind === 'lines' ? (schema.items ?? schema) : schema;
  if (one.enum !== undefined) rules.push(say('oneOf', { list: one.enum.join(', ') }));
  if (one.maxLength !== undefined && !schema.description?.includes(`${one.maxLength} characters`))
    rules.push(
      one.minLength === undefined
        ? say('longest', { max: one.maxLength })
        : say('lengthRule', { min: one.minLength, max: one.maxLength }),
    );
  if (one.minimum !== undefined || one.maximum !== undefined)
    rules.push(say('rangeRule', { min: one.minimum ?? '…', max: one.maximum ?? '…' }));
  if (one.pattern !== undefined) rules.push(say('patternRule', { pattern: one.pattern }));
  if (schema.default !== undefined) rules.push(say('defaultRule', { value: schema.default }));
  return rules;
}

const EXAMPLES: Readonly<Record<string, string>> = {
  Amount: '1',
  BundleId: 'b-je9hani001wfn****',
  BundleName: 'office',
  CommandContent: 'uname -a',
  CronExpression: '0 0 2 ? * 1-7',
  Description: 'before the update',
  DesktopId: 'ecd-7w78ozhjcwa3u****',
  DesktopName: 'reading-room-1',
  EndTime: '2026-11-24T23:59:59Z',
  EventRequestId: '1CBAFFAB-B697-4049-A9B1-67E1FC5F****',
  ImageId: 'm-4zfb6zj728hhr****',
  ImageName: 'office-2026',
  InvokeId: 't-hz0jdfwcsr****',
  Name: 'office',
  NewDesktopName: 'reading-room-1',
  OfficeSiteId: 'cn-hangzhou+os-c5cy7q578s8jc****',
  OfficeSiteName: 'office',
  PolicyGroupId: 'pg-gx2x1dhsmthe9****',
  PolicyId: 'sp-2zeipxmnhej803x7****',
  PolicyName: 'nightly',
  RetentionDays: '7',
  SnapshotId: 's-2zeipxmnhej803x7****',
  SnapshotName: 'before-update',
  StartTime: '2026-11-24T00:00:00Z',
};

/** Something that could stand there; '' if nothing helps. */
export function exampleOf(parameter: Parameter, regionId: string): string {
  const { name, schema } = parameter;
  if (name === 'RegionId') return regionId;
  const kind = kindOf(parameter);
  if (kind === 'json-list' || kind === 'json-object') {
    const fields = Object.entries((schema.items ?? schema).properties ?? {});
    const sample = Object.fromEntries(fields.slice(0, 3).map(([key, one]) => [key, one.enum?.[0] ?? '…']));
    return JSON.stringify(kind === 'json-list' ? [sample] : sample);
  }
  const one = kind === 'lines' ? (schema.items ?? schema) : schema;
  return EXAMPLES[name] ?? one.enum?.[0] ?? schema.default ?? one.minimum ?? '';
}
