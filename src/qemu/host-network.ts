/** Programs that set up the network of the host: `ip` and `bridge` (iproute2), `nft` (nftables). */
import { describeError, EcdError } from '../errors.ts';
import { runProgram } from './run-program.ts';

/** Runs one to its end. Throws Network.Unavailable with the command and its last words. */
export async function configure(program: 'ip' | 'bridge' | 'nft', ...args: string[]): Promise<void> {
  const what = [program, ...args].join(' ');
  const { exitCode, stderr } = await runProgram({ program, args, timeoutMs: 10_000 }).catch(
    (error: unknown) => {
      throw new EcdError('Network.Unavailable', { what, reason: describeError(error) }, error);
    },
  );
  if (exitCode !== 0) throw new EcdError('Network.Unavailable', { what, reason: stderr.trim().slice(-300) });
}
