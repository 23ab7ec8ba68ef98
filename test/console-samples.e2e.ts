/** The console's sample code that is said to be run by every run of the tests. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Service } from '../acceptance/support/service.ts';
import { SampleRunner, samplesOf } from './sample-runner.ts';

let service: Service;
let runner: SampleRunner;
beforeAll(async () => {
  service = await Service.start();
  runner = await SampleRunner.open(service);
});
afterAll(async () => {
  await service?.close();
  await runner?.close();
});

const RUN = samplesOf('always');

test('curl, Node.js, TypeScript and Python are among them', () => {
  expect(RUN).toEqual(['curl', 'Node.js', 'Node.js (pop-core)', 'TypeScript (SDK)', 'Python']);
});

test.each(RUN)('in %s: every character arrives, of lists, too', (name) => runner.arrives(name));

test.each(RUN)('in %s: temporary credentials', (name) => runner.byToken(name));
