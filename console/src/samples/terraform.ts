/**
 * The same thing for Terraform, where its provider has a resource or a data source for the operation. No test runs the
 * provider.
 */
import { hcl } from './literals.ts';
import { hostOf, schemeOf, type Wanted } from './sample.ts';

interface Block {
  readonly block: 'resource' | 'data';
  readonly type: string;
  /** The provider's argument for each parameter; lists end in `.`. */
  readonly arguments: Readonly<Record<string, string>>;
}

const BLOCKS: Readonly<Record<string, Block>> = {
  CreateSnapshot: {
    block: 'resource',
    type: 'alicloud_ecd_snapshot',
    arguments: {
      DesktopId: 'desktop_id',
      SnapshotName: 'snapshot_name',
      SourceDiskType: 'source_disk_type',
      Description: 'description',
    },
  },
  DescribeSnapshots: {
    block: 'data',
    type: 'alicloud_ecd_snapshots',
    arguments: { DesktopId: 'desktop_id', SnapshotId: 'snapshot_id' },
  },
  CreateDesktops: {
    block: 'resource',
    type: 'alicloud_ecd_desktop',
    arguments: {
      BundleId: 'bundle_id',
      DesktopName: 'desktop_name',
      OfficeSiteId: 'office_site_id',
      PolicyGroupId: 'policy_group_id',
      Amount: 'amount',
      UserAssignMode: 'user_assign_mode',
      'EndUserId.': 'end_user_ids',
    },
  },
  CreateBundle: {
    block: 'resource',
    type: 'alicloud_ecd_bundle',
    arguments: {
      BundleName: 'bundle_name',
      Description: 'description',
      DesktopType: 'desktop_type',
      ImageId: 'image_id',
      Language: 'language',
      RootDiskSizeGib: 'root_disk_size_gib',
      'UserDiskSizeGib.': 'user_disk_size_gib',
    },
  },
  CreateImage: {
    block: 'resource',
    type: 'alicloud_ecd_image',
    arguments: { DesktopId: 'desktop_id', ImageName: 'image_name', Description: 'description' },
  },
  CreatePolicyGroup: {
    block: 'resource',
    type: 'alicloud_ecd_policy_group',
    arguments: {
      Name: 'policy_group_name',
      Clipboard: 'clipboard',
      LocalDrive: 'local_drive',
      UsbRedirect: 'usb_redirect',
      Watermark: 'watermark',
    },
  },
  CreateSimpleOfficeSite: {
    block: 'resource',
    type: 'alicloud_ecd_simple_office_site',
    arguments: {
      OfficeSiteName: 'office_site_name',
      CidrBlock: 'cidr_block',
      DesktopAccessType: 'desktop_access_type',
      EnableAdminAccess: 'enable_admin_access',
    },
  },
};

/** Undefined if the provider has nothing for the operation. */
export function terraformSample({ endpoint, action, parameters }: Wanted): string | undefined {
  const made = Object.hasOwn(BLOCKS, action) ? BLOCKS[action]! : undefined;
  if (made === undefined) return undefined;
  const { RegionId: region = 'cn-hangzhou', ...others } = parameters;
  const lists = new Map<string, string[]>();
  const lines: string[] = [];
  const left: string[] = [];
  for (const [name, value] of Object.entries(others)) {
    const list = made.arguments[name.replace(/\.\d+$/, '.')];
    if (made.arguments[name] !== undefined) lines.push(`  ${made.arguments[name]} = ${hcl(value)}`);
    else if (list !== undefined) lists.set(list, [...(lists.get(list) ?? []), hcl(value)]);
    else left.push(name);
  }
  for (const [name, values] of lists) lines.push(`  ${name} = [${values.join(', ')}]`);
  const note = left.length === 0 ? '' : `\n# The provider has no argument for: ${left.join(', ')}.`;
  return `# ${action} by Terraform. The provider reads ALICLOUD_ACCESS_KEY and ALICLOUD_SECRET_KEY.${note}
terraform {
  required_providers {
    alicloud = {
      source = "aliyun/alicloud"
    }
  }
}

provider "alicloud" {
  region   = ${hcl(region)}
  protocol = "${schemeOf(endpoint).toUpperCase()}"
  endpoints {
    gwsecd = ${hcl(hostOf(endpoint))}
  }
}

${made.block} "${made.type}" "example" {
${lines.join('\n')}
}
`;
}
