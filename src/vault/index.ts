/** The vault's public face: everything that other folders may use. */
export type { Change, Changes } from './build-tree.ts';
export {
  chunkName,
  decode,
  type Encoded,
  encodeChunk,
  isZero,
  type Name,
  type ObjectType,
  ZERO_NAME,
} from './codec.ts';
export type { CollectOptions, CollectReport } from './collect.ts';
export { parseRoot, type Root, rootKey } from './root.ts';
export type { SessionCounters, VaultSession } from './session.ts';
export type { Store, StoreEntry, StoreWriter } from './store.ts';
export { DEFAULT_CHUNK_SIZE, DEFAULT_FANOUT, type OpenOptions, Vault, type VaultStats } from './vault.ts';
export type { Damage, VerifyOptions, VerifyReport } from './verify.ts';
