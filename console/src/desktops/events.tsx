/** What was asked of a desktop lately, by whom and how it ended, for those who may read the audit log. */
import { useQuery } from '@tanstack/react-query';
import { Card, Table } from 'antd';
import { ApiError, call } from '../client.ts';
import { Failure } from '../failure.tsx';
import { useTime } from '../formats.ts';
import { useText } from '../preferences.tsx';
import { useSession } from '../session.tsx';

const NEWEST = 20;
const AGAIN_MS = 10_000;

interface AuditEvent {
  readonly EventRequestId: string;
  readonly EventTime: string;
  readonly UserName: string;
  readonly Operation: string;
  readonly SourceAddress: string;
  readonly Result: string;
  /** Of what a policy did by itself. */
  readonly PolicyId?: string;
  readonly Reason?: string;
}

export function Events({ desktopId }: { readonly desktopId: string }) {
  const say = useText();
  const moment = useTime();
  const { credentials, regionId } = useSession();
  const asked = useQuery({
    queryKey: ['api', 'GetAuditEvents', regionId, desktopId],
    queryFn: () =>
      call<{ AuditEvents: readonly AuditEvent[] }>(credentials!, 'GetAuditEvents', {
        RegionId: regionId,
        Resource: `desktop/${desktopId}`,
        MaxResults: String(NEWEST),
      }),
    enabled: credentials !== null && regionId !== '',
    // Who may not see them now is not asked for again and again.
    refetchInterval: ({ state }) => (state.error === null ? AGAIN_MS : false),
  });
  const mayNot = asked.error instanceof ApiError && asked.error.code === 'NoPermission';
  return (
    <section aria-label={say('events')}>
      <Card title={<h2 className="name">{say('events')}</h2>}>
        {mayNot ? (
          <p>{say('decisionNoRight')}</p>
        ) : asked.error !== null ? (
          <Failure error={asked.error} />
        ) : (
          <Table
            size="small"
            // A screen that opens and closes is two events of one request.
            rowKey={(event) => `${event.EventRequestId} ${event.Operation}`}
            pagination={false}
            loading={asked.data === undefined}
            locale={{ emptyText: say('noEvents') }}
            dataSource={asked.data?.AuditEvents ?? []}
            columns={[
              { title: say('when'), render: (_, event: AuditEvent) => moment(event.EventTime) },
              { title: say('operation'), dataIndex: 'Operation' },
              { title: say('user'), render: (_, event) => event.UserName || say('decisionNobody') },
              // What a policy did has come from nowhere else.
              { title: say('sourceAddress'), render: (_, event) => event.PolicyId ?? event.SourceAddress },
              {
                title: say('decided'),
                render: (_, event) => (
                  <span title={event.Reason}>
                    {event.Result === 'OK' ? say('decisionAllowed') : event.Result}
                  </span>
                ),
              },
            ]}
          />
        )}
      </Card>
    </section>
  );
}
