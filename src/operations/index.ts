/** The table of all operations, by name: all that the door knows of them. */
import { ApplyAutoSnapshotPolicy } from './ApplyAutoSnapshotPolicy.ts';
import { CancelAutoSnapshotPolicy } from './CancelAutoSnapshotPolicy.ts';
import { CreateAutoSnapshotPolicy } from './CreateAutoSnapshotPolicy.ts';
import { CreateBundle } from './CreateBundle.ts';
import { CreateDesktops } from './CreateDesktops.ts';
import { CreateImage } from './CreateImage.ts';
import { CreatePolicyGroup } from './CreatePolicyGroup.ts';
import { CreateSimpleOfficeSite } from './CreateSimpleOfficeSite.ts';
import { CreateSnapshot } from './CreateSnapshot.ts';
import { DeleteAutoSnapshotPolicy } from './DeleteAutoSnapshotPolicy.ts';
import { DeleteBundles } from './DeleteBundles.ts';
import { DeleteDesktops } from './DeleteDesktops.ts';
import { DeleteImages } from './DeleteImages.ts';
import { DeleteOfficeSites } from './DeleteOfficeSites.ts';
import { DeletePolicyGroups } from './DeletePolicyGroups.ts';
import { DeleteSnapshot } from './DeleteSnapshot.ts';
import { DescribeAutoSnapshotPolicy } from './DescribeAutoSnapshotPolicy.ts';
import { DescribeBundles } from './DescribeBundles.ts';
import { DescribeDesktopInfo } from './DescribeDesktopInfo.ts';
import { DescribeDesktops } from './DescribeDesktops.ts';
import { DescribeDisks } from './DescribeDisks.ts';
import { DescribeImages } from './DescribeImages.ts';
import { DescribeInvocations } from './DescribeInvocations.ts';
import { DescribeOfficeSites } from './DescribeOfficeSites.ts';
import { DescribePolicyGroups } from './DescribePolicyGroups.ts';
import { DescribeRegions } from './DescribeRegions.ts';
import { DescribeSnapshots } from './DescribeSnapshots.ts';
import { DescribeVault } from './DescribeVault.ts';
import { GetAuditEvents } from './GetAuditEvents.ts';
import { GetConnectionTicket } from './GetConnectionTicket.ts';
import { GetDesktopScreenshot } from './GetDesktopScreenshot.ts';
import { ListTagResources } from './ListTagResources.ts';
import { ModifyAutoSnapshotPolicy } from './ModifyAutoSnapshotPolicy.ts';
import { ModifyDesktopName } from './ModifyDesktopName.ts';
import { ModifyImageAttribute } from './ModifyImageAttribute.ts';
import { ModifyPolicyGroup } from './ModifyPolicyGroup.ts';
import type { Operation } from './operation.ts';
import { PreviewAutoSnapshotPolicy } from './PreviewAutoSnapshotPolicy.ts';
import { RebootDesktops } from './RebootDesktops.ts';
import { RebuildDesktops } from './RebuildDesktops.ts';
import { ResetSnapshot } from './ResetSnapshot.ts';
import { RunCommand } from './RunCommand.ts';
import { StartDesktops } from './StartDesktops.ts';
import { StopDesktops } from './StopDesktops.ts';
import { StopInvocation } from './StopInvocation.ts';
import { TagResources } from './TagResources.ts';
import { UntagResources } from './UntagResources.ts';

export const OPERATIONS: ReadonlyMap<string, Operation> = new Map(
  [
    DescribeRegions,
    CreateSnapshot,
    DescribeSnapshots,
    DeleteSnapshot,
    ResetSnapshot,
    CreateAutoSnapshotPolicy,
    DescribeAutoSnapshotPolicy,
    ModifyAutoSnapshotPolicy,
    DeleteAutoSnapshotPolicy,
    ApplyAutoSnapshotPolicy,
    CancelAutoSnapshotPolicy,
    CreateDesktops,
    DescribeDesktops,
    DescribeDesktopInfo,
    StartDesktops,
    StopDesktops,
    RebootDesktops,
    DeleteDesktops,
    ModifyDesktopName,
    CreateSimpleOfficeSite,
    DescribeOfficeSites,
    DeleteOfficeSites,
    CreatePolicyGroup,
    ModifyPolicyGroup,
    DescribePolicyGroups,
    DeletePolicyGroups,
    TagResources,
    UntagResources,
    ListTagResources,
    RebuildDesktops,
    DescribeBundles,
    CreateBundle,
    DeleteBundles,
    DescribeImages,
    CreateImage,
    ModifyImageAttribute,
    DeleteImages,
    RunCommand,
    StopInvocation,
    DescribeInvocations,
    GetConnectionTicket,
    GetAuditEvents,
    GetDesktopScreenshot,
    PreviewAutoSnapshotPolicy,
    DescribeVault,
    DescribeDisks,
  ].map((operation) => [operation.name, operation]),
);
