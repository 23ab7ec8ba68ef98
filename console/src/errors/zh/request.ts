/** Codes about the form of a request, its signature and its caller in Chinese, in the order of the one catalogue. */
import type { ErrorText } from '../../described.ts';

export const REQUEST_TEXTS: Readonly<Record<string, ErrorText>> = {
  MissingParameter: {
    message: '该操作必须提供参数 <parameter>。',
    advice: '请发送参数 <parameter>。',
    causes: '请求中没有这个参数或其值为空；或者参数名拼写有误：名称区分大小写。',
  },
  InvalidParameter: {
    message: '参数 <parameter> 无效。<reason>',
    advice: '请更正参数 <parameter>。',
    causes: '参数值的类型、范围或取值不被该操作接受，或者要求了本服务做不到的事。',
  },
  'InvalidParameter.Format': {
    message: '参数 Format 无效。',
    advice: 'Format 为 JSON 或 XML。',
    causes: 'Format 不是 JSON 或 XML。',
  },
  'InvalidParameter.Duplicate': {
    message: '参数 <parameter> 出现两次且取值不同。',
    advice: '每个参数只发送一次，放在查询串或表单中。',
    causes: '同一个名称在查询串和表单中都有，或在其中之一出现两次，且取值不同。',
  },
  'InvalidParameter.Encoding': {
    message: '请求的格式不正确：<reason>。',
    advice: '参数请用 UTF-8 并做百分号编码，放在查询串或 application/x-www-form-urlencoded 正文中。',
    causes: '百分号后没有两位十六进制数，字节不是 UTF-8，正文是其他类型或被压缩过。',
  },
  TooManyParameters: {
    message: '请求的参数超过 <limit> 个。',
    advice: '请在一次请求中发送更少的列表项。',
    causes: '列表的每一项都是一个参数；这个请求的列表合起来太长。',
  },
  RequestTooLarge: {
    message: '请求正文超过 <limit> 字节。',
    advice: '请发送更少或更短的参数。',
    causes: '命令或列表太长，或者客户端发送的不是参数。',
  },
  InvalidVersion: {
    message: '参数 Version 无效。',
    advice: '请使用 Version 2020-09-30。',
    causes: '客户端是为其他产品或其他版本制作的。',
  },
  'InvalidAction.NotFound': {
    message: '找不到指定的 API，请检查地址和方法。',
    advice: '该操作不存在，或本服务不提供。',
    causes: '操作名拼写有误，或者地址不是本服务的根路径。',
  },
  UnsupportedOperation: {
    message: '本服务不提供公共服务的操作 <action>。',
    advice: 'docs/differences.md 列出了本服务提供的操作及其差异。',
    causes: '公共服务有这个操作，本服务没有。',
  },
  UnsupportedHTTPMethod: {
    message: '不支持该 HTTP 方法。',
    advice: '请使用 GET 或 POST。',
    causes: '客户端发送了 PUT、DELETE 等方法。',
  },
  'InvalidProtocol.NeedSsl': {
    message: '请求没有使用 SSL，已被拒绝。',
    advice: '请使用 https。',
    causes: '请求经由明文 HTTP 到达：设置 requireTls 已打开，或者从其他机器索取了机密内容。',
  },
  MissingAccessKeyId: {
    message: '该操作必须提供 AccessKeyId。',
    advice: '请用访问密钥为请求签名；`openecd key create` 可创建一个。',
    causes: '客户端没有密钥：没有读到它的环境变量或配置文件。',
  },
  MissingSignature: {
    message: '该操作必须提供 Signature。',
    advice: '请为请求签名。',
    causes: '请求是手工构造的，或者代理删掉了 Authorization 头。',
  },
  'InvalidAccessKeyId.NotFound': {
    message: '找不到指定的访问密钥。',
    advice: '请检查 AccessKeyId；`openecd key list` 显示本服务的密钥。',
    causes: '密钥属于另一台服务器或已被删除，或者临时凭证早已过期。',
  },
  'InvalidAccessKeyId.Inactive': {
    message: '指定的访问密钥已停用。',
    advice: '请启用该密钥或使用另一个。',
    causes: '管理员停用了该密钥，例如在轮换密钥时。',
  },
  SignatureDoesNotMatch: {
    message: '<detail>',
    advice: '请将消息中的待签名字符串与客户端所签的比较。两者相同则说明密钥错误。',
    causes: '密钥错误或首尾有空格；客户端签名的内容与发送的不同；或者代理改变了 Host 头或查询串。',
  },
  IncompleteSignature: {
    message: '请求的签名不符合规范。<reason>',
    advice: '请检查 Authorization 头或签名参数。',
    causes: 'Authorization 头缺少某一部分，签名的头太少，或者算法未知。',
  },
  SignatureNonceUsed: {
    message: '指定的签名随机数已被使用。',
    advice: '每个请求都要使用新的随机 SignatureNonce，重试时也一样。',
    causes: '同一个签名请求发送了两次：重试时没有重新签名，或者有人窃听后重放。',
  },
  'InvalidTimeStamp.Format': {
    message: '时间戳的格式不正确。',
    advice: '请使用 UTC 时间 yyyy-MM-ddTHH:mm:ssZ。',
    causes: '时间采用了其他格式，带有时区或小数秒。',
  },
  'InvalidTimeStamp.Expired': {
    message: '时间戳已过期。',
    advice: '请校准客户端的时钟：与本服务的时间最多相差 15 分钟。',
    causes: '客户端或本服务的时钟不准，或者请求在途中等待太久。',
  },
  InvalidSignatureMethod: {
    message: '指定的签名方法无效。',
    advice: '请使用 HMAC-SHA1、HMAC-SHA256 或 ACS3-HMAC-SHA256。',
    causes: '客户端使用了这里不提供的签名方法，例如私钥签名。',
  },
  InvalidSignatureVersion: {
    message: '指定的签名版本无效。',
    advice: '请使用 SignatureVersion 1.0，或 ACS3-HMAC-SHA256 请求头。',
    causes: 'SignatureVersion 不是 1.0。',
  },
  'InvalidSecurityToken.Malformed': {
    message: 'SecurityToken 格式不正确。',
    advice: '请原样发送 `openecd key temporary` 输出的 SecurityToken。',
    causes: '令牌被截断、在途中被改动，或不是本服务的；也可能其中的加号没有编码。',
  },
  'InvalidSecurityToken.Expired': {
    message: 'SecurityToken 已过期。',
    advice: '请获取新的临时凭证。',
    causes: '凭证的有效期已过。',
  },
  'InvalidSecurityToken.MismatchWithAccessKey': {
    message: 'SecurityToken 与访问密钥不匹配。',
    advice: '请使用同时生成的 AccessKeyId、密钥和 SecurityToken。',
    causes: '密钥和令牌不是同时生成的，或没有发送令牌；也可能非临时密钥带了令牌。',
  },
  NoPermission: {
    message: '您没有执行该操作的权限。操作：<action>。',
    advice: '请向本服务的管理员申请权限。',
    causes: '用户的策略没有允许对所有相关资源执行该操作，或有策略明确拒绝，或临时凭证缩小了权限。',
  },
  'Throttling.User': {
    message: '因用户流量控制，请求被拒绝。',
    advice: '请稍候再重试。',
    causes: '该密钥每秒的请求数超过了设置 limits.userPerSecond。',
  },
  'Throttling.Api': {
    message: '因 API 流量控制，请求被拒绝。',
    advice: '请稍候再重试。',
    causes: '所有密钥每秒对该操作的请求总数超过了设置 limits.apiPerSecond。',
  },
  'OperationDenied.SignInLinkInvalid': {
    message: '登录链接未知、已过期或已被使用。',
    advice: '请在服务器上用 `openecd console link` 生成新的链接；它只能用一次，有效期 10 分钟。',
    causes: '链接已经打开过（重新加载也算）；超过了 10 分钟；或者复制时被截断。',
  },
  'OperationDenied.ForeignOrigin': {
    message: '其他来源的页面不能执行此操作。',
    advice: '请打开本服务自己的控制台；若前面有代理，请设置 publicUrl。',
    causes: '请求来自其他地址的页面，或者代理改变了 Host 头。',
  },
  ServiceUnavailable: {
    message: '服务器暂时故障，请求失败。',
    advice: '请稍候再重试。',
    causes: '数据库、仓库、磁盘或 QEMU 未能及时响应。',
  },
  InternalError: {
    message: '请求处理因未知错误、异常或故障而失败。',
    advice: '请在服务的日志中按 RequestId 查找。',
    causes: '本服务或其下层的故障。服务的日志中有说明。',
  },
};
