/** What stands around every page: preferences, data, theme, session, addresses. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { ConfigProvider, type ThemeConfig, theme as themes } from 'antd';
import enUS from 'antd/locale/en_US';
import zhCN from 'antd/locale/zh_CN';
import { useMemo } from 'react';
import { ServiceGone } from './client.ts';
import { PreferencesProvider, type Theme, usePreferences } from './preferences.tsx';
import { router } from './router.tsx';
import { SessionProvider } from './session.tsx';

const GONE_AGAIN_MS = 2000;

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // The service is on the same machine or network: what the browser believes of the internet says nothing.
      networkMode: 'always',
      retry: (_, error) => error instanceof ServiceGone,
      retryDelay: GONE_AGAIN_MS,
    },
    mutations: { networkMode: 'always' },
  },
});

/** The defaults of antd with enough contrast for small text: dark on the bright buttons of the dark theme. */
function themeOf(theme: Theme): ThemeConfig {
  const shared = { fontSize: 14, motion: false };
  if (theme === 'light')
    return {
      algorithm: themes.defaultAlgorithm,
      token: {
        ...shared,
        colorPrimary: '#0958d9',
        colorLink: '#0958d9',
        colorError: '#c8191f',
        colorTextPlaceholder: '#6b6b6b',
        colorTextDescription: '#5f5f5f',
      },
      components: { Button: { defaultHoverColor: '#0958d9' } },
    };
  return {
    algorithm: themes.darkAlgorithm,
    token: {
      ...shared,
      colorPrimary: '#5aa2ff',
      colorLink: '#7ab5ff',
      colorError: '#ff7875',
      colorTextPlaceholder: '#9a9a9a',
      colorTextDescription: '#a6a6a6',
    },
    components: { Button: { primaryColor: '#000', dangerColor: '#000' } },
  };
}

function Themed() {
  const { theme, language } = usePreferences();
  const antdTheme = useMemo(() => themeOf(theme), [theme]);
  return (
    <ConfigProvider
      theme={antdTheme}
      locale={language === 'zh' ? zhCN : enUS}
      // A space between two Chinese characters would make the text another one than its label.
      button={{ autoInsertSpace: false }}
    >
      <QueryClientProvider client={queries}>
        <SessionProvider>
          <RouterProvider router={router} />
        </SessionProvider>
      </QueryClientProvider>
    </ConfigProvider>
  );
}

export function App() {
  return (
    <PreferencesProvider>
      <Themed />
    </PreferencesProvider>
  );
}
