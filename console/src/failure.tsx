/** A failure as the user meets it: what the service said, and the way to what can be done. */
import { Link } from '@tanstack/react-router';
import { Alert } from 'antd';
import { ApiError, ServiceGone } from './client.ts';
import { useText } from './preferences.tsx';

export function Failure({ error }: { readonly error: Error }) {
  const say = useText();
  if (error instanceof ServiceGone) return <Alert type="error" showIcon title={say('serviceGone')} />;
  if (!(error instanceof ApiError)) return <Alert type="error" showIcon title={error.message} />;
  const { code, message, requestId } = error;
  return (
    <Alert
      type="error"
      showIcon
      title={code}
      description={
        <>
          {code === 'SignatureDoesNotMatch' ? <p>{say('wrongSecret')}</p> : null}
          <div className="said">{message}</div>
          {requestId === '' ? null : (
            <div>
              {say('requestId')} {requestId}
            </div>
          )}
          <Link to="/errors" search={{ q: code, requestId }}>
            {say('whatToDo')}
          </Link>
        </>
      }
    />
  );
}
