/** What the service answered, with status, RequestId and time. */
import { Link } from '@tanstack/react-router';
import type { Answer } from '../client.ts';
import { CodeBlock } from '../code-block.tsx';
import { useText } from '../preferences.tsx';
import { readError } from '../read-error.ts';
import { prettyJson, prettyXml } from './pretty.ts';

export function AnswerView({ answer }: { readonly answer: Answer }) {
  const say = useText();
  const code = answer.status === 200 ? undefined : readError(answer.text)?.code;
  const xml = answer.text.startsWith('<');
  return (
    <div className="stack">
      <div className="row" role="status">
        <span>
          {say('status')}: <strong>{answer.status}</strong>
        </span>
        <span>
          {say('requestId')}: {answer.requestId}
        </span>
        <span>
          {say('time')}: {Math.round(answer.milliseconds)} ms
        </span>
        {code === undefined ? null : (
          <Link to="/errors" search={{ q: code, requestId: answer.requestId }}>
            {say('whatToDo')}
          </Link>
        )}
      </div>
      <CodeBlock text={xml ? prettyXml(answer.text) : prettyJson(answer.text)} label={say('answer')} />
    </div>
  );
}
