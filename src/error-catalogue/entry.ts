/** What the catalogue says of one error code. */
export interface CatalogueEntry {
  /** HTTP status of the answer. */
  readonly status: number;
  /** Message; `{name}` is replaced by the detail of that name. */
  readonly message: string;
  /** What the caller can do about it. */
  readonly advice: string;
  /** How it usually comes to be; every code that a client can meet has it. */
  readonly causes?: string;
  /** True: a client sees InternalError or ServiceUnavailable instead. */
  readonly internal?: true;
}
