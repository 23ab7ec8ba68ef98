/** Commands in a guest that has an agent, the demo image: what runs, what can be stopped, and what cannot. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Fields, Room } from './support/room.ts';
import { Provider, wait } from './support/terraform.ts';

let room: Room;
let desktop: string;

beforeAll(async () => {
  room = await Room.ofDemo();
  const { DesktopId } = await room.client.ok('CreateDesktops', { BundleId: 'bundle_demo' });
  desktop = (DesktopId as string[])[0]!;
  await room.until(desktop, 'Running');
});
afterAll(() => room?.close());

async function run(type: string, text: string): Promise<string> {
  const command = { 'DesktopId.1': desktop, Type: type, CommandContent: text, Timeout: '300' };
  return String((await room.client.ok('RunCommand', command))['InvokeId']);
}

/** Waits until a command has a status; gives what is shown of it on the desktop. */
async function until(InvokeId: string, status: string): Promise<Fields> {
  let shown: Fields = {};
  const asked = async () => {
    const { Invocations } = await room.client.ok('DescribeInvocations', { InvokeId, IncludeOutput: 'true' });
    shown = (Invocations as { InvokeDesktops: Fields[] }[])[0]!.InvokeDesktops[0]!;
    return shown['InvocationStatus'];
  };
  await expect.poll(asked, { timeout: 120_000, interval: 200 }).toBe(status);
  return shown;
}

test('a script that has ended stays as it is when it is stopped', async () => {
  const id = await run('RunShellScript', 'echo ready');
  expect(Buffer.from(String((await until(id, 'Success'))['Output']), 'base64').toString()).toBe('ready\n');
  await room.client.ok('StopInvocation', { InvokeId: id });
  await until(id, 'Success');
});

test('a script that runs is stopped', async () => {
  const id = await run('RunShellScript', 'echo begun; sleep 300');
  await until(id, 'Running');
  await room.client.ok('StopInvocation', { InvokeId: id });
  await until(id, 'Stopped');
});

test('a Batch script that runs cannot be stopped', async () => {
  // No Windows is here: this stands in for what reads such scripts.
  const path = '/usr/bin/cmd.exe';
  const placed = `mkdir -p /usr/bin; printf '#!/bin/sh\\nwhile [ ! -e /tmp/go ]; do sleep 1; done\\n' >${path}; chmod +x ${path}`;
  await until(await run('RunShellScript', placed), 'Success');
  const id = await run('RunBatScript', 'echo hello');
  await until(id, 'Running');
  expect(await room.refused('StopInvocation', { InvokeId: id })).toBe('403 OperationDenied.NotStoppable');
  expect(await room.refused('StopInvocation', { InvokeId: id, 'DesktopId.1': desktop })).toBe(
    '403 OperationDenied.NotStoppable',
  );
  // It goes on to its own end.
  await until(await run('RunShellScript', 'touch /tmp/go'), 'Success');
  await until(id, 'Success');
});

test('a Batch script as Terraform runs it: made, waited for, read again and again', async () => {
  const provider = new Provider(room);
  // What stands in for the reader of Batch scripts has ended once `go` was there, and ends at once from then on.
  const wanted = { CommandContent: 'echo hello', Type: 'RunBatScript', ContentEncoding: 'PlainText' };
  const made = await provider.send('RunCommand', { ...wanted, 'DesktopId.1': desktop, Timeout: '100' });
  const id = { InvokeId: String(made['InvokeId']) };
  const read = () => provider.one('DescribeInvocations', 'Invocations', id);
  const shown = await wait(read, 'InvocationStatus', 'Success');
  // It decodes the content whatever it has sent, and takes the desktop from the list.
  expect(Buffer.from(String(shown['CommandContent']), 'base64').toString()).toBe('echo hello');
  expect(shown).toMatchObject({
    ...id,
    CommandType: 'RunBatScript',
    InvokeDesktops: [{ DesktopId: desktop }],
  });
  expect(await read()).toEqual(shown);
  const listing = { CommandType: 'RunBatScript', ContentEncoding: 'PlainText', IncludeOutput: true };
  const listed = await provider.pages(
    'DescribeInvocations',
    'Invocations',
    { ...listing, InvokeStatus: 'Finished' },
    50,
  );
  const [newest] = listed;
  expect(newest).toMatchObject({ ...id, CommandContent: 'echo hello', InvocationStatus: 'Success' });
  const [on] = newest!['InvokeDesktops'] as Fields[];
  expect([Number(on!['Dropped']), Number(on!['Repeats']), String(on!['ExitCode'])]).toEqual([0, 0, '0']);
});
