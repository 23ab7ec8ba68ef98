/** All samples by their names, in the order in which they are offered, and which of them a test runs. */
import { aliyunCliSample } from './aliyun-cli.ts';
import { csharpSample } from './csharp.ts';
import { curlSample } from './curl.ts';
import { aliyungoSample, goSample } from './go.ts';
import { javaSample } from './java.ts';
import { nodeSample } from './node.ts';
import { phpSample } from './php.ts';
import { popCoreSample } from './pop-core.ts';
import { pythonSample } from './python.ts';
import type { Wanted } from './sample.ts';
import { sdkPythonSample } from './sdk-python.ts';
import { terraformSample } from './terraform.ts';
import { typescriptSample } from './typescript.ts';

export interface Sample {
  readonly name: string;
  /** Undefined if there is none for the operation. */
  readonly make: (wanted: Wanted) => string | undefined;
  /** Where it is executed: in every run of the tests, in a full one, or nowhere. */
  readonly run: 'always' | 'full' | 'never';
}

export const SAMPLES: readonly Sample[] = [
  { name: 'curl', make: curlSample, run: 'always' },
  { name: 'Node.js', make: nodeSample, run: 'always' },
  { name: 'Node.js (pop-core)', make: popCoreSample, run: 'always' },
  { name: 'TypeScript (SDK)', make: typescriptSample, run: 'always' },
  { name: 'Python', make: pythonSample, run: 'always' },
  { name: 'Python (SDK)', make: sdkPythonSample, run: 'never' },
  { name: 'Java (SDK)', make: javaSample, run: 'never' },
  { name: 'Go (SDK)', make: goSample, run: 'never' },
  { name: 'Go (aliyungo)', make: aliyungoSample, run: 'full' },
  { name: 'PHP (SDK)', make: phpSample, run: 'never' },
  { name: 'C# (SDK)', make: csharpSample, run: 'never' },
  { name: 'aliyun CLI', make: aliyunCliSample, run: 'never' },
  { name: 'Terraform', make: terraformSample, run: 'never' },
];
