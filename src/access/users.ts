/**
 * Users, their policies, and what belongs to them, in the catalogue.
 *
 * Invariants: the Administrator is built in, has all rights whatever is attached, and cannot be deleted; names are
 * unique and case-sensitive; a policy that is attached cannot be deleted; a deleted user's keys go with them, in the
 * same transaction. Policies of type System are built in and never changed.
 */
import type { Selectable } from 'kysely';
import type { Queries, Trx } from '../catalogue/catalogue.ts';
import { ADMINISTRATOR } from '../catalogue/keys.ts';
import type { AccessPolicyTable, UserTable } from '../catalogue/schema-access.ts';
import { EcdError } from '../errors.ts';
import { type Clock, systemClock } from '../ids.ts';
import { parsePolicy } from './policy.ts';

const USER_NAME = /^[A-Za-z0-9._@-]{1,64}$/;
const POLICY_NAME = /^[A-Za-z0-9-]{1,128}$/;
const MOST_ATTACHED = 20;

export type UserRow = Selectable<UserTable>;
export type PolicyRow = Selectable<AccessPolicyTable>;

export interface UserInfo extends UserRow {
  readonly keys: number;
  readonly policies: readonly string[];
}

/** Throws Access.Refused when there is no such user. */
export async function requireUser(queries: Queries, name: string): Promise<void> {
  const row = await queries.selectFrom('users').select('name').where('name', '=', name).executeTakeFirst();
  if (row === undefined) throw refused(`There is no user ${name}`, '`openecd user list` shows the users.');
}

export async function createUser(
  trx: Trx,
  name: string,
  comments = '',
  clock: Clock = systemClock,
): Promise<void> {
  if (!USER_NAME.test(name))
    throw refused(`'${name}' is no name of a user`, 'Use 1 to 64 letters, digits, full stops, _, @ and -.');
  const made = await trx
    .insertInto('users')
    .values({ name, comments, created_at: clock() })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (made.numInsertedOrUpdatedRows !== 1n) throw refused(`There is a user ${name} already`, '');
}

/** Deletes a user with keys and attachments; gives the ids of the keys that went. */
export async function deleteUser(trx: Trx, name: string): Promise<string[]> {
  if (name === ADMINISTRATOR)
    throw refused(`${ADMINISTRATOR} is built in and stays`, 'Disable its keys if they are not needed.');
  await requireUser(trx, name);
  await trx.deleteFrom('access_attachments').where('user_name', '=', name).execute();
  await trx.deleteFrom('tickets').where('user_name', '=', name).execute();
  const keys = await trx.deleteFrom('access_keys').where('user_name', '=', name).returning('id').execute();
  await trx.deleteFrom('users').where('name', '=', name).execute();
  return keys.map((key) => key.id);
}

/** All users by name. */
export async function listUsers(queries: Queries): Promise<UserInfo[]> {
  const users = await queries.selectFrom('users').selectAll().orderBy('name').execute();
  const keys = await queries
    .selectFrom('access_keys')
    .select((of) => ['user_name', of.fn.countAll<number>().as('count')])
    .groupBy('user_name')
    .execute();
  const attached = await queries
    .selectFrom('access_attachments')
    .select(['user_name', 'policy_name'])
    .orderBy('policy_name')
    .execute();
  return users.map((user) => ({
    ...user,
    keys: Number(keys.find((one) => one.user_name === user.name)?.count ?? 0),
    policies: attached.filter((one) => one.user_name === user.name).map((one) => one.policy_name),
  }));
}

/** Stores a policy, or with `replace` a new text of it; says which. Throws AccessPolicy.Malformed, Access.Refused. */
export async function putPolicy(
  trx: Trx,
  policy: { readonly name: string; readonly document: string; readonly description?: string | undefined },
  options: { readonly replace?: boolean; readonly clock?: Clock } = {},
): Promise<'made' | 'replaced'> {
  const { name, document } = policy;
  if (!POLICY_NAME.test(name))
    throw refused(`'${name}' is no name of a policy`, 'Use 1 to 128 letters, digits and -.');
  parsePolicy(document);
  const now = (options.clock ?? systemClock)();
  const there = await findPolicy(trx, name);
  if (there === undefined) {
    const description = policy.description ?? '';
    await trx
      .insertInto('access_policies')
      .values({ name, type: 'Custom', document, description, created_at: now, updated_at: now })
      .execute();
    return 'made';
  }
  requireCustom(there);
  if (options.replace !== true)
    throw refused(`There is a policy ${name} already`, '--replace gives it a new text.');
  await trx
    .updateTable('access_policies')
    .set({ document, updated_at: now, description: policy.description ?? there.description })
    .where('name', '=', name)
    .execute();
  return 'replaced';
}

export async function findPolicy(queries: Queries, name: string): Promise<PolicyRow | undefined> {
  return await queries.selectFrom('access_policies').selectAll().where('name', '=', name).executeTakeFirst();
}

export async function requirePolicy(queries: Queries, name: string): Promise<PolicyRow> {
  const row = await findPolicy(queries, name);
  if (row === undefined)
    throw refused(`There is no policy ${name}`, '`openecd access-policy list` shows the policies.');
  return row;
}

/** All policies by name, with the number of users each is attached to. */
export async function listPolicies(queries: Queries): Promise<(PolicyRow & { users: number })[]> {
  const rows = await queries
    .selectFrom('access_policies as p')
    .selectAll('p')
    .select((of) =>
      of
        .selectFrom('access_attachments as a')
        .select((a) => a.fn.countAll<number>().as('count'))
        .whereRef('a.policy_name', '=', 'p.name')
        .as('users'),
    )
    .orderBy('p.name')
    .execute();
  return rows.map((row) => ({ ...row, users: Number(row.users ?? 0) }));
}

export async function deletePolicy(trx: Trx, name: string): Promise<void> {
  requireCustom(await requirePolicy(trx, name));
  const attached = await trx
    .selectFrom('access_attachments')
    .select('user_name')
    .where('policy_name', '=', name)
    .execute();
  if (attached.length > 0)
    throw refused(
      `${name} is attached to ${attached.map((one) => one.user_name).join(', ')}`,
      'Detach it first.',
    );
  await trx.deleteFrom('access_policies').where('name', '=', name).execute();
}

/** Attaching what is attached is no failure. */
export async function attachPolicy(
  trx: Trx,
  policyName: string,
  userName: string,
  clock: Clock = systemClock,
): Promise<void> {
  await requireUser(trx, userName);
  await requirePolicy(trx, policyName);
  await trx
    .insertInto('access_attachments')
    .values({ user_name: userName, policy_name: policyName, attached_at: clock() })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  if ((await documentsOf(trx, userName)).length > MOST_ATTACHED)
    throw refused(`${userName} has ${MOST_ATTACHED} policies already`, 'Join several into one.');
}

export async function detachPolicy(trx: Trx, policyName: string, userName: string): Promise<void> {
  const gone = await trx
    .deleteFrom('access_attachments')
    .where('user_name', '=', userName)
    .where('policy_name', '=', policyName)
    .executeTakeFirst();
  if (gone.numDeletedRows === 0n) throw refused(`${policyName} is not attached to ${userName}`, '');
}

/** The documents of all policies attached to a user; none for a user that is not there. */
export async function documentsOf(queries: Queries, userName: string): Promise<string[]> {
  const rows = await queries
    .selectFrom('access_attachments as a')
    .innerJoin('access_policies as p', 'p.name', 'a.policy_name')
    .select('p.document')
    .where('a.user_name', '=', userName)
    .execute();
  return rows.map((row) => row.document);
}

function requireCustom(policy: PolicyRow): void {
  if (policy.type === 'System') throw refused(`${policy.name} is built in`, 'Make one under another name.');
}

function refused(reason: string, remedy: string): EcdError {
  return new EcdError('Access.Refused', { reason, remedy });
}
