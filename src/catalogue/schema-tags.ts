/** The table of tags as a type; see schema.ts. */

export interface TagTable {
  desktop_id: string;
  key: string;
  value: string;
  /** When the desktop got the key; another value leaves it. */
  tagged_at: number;
}
