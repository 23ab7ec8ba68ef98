/**
 * Parts of the console that are loaded when they are first needed.
 *
 * Invariant: nothing is asked for before the service answers, since a browser remembers for the life of a page that a part
 * could not be loaded: who asks while the service is away keeps the page, and with it the session.
 */
import { lookForService } from './service-health.ts';

const AGAIN_MS = 1500;

/** Loads a part by `importer`, when the service is there. Throws when it does not have it: a newer one has others. */
export async function part<T>(importer: () => Promise<T>): Promise<T> {
  await serviceThere();
  try {
    return await importer();
  } catch (error) {
    // Only a new page loads it then, and that needs the service.
    await serviceThere();
    throw error;
  }
}

async function serviceThere(): Promise<void> {
  for (;;) {
    try {
      await lookForService();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}
