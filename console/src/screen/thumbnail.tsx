/**
 * What the screen of a desktop shows, small, in a box of a fixed size.
 *
 * Invariants: it is asked for only while it can be seen and the page is in front, and slowly; whoever has no right to it
 * sees an empty box and asks no more.
 */
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { Desktop } from '../api.ts';
import { ApiError, call } from '../client.ts';
import { useText } from '../preferences.tsx';
import { useSession } from '../session.tsx';

const AGAIN_MS = 15_000;
const SIZE = '160';

export function Thumbnail({ desktop }: { readonly desktop: Desktop }) {
  const say = useText();
  const box = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(([entry]) => setSeen(entry?.isIntersecting === true));
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);
  const { credentials, regionId } = useSession();
  const running = desktop.DesktopStatus === 'Running';
  const wanted = { RegionId: regionId, DesktopId: desktop.DesktopId, MaxSize: SIZE };
  const found = useQuery({
    queryKey: ['api', 'GetDesktopScreenshot', wanted],
    queryFn: () => call<{ Screenshot: string }>(credentials!, 'GetDesktopScreenshot', wanted),
    enabled: (query) =>
      credentials !== null &&
      seen &&
      running &&
      !(query.state.error instanceof ApiError && isForGood(query.state.error)),
    staleTime: AGAIN_MS,
    gcTime: AGAIN_MS,
    refetchInterval: AGAIN_MS,
  });
  return (
    <div className="thumbnail" ref={box}>
      {running && found.data !== undefined ? (
        <img
          src={`data:image/png;base64,${found.data.Screenshot}`}
          alt={say('screenOf', { name: desktop.DesktopName })}
        />
      ) : null}
    </div>
  );
}

const isForGood = (error: ApiError) => error.code === 'NoPermission';
