/** The addresses of the console. Every page is a file of its own that is loaded when it is first shown. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router';
import { Missing } from './pages/missing.tsx';
import { part } from './parts.ts';
import { Shell } from './shell.tsx';

const root = createRootRoute({ component: Shell, notFoundComponent: Missing });

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/desktops' });
  },
});

const desktops = createRoute({
  getParentRoute: () => root,
  path: '/desktops',
  component: lazyRouteComponent(() => part(() => import('./pages/desktops.tsx')), 'Desktops'),
});

const desktop = createRoute({
  getParentRoute: () => root,
  path: '/desktops/$desktopId',
  component: lazyRouteComponent(() => part(() => import('./pages/desktop.tsx')), 'DesktopPage'),
});

const explorer = createRoute({
  getParentRoute: () => root,
  path: '/explorer',
  component: lazyRouteComponent(() => part(() => import('./pages/explorer.tsx')), 'ExplorerStart'),
});

const operation = createRoute({
  getParentRoute: () => root,
  path: '/explorer/$action',
  component: lazyRouteComponent(() => part(() => import('./pages/explorer.tsx')), 'ExplorerOperation'),
});

const policies = createRoute({
  getParentRoute: () => root,
  path: '/policies',
  component: lazyRouteComponent(() => part(() => import('./pages/policies.tsx')), 'Policies'),
});

const policy = createRoute({
  getParentRoute: () => root,
  path: '/policies/$policyId',
  component: lazyRouteComponent(() => part(() => import('./pages/policies.tsx')), 'PolicyPage'),
});

const vault = createRoute({
  getParentRoute: () => root,
  path: '/vault',
  component: lazyRouteComponent(() => part(() => import('./pages/vault.tsx')), 'VaultPage'),
});

const images = createRoute({
  getParentRoute: () => root,
  path: '/images',
  component: lazyRouteComponent(() => part(() => import('./pages/images.tsx')), 'Images'),
});

export interface ErrorSearch {
  /** The code, as `Recommend` of an error answer names it. */
  readonly q?: string;
  readonly requestId?: string;
}

/** Search values that look like numbers come as numbers. */
const textOf = (value: unknown) => (value === undefined || value === '' ? undefined : String(value));

const errors = createRoute({
  getParentRoute: () => root,
  path: '/errors',
  validateSearch: (search: Record<string, unknown>): ErrorSearch => {
    const q = textOf(search['q']);
    const requestId = textOf(search['requestId']);
    return { ...(q === undefined ? {} : { q }), ...(requestId === undefined ? {} : { requestId }) };
  },
  component: lazyRouteComponent(() => part(() => import('./pages/errors.tsx')), 'Errors'),
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  component: lazyRouteComponent(() => part(() => import('./pages/sign-in.tsx')), 'SignInPage'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    desktops,
    desktop,
    policies,
    policy,
    vault,
    images,
    explorer,
    operation,
    errors,
    signIn,
  ]),
  basepath: '/console',
  defaultPreload: 'intent',
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
