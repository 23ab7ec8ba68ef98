/** The tables of what desktops name beside images and bundles, as types; see schema.ts. */

export interface OfficeSiteTable {
  id: string;
  name: string;
  region_id: string;
  /** JSON of what it was made with. */
  settings: string;
  creator: string;
  created_at: number;
}

export interface PolicyGroupTable {
  id: string;
  name: string;
  region_id: string;
  scope: 'GLOBAL' | 'IP';
  /** JSON of all else that was set. */
  settings: string;
  creator: string;
  created_at: number;
}
