/**
 * What policies say of a request.
 *
 * Invariants: pure; an explicit Deny wins over every Allow, and no statement means no; every resource of the request
 * must be allowed; of what is shown beside them nothing must be denied. A resource that ends in `*` (a listing) is allowed
 * only by a statement that takes all of it, and is denied by one that takes any of it: a listing never shows what is denied.
 */
import { type Circumstances, holds } from './conditions.ts';
import { covers, touches } from './glob.ts';
import type { Policy, ResourcePattern, Statement } from './policy.ts';

export interface AccessRequest extends Circumstances {
  /** `CreateSnapshot` */
  readonly operation: string;
  readonly regionId: string;
  readonly accountId: string;
  /** `desktop/ID`, `desktop/*`, `*`. */
  readonly resources: readonly string[];
  /** What is shown beside them: as they are written. */
  readonly shown?: readonly string[];
}

export type Verdict = 'Allow' | 'ExplicitDeny' | 'ImplicitDeny';

const SERVICE = 'ecd';

export function decide(policies: readonly Policy[], request: AccessRequest): Verdict {
  const statements = applying(policies, request);
  const named = (effect: Statement['effect'], compare: typeof covers) => (resource: string) =>
    statements.some(
      (statement) =>
        statement.effect === effect &&
        statement.resources.some((pattern) => matches(pattern, request, resource, compare)),
    );
  if (request.resources.some(named('Deny', touches))) return 'ExplicitDeny';
  const allowed = request.resources.length > 0 && request.resources.every(named('Allow', covers));
  // After the right itself: whoever has none learns nothing of what is behind.
  if (!allowed) return 'ImplicitDeny';
  return (request.shown ?? []).some(named('Deny', touches)) ? 'ExplicitDeny' : 'Allow';
}

/** What can be said while it is not known what the request names: Allow when it may name something that is allowed. */
export function decideUnnamed(policies: readonly Policy[], request: AccessRequest): Verdict {
  const statements = applying(policies, request);
  const all = (pattern: ResourcePattern) => matches(pattern, request, '*', covers);
  if (statements.some((one) => one.effect === 'Deny' && one.resources.some(all))) return 'ExplicitDeny';
  return statements.some((one) => one.effect === 'Allow') ? 'Allow' : 'ImplicitDeny';
}

/** The statements that speak of this operation under these circumstances. */
function applying(policies: readonly Policy[], request: AccessRequest): Statement[] {
  const name = request.operation.toLowerCase();
  return policies.flatMap(({ statements }) =>
    statements.filter(
      ({ actions, conditions, effect }) =>
        actions.some((action) => covers(action.service, SERVICE) && covers(action.name, name)) &&
        holds(conditions, effect, request),
    ),
  );
}

function matches(
  pattern: ResourcePattern,
  request: AccessRequest,
  resource: string,
  compare: typeof covers,
): boolean {
  return (
    covers(pattern.service, SERVICE) &&
    covers(pattern.region, request.regionId) &&
    covers(pattern.account, request.accountId) &&
    compare(pattern.relative, resource)
  );
}
