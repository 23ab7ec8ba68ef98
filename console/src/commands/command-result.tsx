/** What became of a command: its status while it runs, then its exit code and its output, up to a limit. */
import { Alert, Button, Spin } from 'antd';
import { listed, useCall, useWrite } from '../api.ts';
import { call } from '../client.ts';
import { CodeBlock } from '../code-block.tsx';
import { Failure } from '../failure.tsx';
import { size } from '../formats.ts';
import { useText } from '../preferences.tsx';
import { commandStatusName } from '../status-names.ts';

const SOON_MS = 1000;
const LATER_MS = 60_000;
/** The service keeps less; a page must not be drawn for minutes whatever it is sent. */
const SHOWN_CHARACTERS = 100_000;

interface Result {
  readonly InvocationStatus: string;
  readonly ExitCode?: number;
  readonly Output?: string;
  readonly Dropped: number;
  readonly ErrorCode: string;
  readonly ErrorInfo: string;
}

interface Found {
  readonly Invocations: readonly { readonly InvokeDesktops: readonly Result[] }[];
}

const resultOf = (found: Found | undefined) => found?.Invocations[0]?.InvokeDesktops[0];
const isGoing = (result: Result | undefined) =>
  result === undefined || ['Pending', 'Running'].includes(result.InvocationStatus);

export function CommandResult({
  invokeId,
  desktopId,
}: {
  readonly invokeId: string;
  readonly desktopId: string;
}) {
  const say = useText();
  const found = useCall<Found>(
    'DescribeInvocations',
    { InvokeId: invokeId, DesktopId: desktopId, IncludeOutput: 'true', ContentEncoding: 'PlainText' },
    (credentials, all) => call(credentials, 'DescribeInvocations', all),
    (data) => (isGoing(resultOf(data)) ? SOON_MS : LATER_MS),
  );
  const stop = useWrite(() => {});
  const result = resultOf(found.data);
  if (found.error !== null) return <Failure error={found.error} />;
  if (result === undefined || isGoing(result))
    return (
      <div className="stack">
        <div className="row">
          <Spin size="small" />
          <span role="status">
            {say('commandGoing', { status: commandStatusName(say, result?.InvocationStatus ?? 'Pending') })}
          </span>
          <Button
            size="small"
            loading={stop.isPending}
            onClick={() =>
              stop.mutate({
                action: 'StopInvocation',
                parameters: { InvokeId: invokeId, ...listed('DesktopId', [desktopId]) },
              })
            }
          >
            {say('stop')}
          </Button>
        </div>
        {stop.error === null ? null : <Failure error={stop.error} />}
      </div>
    );
  const output = result.Output ?? '';
  const left = result.Dropped + Math.max(0, output.length - SHOWN_CHARACTERS);
  return (
    <div className="stack">
      <Alert
        showIcon
        type={result.InvocationStatus === 'Success' ? 'success' : 'error'}
        title={[
          commandStatusName(say, result.InvocationStatus),
          ...(result.ExitCode === undefined ? [] : [say('exitCode', { code: result.ExitCode })]),
        ].join(' · ')}
        description={result.ErrorCode === '' ? undefined : `${result.ErrorCode} ${result.ErrorInfo}`}
      />
      <CodeBlock label={say('output')} text={output.slice(0, SHOWN_CHARACTERS)} />
      {left > 0 ? <span className="quiet">{say('outputLeft', { size: size(left) })}</span> : null}
    </div>
  );
}
