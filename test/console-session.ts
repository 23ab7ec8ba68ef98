/**
 * A service with a browser beside it, for tests of the console's pages.
 *
 * Invariant: after every test the page had no error, asked nobody else, and no name of anything has run as a script.
 */
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import type { Client } from '../acceptance/support/client.ts';
import type { Key } from '../acceptance/support/sdk.ts';
import { Browser, type Look, type Tab } from './browser.ts';

/** A name that would rename the page if it were taken for HTML. */
export const HOSTILE = `<img src=x onerror="document.title='owned'">`;

interface Served {
  readonly service: { readonly url: string; readonly key: Key };
  readonly client: Client;
  close(): Promise<void>;
}

export class ConsoleSession<S extends Served> {
  #served: S | undefined;
  #browser: Browser | undefined;
  #tab: Tab | undefined;

  /** To be made once in a file of tests. */
  constructor(start: () => Promise<S>) {
    beforeAll(async () => {
      this.#served = await start();
      this.#browser = await Browser.open();
    });
    afterAll(async () => {
      await this.#browser?.close();
      await this.#served?.close();
    });
    beforeEach(async () => {
      this.#tab = await this.#browser!.tab(this.served.service.url);
    });
    afterEach(async () => {
      expect(await this.tab.page.title()).toBe('OpenECD');
      expect(this.tab.errors).toEqual([]);
      expect(this.tab.foreign).toEqual([]);
      await this.tab.page.context().close();
    });
  }

  get served(): S {
    return this.#served!;
  }

  get tab(): Tab {
    return this.#tab!;
  }

  get page() {
    return this.tab.page;
  }

  /** A new tab in the place of this test's. */
  async look(look: Look): Promise<void> {
    await this.page.context().close();
    this.#tab = await this.#browser!.tab(this.served.service.url, look);
  }

  /** A page that wants a session asks for it in its place. */
  async open(path: string): Promise<void> {
    await this.page.goto(path);
    await this.tab.fillIn(this.served.service.key);
  }
}
