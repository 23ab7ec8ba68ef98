/** The table of tickets, in the manner of schema.ts. */
export interface TicketTable {
  /** What the caller knows the request by; the ticket itself is on no record. */
  task_id: string;
  /** SHA-256 (hex) of the ticket. */
  hash: string;
  desktop_id: string;
  user_name: string;
  /** The key that asked for it. */
  access_key_id: string;
  expires_at: number;
}
