/** Says that the service does not answer, and that it answers again; then everything shown is asked for anew. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { useText } from './preferences.tsx';
import { lookForService } from './service-health.ts';

const LOOK_MS = 5000;
const LOOK_AGAIN_MS = 1500;
const SAY_MS = 4000;

export function ServiceNote() {
  const say = useText();
  const queries = useQueryClient();
  const { isError: gone } = useQuery({
    queryKey: ['health'],
    queryFn: lookForService,
    retry: false,
    // A page that nobody looks at is right, too, when somebody looks again.
    refetchIntervalInBackground: true,
    refetchInterval: (query) => (query.state.status === 'error' ? LOOK_AGAIN_MS : LOOK_MS),
  });
  const [back, setBack] = useState(false);
  const wasGone = useRef(false);
  useEffect(() => {
    if (!gone && wasGone.current) {
      setBack(true);
      void queries.invalidateQueries({ predicate: (query) => query.queryKey[0] !== 'health' });
    }
    wasGone.current = gone;
  }, [gone, queries]);
  useEffect(() => {
    if (!back) return;
    const timer = setTimeout(() => setBack(false), SAY_MS);
    return () => clearTimeout(timer);
  }, [back]);
  return (
    <div className="note" role="status">
      {gone ? (
        <Alert type="error" showIcon title={say('serviceGone')} />
      ) : back ? (
        <Alert type="success" showIcon title={say('serviceBack')} />
      ) : null}
    </div>
  );
}
