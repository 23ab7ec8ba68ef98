/** Differences in names, types and limits: the places `at` + `.` + each of `names` (or `at` alone). */
export interface SchemaDifference {
  readonly at: string;
  readonly names?: readonly string[];
  readonly why: string;
}
