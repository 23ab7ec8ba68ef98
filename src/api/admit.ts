/**
 * Whether a request whose signature is right may go on: how fast its key asks, and what its user may do.
 *
 * Invariants: rights are checked on the very parameters that the operation gets, before anything is looked at; who has
 * no right to an operation learns nothing of its parameters, and who may not act on a thing gets the same refusal
 * whether it exists or not. Malformed parameters are told only to those who may do the operation on something.
 */
import type { Operation } from '../operations/operation.ts';
import type { Caller } from './authenticate.ts';
import type { ParameterMap } from './parameters.ts';
import type { DoorPorts } from './ports.ts';
import type { Source } from './source.ts';

/** What is learned of a request on its way, for the audit log. */
export interface Trace {
  caller: Caller | undefined;
  resources: readonly string[];
}

type Decoder = (parameters: ParameterMap) => Record<string, unknown>;

const EVERYTHING: readonly string[] = ['*'];
const REGION = /^[a-z0-9-]{1,64}$/;

/** Gives the parameters, decoded. Throws Throttling.*, NoPermission, or what the decoder throws. */
export async function admit(
  ports: DoorPorts,
  operation: Operation,
  decode: Decoder,
  caller: Caller,
  sent: ParameterMap,
  source: Source,
  trace: Trace,
): Promise<Record<string, unknown>> {
  ports.throttle?.(caller, operation);
  let parameters: Record<string, unknown> | undefined;
  let fault: unknown;
  try {
    parameters = decode(sent);
  } catch (thrown) {
    fault = thrown;
  }
  let resources: readonly string[] | null = null;
  if (parameters !== undefined) {
    const stated = operation.resources?.(parameters, ports.services) ?? EVERYTHING;
    resources = stated instanceof Promise ? await stated : stated;
    trace.resources = resources;
  }
  if (ports.access !== undefined) {
    const found = ports.access.rightsOf(caller);
    const rights = found instanceof Promise ? await found : found;
    if (!rights.full) {
      const region = sent.get('RegionId') ?? '';
      const reached = parameters === undefined ? [] : operation.alsoShows?.(parameters, ports.services);
      const shown = (await reached) ?? [];
      rights.require({
        operation: operation.name,
        regionId: REGION.test(region) ? region : 'unknown',
        resources,
        shown,
        sourceAddress: source.address,
        secure: source.secure,
      });
    }
  }
  if (parameters === undefined) throw fault;
  return parameters;
}
