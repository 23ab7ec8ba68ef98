/** Signed calls to an access door, for tests. */
import type { Key } from '../../../acceptance/support/sdk.ts';
import { signByParameters } from '../../../acceptance/support/signer.ts';
import type { NewKey } from '../../catalogue/keys.ts';

export const keyOf = (key: NewKey): Key => ({
  accessKeyId: key.AccessKeyId,
  accessKeySecret: key.AccessKeySecret,
});

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** `OK`, or the code of the refusal. */
  readonly code: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape.
  readonly body: any;
}

/** Sends one operation signed by parameters, in JSON. */
export async function callAt(
  host: string,
  key: NewKey,
  action: string,
  parameters: Record<string, string> = {},
): Promise<Answered> {
  const request = signByParameters(
    keyOf(key),
    action,
    { RegionId: 'cn-hangzhou', ...parameters },
    {
      method: 'GET',
      format: 'JSON',
    },
  );
  const answer = await fetch(`http://${host}${request.target}`, { headers: request.headers });
  const text = await answer.text();
  const body = JSON.parse(text) as Record<string, unknown>;
  return { status: answer.status, headers: answer.headers, text, code: String(body['Code'] ?? 'OK'), body };
}

export const onDesktop = (id: string, Action: string | string[] = 'ecd:*', Effect = 'Allow') => ({
  Effect,
  Action,
  Resource: `acs:ecd:*:*:desktop/${id}`,
});
export const SNAPSHOT = { SnapshotName: 'before', SourceDiskType: 'system' };
