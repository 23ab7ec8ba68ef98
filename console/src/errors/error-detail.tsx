/** One error code: status, message, how it comes to be, what to do, which operations give it. */
import { Link } from '@tanstack/react-router';
import { Card } from 'antd';
import { usePreferences, useText } from '../preferences.tsx';
import type { Found } from './find.ts';
import { textOf } from './texts.ts';

export function ErrorDetail({ code, found }: { readonly code: string; readonly found: Found }) {
  const say = useText();
  const { language } = usePreferences();
  const { error, parameter } = found;
  const text = textOf(error, language, parameter);
  const sent = textOf(error, 'en', parameter).message;
  return (
    <Card title={code}>
      <p>HTTP {error.status}</p>
      <h2>{say('message')}</h2>
      <p lang="en">{sent}</p>
      {text.message === sent ? null : <p>{text.message}</p>}
      <h2>{say('causes')}</h2>
      <p>{text.causes}</p>
      <h2>{say('whatToDo')}</h2>
      <p>{text.advice}</p>
      {error.family === undefined ? null : <p>{say('familyText', { family: `${error.family}…` })}</p>}
      <h2>{say('givenBy')}</h2>
      {error.operations.length === 0 ? (
        <p>{say('anyRequest')}</p>
      ) : (
        <ul className="codes">
          {error.operations.map((name) => (
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
