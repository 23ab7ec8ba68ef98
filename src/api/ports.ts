/** What the door is given by src/server.ts. It knows nothing of what stands behind these. */
import type { ServerOptions as TlsOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import type { Clock } from '../ids.ts';
import type { Operation, RequestContext } from '../operations/operation.ts';
import type { Caller, Keys } from './authenticate.ts';

export type Claim = RequestContext['claim'];

/** The durable record of nonces, for operations that write. */
export interface NoncePort {
  /** A claim that the write records in its own transaction. */
  claim(accessKeyId: string, nonce: string, expiresMs: number): Claim;
  /**
   * Makes sure that the nonce is on record after a write was served or refused. `cheap`: the refusal cost its sender
   * nothing, so it may wait for others and share a commit with them.
   */
  spend(claim: Claim, cheap: boolean): Promise<void>;
  /** True when the write has recorded it, so that `spend` need not be called. */
  isRecorded?(claim: Claim): boolean;
}

/** What a caller may do. */
export interface Rights {
  /** True: everything. */
  readonly full: boolean;
  /** Throws NoPermission. `resources` is null while the parameters cannot be read. */
  require(wish: {
    readonly operation: string;
    readonly regionId: string;
    readonly resources: readonly string[] | null;
    /** What must not be denied, beside them. */
    readonly shown?: readonly string[];
    readonly sourceAddress: string;
    readonly secure: boolean;
  }): void;
}

/** One answer, for the audit log. */
export interface AnswerRecord {
  readonly requestId: string;
  /** '' when the request names no known operation. */
  readonly operation: string;
  readonly kind: 'read' | 'write' | '';
  /** As claimed; proved when `userName` is not empty. */
  readonly accessKeyId: string;
  readonly userName: string;
  readonly resources: readonly string[];
  readonly source: string;
  readonly status: number;
  readonly code: string;
  readonly seconds: number;
}

/** Temporary credentials, as the public service's tools print them. */
export interface SignedIn {
  readonly AccessKeyId: string;
  readonly AccessKeySecret: string;
  readonly SecurityToken: string;
  readonly Expiration: string;
  readonly UserName: string;
}

/** The links that sign in to the console once. */
export interface SignInLinks {
  /** Null when the link is unknown, too old or spent. */
  spend(token: string): Promise<SignedIn | null>;
  /** Throws Throttling.User or Throttling.Api when an address has tried too often. */
  throttle(address: string): void;
}

/** Whom a ticket stands for. */
export interface Visitor {
  readonly desktopId: string;
  readonly regionId: string;
  readonly userName: string;
  /** The key that asked for the ticket. */
  readonly accessKeyId: string;
}

/** The screens of desktops. */
export interface ScreenPort {
  /** Takes a ticket for its one use. Throws OperationDenied.TicketInvalid, IncorrectDesktopStatus. */
  spend(ticket: string): Promise<Visitor>;
  /** A connection that speaks RFB, and ends with the desktop. Throws IncorrectDesktopStatus, Qemu.ConnectionLost. */
  connect(desktopId: string): Promise<Duplex>;
}

export interface DoorSettings {
  /** This server's address as clients see it, without a slash at its end; else the Host header's is taken. */
  readonly publicUrl?: string;
  /** The regions that the metadata name, all at this address. */
  readonly regions?: readonly string[];
  /** Further `host[:port]` that a client may have signed (a proxy changed the Host header). */
  readonly trustedHosts?: readonly string[];
  /** Addresses or networks of proxies whose X-Forwarded-For and -Proto are believed. */
  readonly trustedProxies?: readonly string[];
  /** Refuse what did not come over TLS. */
  readonly requireTls?: boolean;
  /** Origins whose pages may call the API; none if not given. */
  readonly corsOrigins?: readonly string[];
  /** Bytes of a request's body; default 1 MiB. */
  readonly maxBodyBytes?: number;
  /** Parameters of a request; default 4,000. */
  readonly maxParameters?: number;
  /** How far a timestamp may be from the clock, both ways; default 15 minutes. */
  readonly timestampWindowMs?: number;
  /** Time for a client to send its headers, and its whole request; default 15 s and 30 s. */
  readonly headersTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  readonly keepAliveMs?: number;
  /** Milliseconds: for a ticket to come, between two looks at its right, for a sign of life of a browser. */
  readonly screenTimes?: {
    readonly ticketMs?: number;
    readonly againMs?: number;
    readonly silentMs?: number;
  };
  /** Certificate and key: the door then speaks https. */
  readonly tls?: TlsOptions;
  /** Where the build of the web console is; none is served if not given. */
  readonly consoleDir?: string;
}

export interface DoorPorts {
  readonly operations: ReadonlyMap<string, Operation>;
  /** Handed to the operations as it is. */
  readonly services: Parameters<Operation['run']>[0];
  readonly keys: Keys;
  readonly nonces: NoncePort;
  /** Without it every caller may do everything. */
  readonly access?: { rightsOf(caller: Caller): Rights | Promise<Rights> };
  /** Throws Throttling.User or Throttling.Api, with `retryAfterMs`. */
  throttle?(caller: Caller, operation: Operation): void;
  /** Called once for each answer on `/`; must not wait. */
  audit?(answer: AnswerRecord): void;
  /** None are offered if not given. */
  readonly signInLinks?: SignInLinks;
  /** Without it no screen can be opened. */
  readonly screens?: ScreenPort;
  readonly clock: Clock;
  newRequestId(): string;
  readonly log: Pick<Logger, 'error' | 'warn' | 'debug'>;
  /** Called once for each answer; `action` is '' when the request names no known operation. */
  onAnswer?(action: string, code: string, status: number, seconds: number): void;
  /** Aborted when the service stops. */
  readonly stopping?: AbortSignal;
  readonly settings: DoorSettings;
}
