/** Says that the service does not answer, and that it answers again; then everything shown is asked for anew. */
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Alert } from 'antd';
import { useEffect, useRef, useState } from 'react';
import { ServiceGone } from './client.ts';
import { useText } from './preferences.tsx';

const LOOK_MS = 5000;
const LOOK_AGAIN_MS = 1500;
const SAY_MS = 4000;
const ANSWER_MS = 4000;

async function look(): Promise<true> {
  try {
    const answer = await fetch('/healthz', {
      cache: 'no-store',
      credentials: 'omit',
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    if (answer.ok) return true;
    throw new Error(`HTTP ${answer.status}`);
  } catch (error) {
    throw new ServiceGone(error);
  }
}

export function ServiceNote() {
  const say = useText();
  const queries = useQueryClient();
  const { isError: gone } = useQuery({
    queryKey: ['health'],
    queryFn: look,
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
