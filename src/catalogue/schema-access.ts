/** The tables of who may do what, and of what was done; in the manner of schema.ts. */
import type { Generated } from 'kysely';

export interface AccessKeyTable {
  id: string;
  /** Sealed by the key file (see secrets.ts). */
  secret: string;
  user_name: string;
  status: 'Active' | 'Inactive';
  created_at: number;
  /** Written at most once a minute. */
  last_used_at: number | null;
  /** Temporary credentials: SHA-256 (hex) of the SecurityToken, when they end, and what narrows the user's rights. */
  token_hash: string | null;
  expires_at: number | null;
  session_policy: string | null;
}

export interface UserTable {
  name: string;
  comments: string;
  created_at: number;
}

/** Documents in the grammar of src/access/policy.ts. */
export interface AccessPolicyTable {
  name: string;
  type: 'System' | 'Custom';
  document: string;
  description: string;
  created_at: number;
  updated_at: number;
}

export interface AccessAttachmentTable {
  user_name: string;
  policy_name: string;
  attached_at: number;
}

/** See sign-in-links.ts. */
export interface SignInLinkTable {
  /** SHA-256 (hex) of the token in the link. */
  hash: string;
  user_name: string;
  session_seconds: number;
  expires_at: number;
}

/** Append-only: triggers refuse changes, and deletions but from the old end. */
export interface AuditTable {
  id: Generated<number>;
  at: number;
  request_id: string;
  access_key_id: string;
  /** Empty when nobody has proved who they are; with the source `local` a user of the operating system. */
  user_name: string;
  operation: string;
  kind: 'read' | 'write' | '';
  /** JSON array of `desktop/ID` and the like. */
  resources: string;
  source: string;
  status: number;
  code: string;
  duration_us: number;
  /** Of what a policy did by itself; `user_name` is who made the policy. Else empty. */
  policy_id: string;
  /** Why a policy deleted something, or could not make it; the status that a command gave a key. Else empty. */
  reason: string;
}
