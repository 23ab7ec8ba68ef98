/** Changes of status that follow from what has happened, whatever a request writes in the same moment. */
import type { DesktopStatus } from '../catalogue/schema.ts';
import type { Context } from './context.ts';
import { changeStatus, type DesktopRow, findDesktop } from './rows.ts';

type Change = Parameters<typeof changeStatus>[2] & { readonly status: DesktopStatus };

/**
 * Reads the row, asks `decide` what becomes of it, and writes that; begins again when another wrote in between. Gives
 * the new row, or null when `decide` wanted nothing or the desktop is gone.
 */
export async function settleStatus(
  context: Context,
  desktopId: string,
  decide: (row: DesktopRow) => Change | null,
): Promise<DesktopRow | null> {
  for (;;) {
    const row = await findDesktop(context.catalogue.db, desktopId);
    const change = row === undefined ? null : decide(row);
    if (row === undefined || change === null) return null;
    const changed = await changeStatus(context.catalogue.db, row, change);
    if (changed !== null) return changed;
  }
}
