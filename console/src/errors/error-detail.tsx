/** One error code: status, message, what to do, which operations give it. */
import { Link } from '@tanstack/react-router';
import { Card } from 'antd';
import type { ListedError } from '../described.ts';
import { useText } from '../preferences.tsx';

export function ErrorDetail({ code, error }: { readonly code: string; readonly error: ListedError }) {
  const say = useText();
  const { family, operations } = error;
  return (
    <Card title={code}>
      <p>HTTP {error.status}</p>
      <h2>{say('message')}</h2>
      <p>{error.message}</p>
      <h2>{say('whatToDo')}</h2>
      <p>{error.advice}</p>
      {family === undefined ? null : <p>{say('familyText', { family: `${family}…` })}</p>}
      <h2>{say('givenBy')}</h2>
      {operations.length === 0 ? (
        <p>{say('anyRequest')}</p>
      ) : (
        <ul className="codes">
          {operations.map((name) => (
            <li key={name}>
              <Link to="/explorer/$action" params={{ action: name }}>
                {name}
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
