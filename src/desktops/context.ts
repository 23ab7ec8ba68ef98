/** What the files of this folder share: the parts they are given, the machines they hold, the work under way. */
import type { Logger } from 'pino';
import { Limiter } from '../async.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { DiskPool } from '../disks/types.ts';
import { describeError } from '../errors.ts';
import type { Clock } from '../ids.ts';
import type { Accelerator } from '../qemu/kvm.ts';
import type { User } from '../qemu/process.ts';
import type { Settings } from '../settings.ts';
import type { Machine } from './machine.ts';
import { type RunFolder, runFolder } from './run-folder.ts';
import { Tasks } from './tasks.ts';

/** What others do at the turns of a desktop's life. Those without a promise return at once and do their work later. */
export interface DesktopHooks {
  /** `Starting`, before the stack is read and QEMU opens the disks. A failure fails the start. */
  beforeStart(desktopId: string, signal: AbortSignal): Promise<void>;
  created(desktopId: string): void;
  running(desktopId: string): void;
  stopped(desktopId: string): void;
  /** QEMU is gone; whoever knows the snapshots decides when the files go. May be called again after a restart. */
  deleted(desktopId: string): Promise<void>;
}

export interface DesktopsOptions {
  readonly catalogue: Catalogue;
  readonly settings: Settings;
  readonly pool: DiskPool;
  readonly dataDir: string;
  /** Whom QEMU runs as; absent: as the service. */
  readonly user?: User | undefined;
  readonly accelerator: Accelerator;
  /** UEFI code, and variables to begin with. */
  readonly firmware?: { readonly code: string; readonly vars: string } | undefined;
  readonly log: Logger;
  readonly clock: Clock;
  readonly hooks: DesktopHooks;
}

const STARTS_AT_ONCE = 4;

export class Context {
  readonly options: DesktopsOptions;
  readonly log: Logger;
  readonly tasks: Tasks;
  readonly machines = new Map<string, Machine>();
  /** QEMUs being started. */
  readonly starts = new Limiter(STARTS_AT_ONCE);

  constructor(options: DesktopsOptions) {
    this.options = options;
    this.log = options.log.child({ part: 'desktops' });
    this.tasks = new Tasks(this.log);
  }

  get catalogue(): Catalogue {
    return this.options.catalogue;
  }

  folder(desktopId: string): RunFolder {
    return runFolder(this.options.dataDir, desktopId);
  }

  logOf(desktopId: string): Logger {
    return this.log.child({ desktop: desktopId });
  }

  /** Tells a hook; what it throws is its own affair. */
  tell(hook: 'created' | 'running' | 'stopped', desktopId: string): void {
    try {
      this.options.hooks[hook](desktopId);
    } catch (error) {
      this.logOf(desktopId).error({ reason: describeError(error), hook }, 'a hook failed');
    }
  }
}
