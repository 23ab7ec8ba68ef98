/** Codes about state, quotas and conflicts in Chinese, in the order of the one catalogue. */
import type { ErrorText } from '../../described.ts';

export const STATE_TEXTS: Readonly<Record<string, ErrorText>> = {
  IncorrectDesktopStatus: {
    message: '云电脑的当前状态不支持该操作。',
    advice: '云电脑处于 <status>；请等到它变为 <wanted>。',
    causes: '云电脑正在启动或停止，或已被删除；或者操作要求它停止（或运行）而它不是。',
  },
  IncorrectImageStatus: {
    message: '镜像的当前状态不支持该操作。',
    advice: '请等到镜像变为 Available。',
    causes: '镜像仍在制作或导入，或者制作失败。',
  },
  'OperationDenied.ImageInUse': {
    message: '镜像正被 <user> 使用。',
    advice: '请先删除使用它的对象；设置中的模板所指的镜像可以改名。',
    causes: '某台云电脑的磁盘基于该镜像，或某个模板使用它。',
  },
  'OperationDenied.ImageTooLarge': {
    message: '镜像大于云电脑的系统盘。',
    advice: '请使用不超过 <bytes> 字节的镜像，或用它创建新的云电脑。',
    causes: '制作该镜像的磁盘比云电脑的系统盘大。',
  },
  'InvalidSnapshotId.NotReady': {
    message: '指定的快照尚未完成。',
    advice: '请等到 DescribeSnapshots 显示 ACCOMPLISHED；FAILED 的快照不能使用。',
    causes: '快照仍在存储，或已失败。',
  },
  'QuotaExceed.Snapshot': {
    message: '快照数量超过配额。',
    advice: '该磁盘有 <count> 个快照；请删除一些，或提高设置 snapshots.quotaPerDisk。',
    causes: '该磁盘的手动快照数已达到设置 snapshots.quotaPerDisk 的上限。',
  },
  'QuotaExceed.WaitingLayers': {
    message: '该磁盘尚未存入仓库的快照太多。',
    advice: '有 <count> 层等待存储。请检查仓库是否可达、是否有空间。',
    causes: '创建快照的速度快于存储速度，或者仓库已有一段时间不可达或已满。',
  },
  'AutoSnapshotPolicy.QuotaExceed': {
    message: '自动快照策略数量已达上限。',
    advice: '该地域有 <count> 个策略；请删除一些，或提高设置 policies.quota。',
    causes: '该地域的策略数已达到设置 policies.quota 的上限。',
  },
  'QuotaExceed.OfficeSite': {
    message: '工作区数量超过配额。',
    advice: '该地域有 <count> 个工作区；请删除一些。',
    causes: '该地域的工作区数已达上限。',
  },
  'QuotaExceed.PolicyGroup': {
    message: '策略组数量超过配额。',
    advice: '该地域有 <count> 个策略组；请删除一些。',
    causes: '该地域的策略组数已达上限。',
  },
  'OperationDenied.OfficeSiteInUse': {
    message: '工作区 <id> 正被云电脑使用。',
    advice: '请先删除其中的云电脑；带 OfficeSiteId 的 DescribeDesktops 可列出它们。',
    causes: '有未删除的云电脑属于该工作区。',
  },
  'OperationDenied.PolicyGroupInUse': {
    message: '策略组 <id> 正被云电脑使用。',
    advice: '请先删除使用它的云电脑；带 PolicyGroupId 的 DescribeDesktops 可列出它们。',
    causes: '有未删除的云电脑使用该策略组。',
  },
  'QuotaExceed.Tag': {
    message: '资源 <id> 的标签超过配额。',
    advice: '一台云电脑最多 <maximum> 个标签；请用 UntagResources 移除一些。',
    causes: '云电脑已有的标签和请求中的标签合计太多。',
  },
  'QuotaExceed.Bundle': {
    message: '模板数量超过配额。',
    advice: '共有 <count> 个模板；请删除一些，或提高设置 desktops.bundleQuota。',
    causes: '模板数已达到设置 desktops.bundleQuota 的上限。',
  },
  'OperationDenied.SystemBundle': {
    message: '模板 <bundle> 属于服务的设置。',
    advice: '请在设置中移除它；DeleteBundles 删除由 CreateBundle 创建的模板。',
    causes: '该模板写在设置文件中，任何操作都不能改变它。',
  },
  'QuotaExceed.Desktop': {
    message: '云电脑数量超过配额。',
    advice: '请删除一些云电脑，或提高设置 desktops.quota。',
    causes: '云电脑数已达到设置 desktops.quota 的上限。',
  },
  'OperationDenied.InsufficientSpace': {
    message: '没有足够的可用空间执行该操作。',
    advice: '请释放 <path> 的空间：可用 <free> 字节，保留 <reserve> 字节。',
    causes: '磁盘或仓库所在的文件系统快满了；保留部分空间是为了让运行中的云电脑继续工作。',
  },
  OperationConflict: {
    message: '该操作与同一资源上的另一操作冲突。',
    advice: '<reason>',
    causes: '同一云电脑、磁盘或快照上的另一操作尚未结束。',
  },
  'OperationDenied.DiskInUse': {
    message: '磁盘正被其他进程使用。',
    advice: '另一个程序持有 <path> 的锁；请结束它再重试。',
    causes: '有人手工在磁盘文件上启动了程序，或者另一个服务使用同一目录。',
  },
  'OperationDenied.TicketInvalid': {
    message: '票据未知、已过期或已被使用。',
    advice: '请用 GetConnectionTicket 获取新的票据；有效期 10 分钟，只能用一次。',
    causes: '票据已经用过（例如重新加载页面），或超过了 10 分钟。',
  },
  'QuotaExceed.Screen': {
    message: '该云电脑打开的屏幕过多。',
    advice: '已打开 <count> 个；请关闭一个。',
    causes: '其他人，或同一人的其他窗口，正在显示该云电脑的屏幕。',
  },
  'OperationDenied.NotStoppable': {
    message: '该命令的运行方式无法停止。',
    advice: '只有 RunShellScript 在运行后可以停止；请等待其结束或 Timeout。',
    causes: '客户机以自己的方式运行该命令，没有提供结束它的途径。',
  },
  'OperationDenied.SnapshotFailed': {
    message: '未能创建快照：<reason>。',
    advice: '没有任何改变；请排除原因后重试。',
    causes: '磁盘无法冻结：其文件、QEMU 或文件系统拒绝或响应太慢。',
  },
};
