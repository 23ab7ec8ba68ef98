import { expect, test } from 'vitest';
import { SAMPLES } from './index.ts';
import { terraformSample } from './terraform.ts';

const NAME = `"; drop('x') $(id) \${x} */ \\`;
const wanted = (
  action: string,
  parameters: Record<string, string>,
  endpoint = 'https://desk.example:8787',
) => ({
  endpoint,
  action,
  parameters: { RegionId: 'cn-hangzhou', ...parameters },
});

test.each(SAMPLES)(
  '$name: leads to this server, by its protocol, without a secret, also without parameters',
  (sample) => {
    const text = sample.make(wanted('CreateSnapshot', { SnapshotName: NAME }))!;
    expect(text).toContain('desk.example:8787');
    expect(text).not.toMatch(/http:\/\/|(['"])http\1/i);
    const plain = sample.make(wanted('CreateSnapshot', {}, 'http://127.0.0.1:8787'))!;
    expect(plain).toContain('127.0.0.1:8787');
    expect(plain).not.toMatch(/protocol\W{1,5}https/i);
    expect(plain).not.toContain('undefined');
    // Keys come from the environment.
    expect(text).toMatch(/ACCESS_KEY/);
    expect(text.endsWith('\n')).toBe(true);
  },
);

test('of Terraform has lists, and names what its provider cannot be told', () => {
  const text = terraformSample(
    wanted('CreateDesktops', { BundleId: 'b-1', 'EndUserId.1': 'a', 'EndUserId.2': 'b', Period: '1' }),
  )!;
  expect(text).toContain('resource "alicloud_ecd_desktop" "example"');
  expect(text).toContain('  bundle_id = "b-1"\n  end_user_ids = ["a", "b"]\n');
  expect(text).toContain('# The provider has no argument for: Period.');
  expect(terraformSample(wanted('StopDesktops', {}))).toBeUndefined();
  expect(terraformSample(wanted('toString', {}))).toBeUndefined();
});
