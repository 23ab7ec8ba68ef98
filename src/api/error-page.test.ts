import { expect, it } from 'vitest';
import { errorPage } from './error-page.ts';

const page = (query: string) => errorPage(new URLSearchParams(query));

it('explains a code of the catalogue and repeats the RequestId', () => {
  const text = page('q=InvalidDesktopId.NotFound&product=ecd&requestId=ABC-1');
  expect(text).toContain('InvalidDesktopId.NotFound   (HTTP 404)');
  expect(text).toContain('What to do: DescribeDesktops lists the desktops.');
  expect(text).toContain('How it comes to be: The desktop was deleted');
  expect(text).toContain('RequestId ABC-1');
});

it('knows the families Missing… and Invalid…', () => {
  expect(page('q=MissingRegionId')).toContain('RegionId is mandatory for this action.');
  expect(page('q=InvalidStartTime')).toContain('Specified parameter StartTime is not valid.');
});

it('shows nothing of our own machinery, and whatever else is asked as text', () => {
  expect(page('q=Vault.Damaged')).not.toContain('damaged');
  expect(page('q=toString')).toContain('toString is not a code of this server');
  expect(page(`q=${encodeURIComponent('<script>\n\u001b[31m')}`)).toContain('<script>  [31m is not a code');
  expect(page(`q=${'x'.repeat(10_000)}`).length).toBeLessThan(400);
  expect(page('')).toContain('No code was asked for');
});
