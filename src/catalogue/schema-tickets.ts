/** The table of tickets, in the manner of schema.ts. */
export interface TicketTable {
  /** What the caller knows the request by; the ticket itself is on no record. */
  task_id: string;
  /** SHA-256 (hex) of the ticket. */
  hash: string;
  desktop_id: string;
  user_name: string;
  expires_at: number;
}
