/** The error codes that an operation states. */
import { Link } from '@tanstack/react-router';
import type { Api } from '../described.ts';
import { useText } from '../preferences.tsx';

export function ErrorsOf({ api }: { readonly api: Api }) {
  const say = useText();
  const codes = Object.values(api.errorCodes)
    .flat()
    .map((one) => one.errorCode);
  if (codes.length === 0) return null;
  return (
    <section>
      <h3>{say('errorsOf')}</h3>
      <ul className="codes">
        {codes.map((code) => (
          <li key={code}>
            <Link to="/errors" search={{ q: code }}>
              {code}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
