/**
 * The main job with a real guest: what is snapshotted is what the guest wrote, and what is reset is what was snapshotted.
 * One service and two desktops, in an order in which each test leaves them as the next one wants them.
 */
import { afterAll, beforeAll, describe } from 'vitest';
import { resetProofs } from './proof-cases-reset.ts';
import { secretProofs, serviceProofs } from './proof-cases-service.ts';
import { writerProofs } from './proof-cases-writer.ts';
import { openWorld, type World } from './proof-world.ts';

describe('with a real guest', () => {
  const world = {} as World;

  beforeAll(async () => {
    Object.assign(world, await openWorld());
  });
  afterAll(async () => {
    world.line?.close();
    await world.bed?.close();
  });

  describe('a guest that writes', () => writerProofs(world));
  describe('the service', () => serviceProofs(world));
  describe('resets', () => resetProofs(world));
  describe('secrets', () => secretProofs(world));
});
