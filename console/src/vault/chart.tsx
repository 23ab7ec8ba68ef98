/**
 * The vault's growth drawn by uPlot; a file of its own, loaded when there is something to draw.
 *
 * Invariant: what is drawn is what DescribeVault says; bytes stand on a logarithmic scale, for what is stored is often a
 * thousandth of the sizes of the disks.
 */
import { theme } from 'antd';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { size, useTime } from '../formats.ts';
import { usePreferences, useText } from '../preferences.tsx';
import type { Point } from './types.ts';

const HEIGHT = 280;

/** Nothing has no logarithm: it stands where a byte would. */
const positive = (bytes: number) => Math.max(1, bytes);

export function Chart({ history }: { readonly history: readonly Point[] }) {
  const say = useText();
  const time = useTime();
  const { language } = usePreferences();
  const { token } = theme.useToken();
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const place = box.current!;
    const axis = { stroke: token.colorText, grid: { stroke: token.colorBorderSecondary, width: 1 } };
    const line = (label: string, stroke: string) => ({
      label,
      stroke,
      width: 2,
      points: { show: history.length < 60 },
      value: (_: uPlot, bytes: number | null) => (bytes === null ? '–' : size(bytes)),
    });
    const locale = language === 'zh' ? 'zh-CN' : 'en-GB';
    const format = new Intl.DateTimeFormat(locale, { dateStyle: 'short', timeStyle: 'short' });
    const plot = new uPlot(
      {
        width: place.clientWidth,
        height: HEIGHT,
        scales: { y: { distr: 3 } },
        axes: [
          { ...axis, space: 130, values: (_, splits) => splits.map((at) => format.format(at * 1000)) },
          {
            ...axis,
            size: 90,
            values: (_, splits) => splits.map((bytes) => (bytes === null ? '' : size(bytes))),
          },
        ],
        series: [
          { value: (_, at) => (at === null ? '–' : format.format(at * 1000)) },
          line(say('seriesLogical'), token.colorTextSecondary),
          line(say('seriesChanged'), token.colorWarning),
          line(say('seriesStored'), token.colorPrimary),
        ],
      },
      [
        history.map((point) => Date.parse(point.Time) / 1000),
        history.map((point) => positive(point.LogicalBytes)),
        history.map((point) => positive(point.ChangedBytes)),
        history.map((point) => positive(point.StoredBytes)),
      ],
      place,
    );
    const watch = new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: HEIGHT }));
    watch.observe(place);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [history, token, say, language]);
  const last = history.at(-1)!;
  const label = say('chartLabel', {
    time: time(last.Time),
    logical: size(last.LogicalBytes),
    changed: size(last.ChangedBytes),
    stored: size(last.StoredBytes),
  });
  return (
    <figure className="plot">
      <div ref={box} className="canvas" />
      <figcaption className="quiet">{label}</figcaption>
    </figure>
  );
}
