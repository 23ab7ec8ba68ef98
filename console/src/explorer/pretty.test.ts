import { expect, test } from 'vitest';
import { prettyJson, prettyXml } from './pretty.ts';

test('JSON and XML get line breaks, other text stays', () => {
  expect(prettyJson('{"a":[1]}')).toBe('{\n  "a": [\n    1\n  ]\n}');
  expect(prettyJson('<html>')).toBe('<html>');
  expect(prettyXml('<?xml version="1.0"?><R><Id>1</Id><L><A/></L></R>')).toBe(
    '<?xml version="1.0"?>\n<R>\n  <Id>1</Id>\n  <L>\n    <A/>\n  </L>\n</R>',
  );
});
