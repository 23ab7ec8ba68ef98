import { expect, test } from 'vitest';
import { SharedMutex } from './async.ts';

/** Tasks that tell when they begin, and end when they are told to. */
function stage() {
  const begun: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<void>>();
  const task = (name: string) => async () => {
    begun.push(name);
    const end = Promise.withResolvers<void>();
    ends.set(name, end);
    await end.promise;
  };
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
  return { begun, task, settled, end: (name: string) => ends.get(name)!.resolve() };
}

test('shared tasks run beside each other, and one alone beside none', async () => {
  const { begun, task, settled, end } = stage();
  const mutex = new SharedMutex();
  const all = [
    mutex.share(task('a')),
    mutex.share(task('b')),
    mutex.run(task('alone')),
    mutex.share(task('c')),
  ];
  await settled();
  expect(begun).toEqual(['a', 'b']);
  end('a');
  await settled();
  expect(begun).toEqual(['a', 'b']);
  end('b');
  await settled();
  expect(begun).toEqual(['a', 'b', 'alone']);
  end('alone');
  await settled();
  expect(begun).toEqual(['a', 'b', 'alone', 'c']);
  end('c');
  await Promise.all(all);
});

test('a task that throws holds up no other', async () => {
  const mutex = new SharedMutex();
  const failing = async () => {
    throw new Error('mine');
  };
  const failed = [mutex.share(failing), mutex.run(failing), mutex.share(failing)];
  expect(await mutex.run(async () => 'after')).toBe('after');
  for (const one of failed) await expect(one).rejects.toThrow('mine');
});
