import { expect, test } from 'vitest';
import { readError } from './read-error.ts';

const ID = '0B4B8BC7-2A5F-4F0A-9C7E-111111111111';
const found = { code: 'InvalidDesktopId.NotFound', requestId: ID };

test.each([
  ['JSON', `{"RequestId":"${ID}","HostId":"h","Code":"InvalidDesktopId.NotFound","Message":"m"}`],
  ['JSON with line breaks', `{\n  "Code": "InvalidDesktopId.NotFound",\n  "RequestId": "${ID}"\n}`],
  ['XML', `<Error><RequestId>${ID}</RequestId><Code>InvalidDesktopId.NotFound</Code></Error>`],
  ['a line of a program', `SDKError: code: 404, Code=InvalidDesktopId.NotFound RequestId: ${ID}`],
  ['Recommend', `http://h/console/errors?q=InvalidDesktopId.NotFound&product=ecd&requestId=${ID}`],
])('finds code and RequestId in %s', (_, text) => {
  expect(readError(text)).toEqual(found);
});

test('reads what the official SDKs throw, and a RequestId alone', () => {
  const thrown = `InvalidDesktopId.NotFoundError: InvalidDesktopId.NotFound: code: 404, The desktop is not there. request id: ${ID}`;
  expect(readError(thrown)).toEqual(found);
  expect(readError(`code: 404, The desktop is not there. request id: ${ID}`)).toEqual({
    code: undefined,
    requestId: ID,
  });
  const java = `com.aliyun.tea.TeaException: code: 404, gone. request id: ${ID}`;
  expect(readError(java)).toEqual({ code: undefined, requestId: ID });
  expect(readError(` ${ID}\n`)).toEqual({ code: undefined, requestId: ID });
});

test('takes a code alone, and finds none in other text', () => {
  expect(readError(' MissingRegionId\n')).toEqual({ code: 'MissingRegionId', requestId: undefined });
  expect(readError('it does not work')).toBeUndefined();
  expect(readError('<script>alert(1)</script>')).toBeUndefined();
});

test('a whole answer is read as such: what its message quotes is no code', () => {
  const Message = 'the client sent {"Code":"InternalError"}';
  expect(readError(JSON.stringify({ Message, Code: 'QuotaExceed.Tag', RequestId: 'R-12345678' }))).toEqual({
    code: 'QuotaExceed.Tag',
    requestId: 'R-12345678',
  });
  expect(readError('{"Code":"QuotaExceed.Tag","RequestId":"<b>"}')).toEqual({
    code: 'QuotaExceed.Tag',
    requestId: undefined,
  });
  expect(readError('{"a":[]}')).toBeUndefined();
});
