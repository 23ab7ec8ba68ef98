/** Whether the service answers at all. */
import { ServiceGone } from './client.ts';

const ANSWER_MS = 4000;

/** Throws ServiceGone when it does not, or says that it cannot. */
export async function lookForService(): Promise<true> {
  try {
    const answer = await fetch('/healthz', {
      cache: 'no-store',
      credentials: 'omit',
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (answer.ok) return true;
    throw new Error(`HTTP ${answer.status}`);
  } catch (error) {
    throw new ServiceGone(error);
  }
}
