import { expect, test } from 'vitest';
import { imageRecord, snapshotRecord } from './records.ts';

const ROOT = `${'ab'.repeat(32)}:1048576`;

test("a snapshot's record holds all of the row that a lost catalogue would need, and nothing of its files", () => {
  const record = snapshotRecord(
    {
      id: 's-1',
      name: 'before the update',
      description: 'text',
      region_id: 'cn-hangzhou',
      desktop_id: 'ecd-1',
      desktop_name: 'mine',
      disk_id: 'd-1',
      disk_type: 'data',
      disk_size_bytes: 1048576,
      os_type: 'Linux',
      type: 'USER',
      status: 'PROGRESSING',
      failure: '',
      creator: 'someone',
      consistency: 'filesystem',
      created_at: 1_700_000_000_000,
      archived_at: null,
      root: null,
      layer_id: 'l-1',
      total_bytes: 5,
      done_bytes: 3,
      stored_bytes: null,
      image_id: null,
      policy_id: 'sp-1',
      expires_at: 1_700_086_400_000,
    },
    ROOT,
    1_700_000_001_000,
  );
  expect(record).toEqual({
    version: 1,
    kind: 'snapshot',
    id: 's-1',
    root: ROOT,
    name: 'before the update',
    description: 'text',
    regionId: 'cn-hangzhou',
    desktopId: 'ecd-1',
    desktopName: 'mine',
    diskId: 'd-1',
    diskType: 'data',
    diskSizeBytes: 1048576,
    osType: 'Linux',
    type: 'USER',
    creator: 'someone',
    policyId: 'sp-1',
    expiresAt: 1_700_086_400_000,
    consistency: 'filesystem',
    createdAt: 1_700_000_000_000,
    archivedAt: 1_700_000_001_000,
  });
});

test("an image's record", () => {
  const row = {
    ...{ id: 'm-1', name: 'demo', description: '', os_type: 'Linux' as const, platform: 'Debian' },
    ...{ status: 'Creating' as const, progress: 99, size_bytes: 1048576, root: null },
    ...{ created_at: 5, updated_at: 6, made_of: 'file' as const, creator: '' },
  };
  expect(imageRecord(row, ROOT)).toEqual({
    ...{ version: 1, kind: 'image', id: 'm-1', root: ROOT, name: 'demo', description: '' },
    ...{ osType: 'Linux', platform: 'Debian', sizeBytes: 1048576, createdAt: 5 },
  });
});
