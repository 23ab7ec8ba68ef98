/**
 * A real browser (Debian's Chromium) with pages that keep an account of what went wrong in them.
 *
 * Invariants: every error of a page is kept, also what its Content-Security-Policy refused; every request that left the
 * service's own address is kept; the secrets that a page gets or is given are noted, to be looked for at the service's end.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { type Browser as Chromium, chromium, type Locator, type Page } from 'playwright-core';
import type { Key } from '../acceptance/support/sdk.ts';
import { noteKey, notePrinted } from '../acceptance/support/secrets.ts';

/** What browsers call good ends at 0.1. */
const MOST_SHIFT = 0.02;
const PROGRAM = '/usr/bin/chromium';
const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Said by the browser of an answer that is no 2xx, or of none at all: no error of the page. */
const OF_THE_NETWORK =
  /^Failed to load resource: (the server responded with a status of (?:4|503)|net::ERR_CONNECTION)/;
const SHOWN = new Set([
  'sign-in-light.png',
  'desktops-light.png',
  'snapshots-dark.png',
  'reset-light.png',
  'explorer-light.png',
  'error-dark.png',
  'screen-dark.png',
  'thumbnails-light.png',
  'policy-light.png',
  'schedule-dark.png',
  'vault-light.png',
  'images-dark.png',
  'stacks-light.png',
]);
const SCREENS = join(import.meta.dirname, '../docs/screens');

export const LOOKS: readonly Look[] = [
  { language: 'en', theme: 'light' },
  { language: 'en', theme: 'dark' },
  { language: 'zh', theme: 'light' },
  { language: 'zh', theme: 'dark' },
];

export interface Look {
  readonly language: 'en' | 'zh';
  readonly theme: 'light' | 'dark';
}

export class Tab {
  readonly page: Page;
  readonly look: Look;
  /** What a user of the developer tools would see in red. */
  readonly errors: string[] = [];
  /** Addresses of other servers that it asked for. */
  readonly foreign: string[] = [];

  constructor(page: Page, origin: string, look: Look) {
    this.page = page;
    this.look = look;
    page.setDefaultTimeout(15_000);
    page.on('console', (message) => {
      const loud = message.type() === 'error' || message.type() === 'warning';
      if (loud && !OF_THE_NETWORK.test(message.text())) this.errors.push(message.text());
    });
    page.on('pageerror', (error) => this.errors.push(String(error)));
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(origin) && !url.startsWith('data:')) this.foreign.push(url);
    });
    page.on('response', async (response) => {
      if (response.request().method() !== 'POST') return;
      // A page that has gone meanwhile has nothing to tell.
      notePrinted(await response.text().catch(() => ''));
    });
  }

  /** Loads the page to sign in and fills it in. */
  async signIn(key: Key, secret = key.accessKeySecret): Promise<void> {
    await this.page.goto('/console/sign-in');
    await this.fillIn(key, secret);
  }

  /** Fills in the form to sign in, in whichever language. */
  async fillIn(key: Key, secret = key.accessKeySecret): Promise<void> {
    noteKey({ ...key, accessKeySecret: secret });
    await this.page.getByLabel('AccessKeyId').fill(key.accessKeyId);
    await this.page.getByLabel('AccessKeySecret').fill(secret);
    if (key.securityToken !== undefined) await this.page.getByLabel('SecurityToken').fill(key.securityToken);
    await this.page.locator('button[type=submit]').click();
  }

  /**
   * What is wrong with how the page is, as lines: nothing serious for axe-core, nothing that moved by itself. Its picture
   * shows it from `top` on.
   */
  async inspect(name: string, top?: Locator): Promise<string[]> {
    const found = await this.accessibility();
    const shift = await this.shift();
    const picture = `${name}-${this.look.theme}.png`;
    if (process.env['OPENECD_SCREENS'] !== undefined && this.look.language === 'en' && SHOWN.has(picture)) {
      await top?.evaluate((element) => (element as unknown as { scrollIntoView(): void }).scrollIntoView());
      await this.page.screenshot({ path: join(SCREENS, picture) });
    }
    return [...found, ...(shift > MOST_SHIFT ? [`things moved: ${shift}`] : [])].map(
      (one) => `${name}: ${one}`,
    );
  }

  /** How far things moved by themselves since the page was loaded: the browser's own measure, 0 when nothing did. */
  shift(): Promise<number> {
    return this.page.evaluate<number>(
      `new Promise((done) => {
        let sum = 0;
        const observer = new PerformanceObserver((list) => {
          for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
        });
        observer.observe({ type: 'layout-shift', buffered: true });
        setTimeout(() => { observer.disconnect(); done(sum); }, 100);
      })`,
    );
  }

  /** Serious and critical findings of axe-core, each as `rule: element`. */
  async accessibility(): Promise<string[]> {
    // Evaluated from outside, so that the page's policy does not have to allow it.
    await this.page.evaluate(axeSource);
    return this.page.evaluate<string[]>(
      `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
        violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
          .flatMap(({ id, nodes }) => nodes.map(({ html, any }) => id + ': ' + html.slice(0, 150) + ' ' + (any[0]?.message ?? ''))))`,
    );
  }
}

export class Browser {
  readonly #chromium: Chromium;

  private constructor(browser: Chromium) {
    this.#chromium = browser;
  }

  /** `hosts` lead to the loopback, as names of this machine would. */
  static async open(hosts: readonly string[] = []): Promise<Browser> {
    const rules = hosts.map((host) => `MAP ${host} 127.0.0.1`).join(',');
    const args = rules === '' ? [] : [`--host-resolver-rules=${rules}`];
    return new Browser(await chromium.launch({ executablePath: PROGRAM, args }));
  }

  /** A new user without any memory, with language and theme as the browser says. */
  async tab(origin: string, look: Look = LOOKS[0]!): Promise<Tab> {
    const { language, theme } = look;
    const context = await this.#chromium.newContext({
      baseURL: origin,
      colorScheme: theme,
      locale: language === 'zh' ? 'zh-CN' : 'en-GB',
      viewport: { width: 1280, height: 800 },
    });
    return new Tab(await context.newPage(), origin, look);
  }

  close(): Promise<void> {
    return this.#chromium.close();
  }
}
