/** Text as it is, in a frame, with a button that copies it. */
import { Button, theme } from 'antd';
import { useEffect, useState } from 'react';
import { useText } from './preferences.tsx';

const SAY_MS = 2000;

interface Props {
  readonly text: string;
  readonly label: string;
  /** Programs keep their lines; what is to be read as a whole is wrapped. */
  readonly wrap?: boolean;
}

export function CodeBlock({ text, label, wrap = true }: Props) {
  const say = useText();
  const { token } = theme.useToken();
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SAY_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <div className="code-box">
      <Button
        size="small"
        aria-label={`${say('copy')}: ${label}`}
        onClick={() => void navigator.clipboard.writeText(text).then(() => setCopied(true))}
      >
        {say(copied ? 'copied' : 'copy')}
      </Button>
      <section
        className="code"
        aria-label={label}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
        tabIndex={0}
        style={{ background: token.colorFillAlter, borderColor: token.colorBorderSecondary }}
      >
        <pre className={wrap ? 'wrap' : ''}>{text}</pre>
      </section>
    </div>
  );
}
