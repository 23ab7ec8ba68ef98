/** The console's sample code that needs programs which only the full tier installs. */
import { afterAll, beforeAll, test } from 'vitest';
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

test.each(samplesOf('full'))('in %s: every character arrives, and temporary credentials', async (name) => {
  await runner.arrives(name);
  await runner.byToken(name);
});
