/** One parameter of the form: its control, what it means, its rules. */
import { Input, Select, theme } from 'antd';
import { useId } from 'react';
import type { Parameter } from '../described.ts';
import { useText } from '../preferences.tsx';
import { useSession } from '../session.tsx';
import { exampleOf, rulesOf } from './rules.ts';
import { type Fault, kindOf } from './wire-parameters.ts';

interface Props {
  readonly parameter: Parameter;
  readonly value: string;
  readonly fault: Fault | undefined;
  onChange(value: string): void;
}

export function Field({ parameter, value, fault, onChange }: Props) {
  const say = useText();
  const { token } = theme.useToken();
  const id = useId();
  const { name, schema } = parameter;
  const { regionId } = useSession();
  const example = exampleOf(parameter, regionId);
  return (
    <div className="field">
      <label htmlFor={id}>
        <strong>{name}</strong> <small>{schema.required ? say('mandatory') : schema.type}</small>
      </label>
      <Control
        parameter={parameter}
        value={value}
        onChange={onChange}
        id={id}
        example={example}
        bad={fault !== undefined}
      />
      <div id={`${id}-help`} style={{ color: token.colorTextDescription }}>
        {fault === undefined ? null : <div style={{ color: token.colorError }}>{say(fault)}</div>}
        {[schema.description, ...rulesOf(parameter, say)].filter(Boolean).join(' ')}
        {example === '' ? null : <code className="example">{say('exampleRule', { value: example })}</code>}
      </div>
    </div>
  );
}

interface ControlProps {
  readonly parameter: Parameter;
  readonly value: string;
  readonly id: string;
  readonly bad: boolean;
  readonly example: string;
  onChange(value: string): void;
}

function Control({ parameter, value, id, bad, example: placeholder, onChange }: ControlProps) {
  const say = useText();
  const { schema } = parameter;
  const kind = kindOf(parameter);
  const choices = schema.type === 'boolean' ? ['true', 'false'] : kind === 'text' ? schema.enum : undefined;
  const common = { id, 'aria-describedby': `${id}-help`, ...(bad ? { status: 'error' as const } : {}) };
  if (choices !== undefined) {
    const options = ['', ...choices].map((one) => ({ value: one, label: one === '' ? say('notSent') : one }));
    return <Select {...common} className="wide" value={value} onChange={onChange} options={options} />;
  }
  if (kind === 'text' && parameter.name !== 'CommandContent')
    return (
      <Input
        {...common}
        value={value}
        placeholder={placeholder}
        spellCheck={false}
        onChange={(event) => onChange(event.target.value)}
      />
    );
  return (
    <Input.TextArea
      {...common}
      value={value}
      placeholder={placeholder}
      spellCheck={false}
      autoSize={{ minRows: 2, maxRows: 8 }}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
