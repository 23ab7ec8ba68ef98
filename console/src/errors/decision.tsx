/**
 * What was asked and decided in one request, as the audit log has it, for those who may read that.
 *
 * Invariant: what is shown belongs to the RequestId in the title: nothing of another one stays while it is looked for.
 */
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Button, Card, Descriptions } from 'antd';
import { ApiError, call } from '../client.ts';
import { Failure } from '../failure.tsx';
import { useTime } from '../formats.ts';
import { useText } from '../preferences.tsx';
import { useSession } from '../session.tsx';

interface AuditEvent {
  readonly EventTime: string;
  readonly AccessKeyId: string;
  readonly UserName: string;
  readonly Operation: string;
  readonly Kind: string;
  readonly Resources: readonly string[];
  readonly SourceAddress: string;
  readonly Status: number;
  readonly Result: string;
  readonly DurationMs: number;
}

export function Decision({ requestId }: { readonly requestId: string }) {
  const say = useText();
  const { credentials, regionId } = useSession();
  const asked = useQuery({
    queryKey: ['api', 'GetAuditEvents', regionId, requestId],
    queryFn: () =>
      call<{ AuditEvents: AuditEvent[] }>(credentials!, 'GetAuditEvents', {
        RegionId: regionId,
        EventRequestId: requestId,
      }),
    enabled: credentials !== null && regionId !== '',
    staleTime: 0,
  });
  const mayNot = asked.error instanceof ApiError && asked.error.code === 'NoPermission';
  const event = asked.data?.AuditEvents[0];
  return (
    <Card title={say('decisionTitle')}>
      <p>
        {say('requestId')}: <code className="said">{requestId}</code>
      </p>
      {credentials === null ? (
        <>
          <p>{say('decisionSignIn')}</p>
          <Link to="/sign-in">{say('signIn')}</Link>
        </>
      ) : mayNot ? (
        <p>{say('decisionNoRight')}</p>
      ) : asked.error !== null ? (
        <Failure error={asked.error} />
      ) : event !== undefined ? (
        <Event event={event} />
      ) : (
        <>
          <p role="status">{say(asked.isFetching ? 'decisionLooking' : 'decisionNone')}</p>
          <Button disabled={asked.isFetching} onClick={() => void asked.refetch()}>
            {say('tryAgain')}
          </Button>
        </>
      )}
    </Card>
  );
}

function Event({ event }: { readonly event: AuditEvent }) {
  const say = useText();
  const moment = useTime();
  const decided = event.Result === 'OK' ? say('decisionAllowed') : event.Result;
  const rows: readonly (readonly [string, string])[] = [
    [say('decided'), `${decided} (HTTP ${event.Status})`],
    [say('operation'), event.Operation === '' ? say('decisionUnknown') : event.Operation],
    [say('resources'), event.Resources.join(', ') || say('none')],
    [say('user'), event.UserName === '' ? say('decisionNobody') : event.UserName],
    [say('accessKeyId'), event.AccessKeyId || say('none')],
    [say('sourceAddress'), event.SourceAddress],
    [say('when'), moment(event.EventTime)],
    [say('time'), `${event.DurationMs} ms`],
  ];
  return (
    <Descriptions
      bordered
      column={1}
      size="small"
      items={rows.map(([label, text]) => ({
        key: label,
        label,
        children: <span className="said">{text}</span>,
      }))}
    />
  );
}
