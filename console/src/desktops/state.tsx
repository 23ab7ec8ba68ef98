/** The state of a desktop: a coloured dot and its name, so that colour alone says nothing. */
import { theme } from 'antd';
import { useText } from '../preferences.tsx';
import { stateName } from '../status-names.ts';

const CHANGING = new Set(['Pending', 'Starting', 'Stopping', 'Rebuilding']);

export const isChanging = (status: string) => CHANGING.has(status);

export function State({ status }: { readonly status: string }) {
  const say = useText();
  const { token } = theme.useToken();
  const color =
    status === 'Running'
      ? token.colorSuccess
      : isChanging(status)
        ? token.colorWarning
        : token.colorTextQuaternary;
  return (
    <span className="state">
      <span className="dot" style={{ background: color }} />
      {stateName(say, status)}
    </span>
  );
}
