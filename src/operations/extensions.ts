/**
 * Operations that the public service does not have: what its console shows of the inside, told to every client alike.
 * All of them read. docs/differences.md is made of this, too.
 */
export const EXTENSIONS: Readonly<Record<string, readonly string[]>> = {
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
