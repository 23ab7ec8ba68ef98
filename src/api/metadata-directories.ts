/** The operations in groups, as the metadata list them: the first group whose words fit. */
const GROUPS: readonly (readonly [title: string, words: RegExp])[] = [
  ['Regions', /Region/],
  ['Automatic snapshot policies', /AutoSnapshotPolicy$/],
  ['Snapshots', /Snapshots?$/],
  ['Office sites', /OfficeSites?$/],
  ['Policy groups', /PolicyGroups?$/],
  ['Tags', /[Tt]agResources$/],
  ['Commands', /Command$|Invocations?$/],
  ['Images', /Images?$|ImageAttribute$/],
  ['Bundles', /Bundles?$/],
  ['Audit log', /AuditEvents$/],
  ['Vault', /Vault$/],
  ['Desktops', /Desktop|ConnectionTicket$|Disks$/],
  ['Others', /./],
];

/** Every name once; groups without a name are left out. */
export function directoriesOf(names: readonly string[]) {
  const titleOf = (name: string) => GROUPS.find(([, words]) => words.test(name))![0];
  const groups = Map.groupBy(names, titleOf);
  return GROUPS.flatMap(([title], at) => {
    const children = groups.get(title);
    return children === undefined ? [] : [{ id: at + 1, title, type: 'directory', children }];
  });
}
