import { useText } from '../preferences.tsx';

export function Missing() {
  return <p className="page">{useText()('pageMissing')}</p>;
}
