/**
 * Operations that the public service does not have: what the console shows of the inside, told to every client alike.
 * All of them read. docs/differences.md is made of this, too.
 */
export const EXTENSIONS: Readonly<Record<string, readonly string[]>> = {
  GetAuditEvents: [
    'Newest first, up to 100 entries a page; EventRequestId finds what was asked and decided in one request, a fifth of a second after its answer; Resource finds what acted on one thing, among the newest 20,000 entries. An entry holds who, what, on what, from where and how it ended, never a parameter or a secret.',
    'What a policy makes and deletes by itself is there, too, as CreateSnapshot and DeleteSnapshot with its PolicyId: UserName is who made the policy, Reason says why a snapshot was deleted or could not be made (once, when the last try has failed). Points that a policy missed or skipped are told in the log of the service alone.',
    'What `openecd user`, `key`, `access-policy` and `console link` changed on the server is there, too, under the names of the public access-control service (CreateUser, CreateAccessKey, AttachPolicyToUser, AssumeRole for temporary keys, GetSigninToken for a link, ...), on user/NAME, key/ID and accesspolicy/NAME: SourceAddress is local, UserName the user of the operating system, Reason the status that UpdateAccessKey gave.',
    'The right is ecd:GetAuditEvents on audit/*. AliyunECDReadOnlyAccess does not give it. Requests that only read and were answered are in the log if the setting audit.reads is on.',
  ],
  GetDesktopScreenshot: [
    'PNG, made smaller to fit in MaxSize by MaxSize pixels (16 to 1,280; 320 if not sent). The console shows it in its list.',
    'Whoever has the right ecd:GetDesktopScreenshot on a desktop sees what its user sees: AliyunECDReadOnlyAccess does not hold it.',
  ],
  PreviewAutoSnapshotPolicy: [
    'The next ten runs of a policy or of an expression, and what is made and deleted in 30 days, by the rules that the service itself follows, if every snapshot succeeds and nothing is changed. With PolicyId it is of the desktops that have it; with none, and without PolicyId, of one desktop without snapshots. RetentionDays is 7 if neither the request nor a policy says it.',
    'At most 2,000 turns are worked out: a schedule that has more gets a shorter time (EndTime), then fewer desktops (PreviewedDesktopNum). Rights on snapshotpolicy/ID and snapshot/* are needed, without PolicyId on snapshotpolicy/new.',
  ],
  DescribeVault: [
    'Vault and History are of the whole vault, Desktops and Jobs of the region. What is read of whole tables may be some seconds old. NextToken leads on through Desktops alone; one that grows meanwhile may be given twice. Rights on snapshot/* are needed.',
    'StoredBytes of a snapshot are the new bytes that it added when it was stored: what an older one had already is not in it, and deleting it does not give all of them back.',
  ],
  DescribeDisks: [
    'Layers stand bottom first. A desktop whose disk was never held has no BASE: its ACTIVE layer stands on the image, or on nothing if it is a data disk.',
  ],
};
