/** The forms in which the service describes its operations and its errors. */

export interface Schema {
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly required?: boolean;
  readonly enum?: readonly string[];
  readonly minimum?: string;
  readonly maximum?: string;
  readonly default?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly pattern?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
}

export interface Parameter {
  readonly name: string;
  readonly style?: 'repeatList' | 'flat' | 'json';
  readonly schema: Schema;
}

export interface Api {
  readonly summary: string;
  readonly operationType: 'read' | 'write';
  readonly parameters: readonly Parameter[];
  readonly errorCodes: Readonly<Record<string, readonly { readonly errorCode: string }[]>>;
}

export interface Docs {
  readonly apis: Readonly<Record<string, Api>>;
  readonly directories: readonly { readonly title: string; readonly children: readonly string[] }[];
  readonly endpoints: readonly { readonly regionId: string }[];
}

/** What is said of an error; `<name>` stands for what the service fills in. */
export interface ErrorText {
  readonly message: string;
  readonly advice: string;
  readonly causes: string;
}

export interface ListedError extends ErrorText {
  readonly code: string;
  readonly status: number;
  readonly operations: readonly string[];
  readonly family?: 'Missing' | 'Invalid';
}
