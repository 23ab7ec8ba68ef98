/** Pages that show what is stored: without a session they show the form to sign in, in their place. */
import type { ReactNode } from 'react';
import { SignIn } from './pages/sign-in.tsx';
import { useSession } from './session.tsx';

export function Signed({ children }: { readonly children: ReactNode }) {
  return useSession().credentials === null ? <SignIn stay /> : children;
}
