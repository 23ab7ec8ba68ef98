/** The table of all operations, by name: all that the door knows of them. */
import { CreateDesktops } from './CreateDesktops.ts';
import { CreateSnapshot } from './CreateSnapshot.ts';
import { DeleteDesktops } from './DeleteDesktops.ts';
import { DeleteSnapshot } from './DeleteSnapshot.ts';
import { DescribeBundles } from './DescribeBundles.ts';
import { DescribeDesktops } from './DescribeDesktops.ts';
import { DescribeImages } from './DescribeImages.ts';
import { DescribeInvocations } from './DescribeInvocations.ts';
import { DescribeRegions } from './DescribeRegions.ts';
import { DescribeSnapshots } from './DescribeSnapshots.ts';
import { ModifyDesktopName } from './ModifyDesktopName.ts';
import type { Operation } from './operation.ts';
import { RebootDesktops } from './RebootDesktops.ts';
import { ResetSnapshot } from './ResetSnapshot.ts';
import { RunCommand } from './RunCommand.ts';
import { StartDesktops } from './StartDesktops.ts';
import { StopDesktops } from './StopDesktops.ts';

export const OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  [
    DescribeRegions,
    CreateSnapshot,
    DescribeSnapshots,
    DeleteSnapshot,
    ResetSnapshot,
    CreateDesktops,
    DescribeDesktops,
    StartDesktops,
    StopDesktops,
    RebootDesktops,
    DeleteDesktops,
    ModifyDesktopName,
    DescribeBundles,
    DescribeImages,
    RunCommand,
    DescribeInvocations,
  ].map((operation) => [operation.name, operation]),
);
