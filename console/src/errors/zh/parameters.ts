/** Codes of parameters that have one of their own in Chinese, in the order of the one catalogue. */
import type { ErrorText } from '../../described.ts';

export const PARAMETER_TEXTS: Readonly<Record<string, ErrorText>> = {
  InvalidMaxResults: {
    message: '参数 MaxResults 无效。',
    advice: '请使用 1 到 <maximum> 的整数。',
    causes: 'MaxResults 超过一页的上限，为负数，或不是整数。',
  },
  InvalidNextToken: {
    message: '参数 NextToken 无效。',
    advice: '请在相同的过滤条件下使用上次返回的 NextToken，或不发送。',
    causes: '两页之间改变了过滤条件，或者令牌被截断、属于其他操作。',
  },
  'InvalidSnapshotName.Malformed': {
    message: 'SnapshotName 的格式不正确。',
    advice: '请使用 2 到 128 个字符，不含控制字符，不以 auto 开头。',
    causes: '名称太短或太长，以 auto 开头，或含有换行等控制字符。',
  },
  'InvalidImageName.Malformed': {
    message: '镜像名称的格式不正确。',
    advice: '请使用 2 到 128 个字符，不含控制字符。',
    causes: '名称太短或太长，或含有换行等控制字符。',
  },
  'InvalidDescription.Malformed': {
    message: 'Description 的格式不正确。',
    advice: '最多 128 个字符，镜像和模板最多 256 个。',
    causes: '描述太长。',
  },
  'InvalidSourceDiskType.Malformed': {
    message: 'SourceDiskType 无效。',
    advice: '请使用 system 或 data。',
    causes: '取值既不是 system 也不是 data：一个快照只属于一块磁盘，没有表示两者的取值。',
  },
  'InvalidDesktopName.Malformed': {
    message: '云电脑名称的格式不正确。',
    advice:
      '请使用 1 到 64 个字符，以字母开头；可含字母、数字、冒号、下划线、句点和连字符；不能以 http:// 或 https:// 开头。',
    causes: '名称以数字开头，超过 64 个字符，或含有空格等不允许的字符。',
  },
  'InvalidRegionId.NotFound': {
    message: '找不到指定的 RegionId。',
    advice: '本服务提供：<regions>。',
    causes: '客户端设置的地域不是本服务的地域。',
  },
  'InvalidDesktopId.NotFound': {
    message: '找不到指定的 DesktopId。',
    advice: 'DescribeDesktops 列出云电脑。',
    causes: '云电脑已删除，属于其他地域或其他服务器，或者 ID 有误。',
  },
  'InvalidSourceDiskType.NotFound': {
    message: '云电脑没有指定类型的磁盘。',
    advice: 'DescribeDesktops 显示云电脑的磁盘。',
    causes: '创建云电脑时没有数据盘。',
  },
  'InvalidSnapshotId.NotFound': {
    message: '找不到指定的 SnapshotId。',
    advice: 'DescribeSnapshots 列出快照。',
    causes: '快照已删除（例如保留期结束后由策略删除），或属于其他地域。',
  },
  'InvalidDesktopBundle.NotFound': {
    message: '找不到指定的 BundleId。',
    advice: 'DescribeBundles 列出模板。',
    causes: '模板已删除或已从设置中移除，或者 ID 属于公共服务。',
  },
  'InvalidImageId.NotFound': {
    message: '找不到指定的 ImageId。',
    advice: 'DescribeImages 列出镜像；`openecd image import` 可导入镜像。',
    causes: '镜像已删除或从未导入，或者 ID 属于公共服务。',
  },
  'InvalidAutoSnapshotPolicyId.NotFound': {
    message: '指定的自动快照策略不存在。',
    advice: 'DescribeAutoSnapshotPolicy 列出策略。',
    causes: '策略已删除，或属于其他地域。',
  },
  'InvalidSnapshotPolicyName.Malformed': {
    message: 'PolicyName 的格式不正确。',
    advice: '请使用 2 到 128 个字符，不含控制字符，不以 http:// 或 https:// 开头。',
    causes: '名称太短或太长，像一个网址，或含有控制字符。',
  },
  'InvalidRetentionDays.Malformed': {
    message: 'RetentionDays 无效。',
    advice: '请使用 1 到 180 的整数。',
    causes: '数值为 0、负数或超过 180；不提供永久保留（-1）。',
  },
  'InvalidCronExpression.Malformed': {
    message: 'CronExpression 无效。<reason>',
    advice: '请使用六个字段，例如 0 0 2 ? * 1-7：每天两点；1 是星期日。',
    causes: '发送了 crontab 那样的五字段表达式；某个字段超出范围；或使用了 L、W、#。',
  },
  'InvalidResourceId.NotFound': {
    message: '找不到指定的 ResourceId。',
    advice: '只有云电脑有标签；DescribeDesktops 列出云电脑。',
    causes: '其中某个 ID 不是这里的云电脑，或者是快照或镜像的 ID。',
  },
  'InvalidTagKey.Malformed': {
    message: '标签键的格式不正确。',
    advice: '请使用 1 到 128 个字符，不以 aliyun 或 acs: 开头，不含 http:// 和 https://。',
    causes: '标签键为空、太长，或以保留字开头。',
  },
  'InvalidTagValue.Malformed': {
    message: '标签值的格式不正确。',
    advice: '请使用最多 128 个字符，不以 acs: 开头，不含 http:// 和 https://。',
    causes: '标签值太长，以 acs: 开头，或含有网址。',
  },
  'InvalidPolicyGroupId.NotFound': {
    message: '找不到指定的 PolicyGroupId。',
    advice: 'DescribePolicyGroups 列出策略组。',
    causes: '策略组已删除，或属于其他地域。',
  },
  'InvalidTaskId.NotFound': {
    message: '找不到指定的 TaskId。',
    advice: '其票据已使用或已过期，或属于其他用户或云电脑：请不带 TaskId 重新请求。',
    causes: '该任务的票据已使用或太旧，或者是其他用户请求的。',
  },
  'InvalidInvokeId.NotFound': {
    message: '找不到指定的 InvokeId。',
    advice: 'DescribeInvocations 列出命令执行记录。',
    causes: 'ID 有误或属于其他地域。',
  },
  InvalidAmount: {
    message: 'Amount 无效。',
    advice: '请使用 1 到 <maximum> 的整数。',
    causes: 'Amount 为 0、负数、非整数，或超过一次请求的上限。',
  },
  'InvalidAmount.NotTimesOfUsers': {
    message: 'Amount 不是用户数的整数倍。',
    advice: 'UserAssignMode 为 PER_USER 时，每个用户得到相同数量的云电脑。',
    causes: 'UserAssignMode 为 PER_USER 时，云电脑无法平均分给所列用户。',
  },
};
