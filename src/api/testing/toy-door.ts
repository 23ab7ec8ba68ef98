/** A door with toy operations on a free port of the loopback, for tests. */
import type { FastifyInstance } from 'fastify';
import { newId } from '../../ids.ts';
import { buildDoor } from '../door.ts';
import type { Claim, DoorPorts } from '../ports.ts';
import { toyOperations } from './toy-operations.ts';

export const TEST_KEY = { accessKeyId: 'testid', secret: 'testsecret' };

export interface LogLine {
  readonly level: string;
  readonly fields: Record<string, unknown>;
}

export interface ToyDoor {
  readonly door: FastifyInstance;
  readonly port: number;
  readonly logs: LogLine[];
  /** Nonces on durable record. */
  readonly spent: string[];
  close(): Promise<void>;
}

/** Starts it. `change` replaces ports. */
export async function startToyDoor(change: Partial<DoorPorts> = {}): Promise<ToyDoor> {
  const logs: LogLine[] = [];
  const spent: string[] = [];
  const line = (level: string) => (fields: Record<string, unknown>) => void logs.push({ level, fields });
  const door = buildDoor({
    operations: toyOperations,
    services: {} as DoorPorts['services'],
    keys: {
      find: async (id) => {
        if (id === 'disabled') return { secret: 'x', status: 'Inactive', userName: 'eve' };
        if (id !== TEST_KEY.accessKeyId) return null;
        return { secret: TEST_KEY.secret, status: 'Active', userName: 'alice' };
      },
    },
    nonces: {
      claim: (_accessKeyId, nonce) => ({ nonce }) as unknown as Claim,
      spend: async (claim) => void spent.push((claim as unknown as { nonce: string }).nonce),
    },
    clock: Date.now,
    newRequestId: newId.request,
    log: { error: line('error'), warn: line('warn'), debug: () => {} } as DoorPorts['log'],
    settings: {},
    ...change,
  });
  await door.listen({ host: '127.0.0.1', port: 0 });
  const { port } = door.server.address() as { port: number };
  return { door, port, logs, spent, close: () => door.close() };
}
