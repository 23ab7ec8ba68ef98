/** The service that dies: `child.ts DIR JSON`, the JSON being { steps, settings }. Ends only by a signal. */
import { Script } from './steps.ts';
import { World, type WorldOptions } from './world.ts';

const [dir, spec] = process.argv.slice(2) as [string, string];
const { steps, options } = JSON.parse(spec) as { steps: string[]; options: WorldOptions };
const world = await World.open(dir, options);
await new Script(world).run(steps);
setInterval(() => {}, 1000);
