/**
 * Operations that the public service does not have: what the console shows of the inside, told to every client alike.
 * All of them read. docs/differences.md is made of this, too.
 */
export const EXTENSIONS: Readonly<Record<string, readonly string[]>> = {
  GetAuditEvents: [
    'Newest first, up to 100 entries a page; EventRequestId finds what was asked and decided in one request, a fifth of a second after its answer. An entry holds who, what, on what, from where and how it ended, never a parameter or a secret.',
    'The right is ecd:GetAuditEvents on audit/*. AliyunECDReadOnlyAccess does not give it. Requests that only read and were answered are in the log if the setting audit.reads is on.',
  ],
  GetDesktopScreenshot: [
    'PNG, made smaller to fit in MaxSize by MaxSize pixels (16 to 1,280; 320 if not sent). The console shows it in its list.',
    'Whoever has the right ecd:GetDesktopScreenshot on a desktop sees what its user sees: AliyunECDReadOnlyAccess does not hold it.',
  ],
};
