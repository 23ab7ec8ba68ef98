/**
 * The frame of every page: navigation, region, language, theme, session, and whether the service answers.
 *
 * Invariant: nothing in it moves the page when it appears: the note about the service lies over the foot of the page.
 */
import { Link, Outlet } from '@tanstack/react-router';
import { Button, Select, theme } from 'antd';
import type { CSSProperties } from 'react';
import { usePreferences, useText } from './preferences.tsx';
import { ServiceNote } from './service-note.tsx';
import { useSession } from './session.tsx';

const LANGUAGES = [
  { value: 'en', label: 'English' },
  { value: 'zh', label: '中文' },
] as const;

export function Shell() {
  const say = useText();
  const { token } = theme.useToken();
  const colors = {
    background: token.colorBgLayout,
    color: token.colorText,
    '--link': token.colorLink,
    '--ground': token.colorBgContainer,
  } as CSSProperties;
  return (
    <div className="shell" style={colors}>
      <a className="skip" href="#content">
        {say('skip')}
      </a>
      <header
        className="head"
        style={{ background: token.colorBgContainer, borderBottomColor: token.colorBorderSecondary }}
      >
        <Link to="/" className="brand" style={{ color: token.colorText }}>
          <img src="/console/icon.svg" alt="" width={24} height={24} />
          OpenECD
        </Link>
        <Navigation />
        <Tools />
      </header>
      <main id="content" tabIndex={-1}>
        <Outlet />
      </main>
      <ServiceNote />
    </div>
  );
}

function Navigation() {
  const say = useText();
  const { token } = theme.useToken();
  const pages = [
    { to: '/desktops', text: say('desktops') },
    { to: '/policies', text: say('policies') },
    { to: '/vault', text: say('vault') },
    { to: '/images', text: say('images') },
    { to: '/explorer', text: say('explorer') },
    { to: '/errors', text: say('errors') },
  ] as const;
  return (
    <nav className="pages">
      {pages.map(({ to, text }) => (
        <Link
          key={to}
          to={to}
          style={{ color: token.colorText }}
          activeProps={{ style: { color: token.colorLink, boxShadow: `inset 0 -2px ${token.colorLink}` } }}
        >
          {text}
        </Link>
      ))}
    </nav>
  );
}

function Tools() {
  const say = useText();
  const { language, setLanguage, theme: shown, setTheme } = usePreferences();
  const { credentials, regionId, regions, setRegionId, signOut } = useSession();
  return (
    <div className="tools">
      <Select
        className="region"
        aria-label={say('region')}
        value={regionId === '' ? null : regionId}
        onChange={setRegionId}
        options={regions.map((id) => ({ value: id, label: id }))}
      />
      <Select
        className="language"
        aria-label={say('language')}
        value={language}
        onChange={setLanguage}
        options={[...LANGUAGES]}
      />
      <Button onClick={() => setTheme(shown === 'dark' ? 'light' : 'dark')}>
        {say(shown === 'dark' ? 'toLight' : 'toDark')}
      </Button>
      {credentials === null ? (
        <Link to="/sign-in">{say('signIn')}</Link>
      ) : (
        <Button title={say('signedInAs', { key: credentials.accessKeyId })} onClick={signOut}>
          {say('signOut')}
        </Button>
      )}
    </div>
  );
}
