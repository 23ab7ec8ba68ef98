/** Operations that the public service does not have, and what they do. No client of the public service calls them. */
export const EXTENSION_BEHAVIOUR: Readonly<Record<string, readonly string[]>> = {
  GetAuditEvents: [
    'An extension: the public service has no such operation. It lists the audit log, newest first, up to 100 entries a page; EventRequestId finds what was asked and decided in one request, a fifth of a second after its answer. An entry holds who, what, on what, from where and how it ended, never a parameter or a secret.',
    'The right is ecd:GetAuditEvents on audit/*. AliyunECDReadOnlyAccess does not give it. Requests that only read and were answered are in the log if the setting audit.reads is on.',
  ],
};

export const EXTENSIONS: ReadonlySet<string> = new Set(Object.keys(EXTENSION_BEHAVIOUR));
