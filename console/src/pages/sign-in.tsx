/** Signing in: one signed request shows whether key and secret are right. */
import { useMutation } from '@tanstack/react-query';
import { useCanGoBack, useNavigate, useRouter } from '@tanstack/react-router';
import { Alert, Button, Card, Form, Input, Typography } from 'antd';
import { useLayoutEffect } from 'react';
import { ApiError, call, openLink } from '../client.ts';
import { Failure } from '../failure.tsx';
import { useText } from '../preferences.tsx';
import { useSession } from '../session.tsx';
import { onLink } from '../sign-in-link.ts';
import { credentialsOf } from '../signer.ts';

interface Fields {
  readonly accessKeyId: string;
  readonly secret: string;
  readonly securityToken?: string;
}

/** `stay`: in the place of a page that is shown once somebody has signed in. */
export function SignIn({ stay = false }: { readonly stay?: boolean }) {
  const say = useText();
  const { signIn, regionId, ended } = useSession();
  const navigate = useNavigate();
  const router = useRouter();
  const canGoBack = useCanGoBack();
  const [form] = Form.useForm<Fields>();
  const attempt = useMutation({
    mutationFn: async (fields: Fields) => {
      const credentials = await credentialsOf(fields.accessKeyId.trim(), fields.secret.trim(), {
        securityToken: fields.securityToken?.trim() || undefined,
      });
      try {
        await call(credentials, 'DescribeRegions', { RegionId: regionId });
      } catch (error) {
        // The signature was right, and the key may do other things.
        if (!(error instanceof ApiError && error.code === 'NoPermission')) throw error;
      }
      return credentials;
    },
    onSuccess: (credentials) => {
      form.resetFields();
      signIn(credentials);
      if (stay) return;
      if (canGoBack) router.history.back();
      else void navigate({ to: '/' });
    },
  });
  const { mutate: open, ...opening } = useMutation({
    mutationFn: openLink,
    onSuccess: (credentials) => {
      signIn(credentials);
      void navigate({ to: '/', replace: true });
    },
  });
  // Elsewhere the page could not use what it gets: the link stays good for a page that can.
  // Before the form is painted, so that nothing flickers.
  useLayoutEffect(() => (globalThis.isSecureContext ? onLink(open) : undefined), [open]);
  const rules = [{ required: true, message: say('required') }];
  // Without it a browser has no cryptography for this page.
  if (!globalThis.isSecureContext) {
    return (
      <div className="page narrow">
        <Alert type="warning" showIcon title={say('insecureTitle')} description={say('insecureText')} />
      </div>
    );
  }
  if (opening.isPending) {
    return (
      <div className="page narrow">
        <p role="status">{say('openingLink')}</p>
      </div>
    );
  }
  return (
    <div className="page narrow">
      <Typography.Title level={1}>{say('signIn')}</Typography.Title>
      {ended ? <Alert type="info" showIcon title={say('sessionEnded')} /> : null}
      {opening.error === null ? null : <Failure error={opening.error} />}
      <Card>
        <p>{say('signInLead')}</p>
        <Form
          form={form}
          layout="vertical"
          requiredMark={false}
          onFinish={attempt.mutate}
          onValuesChange={() => attempt.reset()}
        >
          <Form.Item name="accessKeyId" label={say('accessKeyId')} rules={rules}>
            <Input autoComplete="username" spellCheck={false} />
          </Form.Item>
          <Form.Item name="secret" label={say('secret')} rules={rules}>
            <Input.Password autoComplete="off" spellCheck={false} />
          </Form.Item>
          <Form.Item name="securityToken" label={say('securityToken')}>
            <Input autoComplete="off" spellCheck={false} />
          </Form.Item>
          <Button type="primary" htmlType="submit" loading={attempt.isPending}>
            {say('signIn')}
          </Button>
        </Form>
        {attempt.error === null ? null : <Failure error={attempt.error} />}
      </Card>
      <p>{say('memoryOnly')}</p>
      <p>{say('whereKey')}</p>
    </div>
  );
}

export function SignInPage() {
  return <SignIn />;
}
