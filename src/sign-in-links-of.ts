/** The sign-in links of the console, as the door is given them. */
import { Throttle } from './access/limits.ts';
import type { SignInLinks } from './api/ports.ts';
import type { Catalogue } from './catalogue/catalogue.ts';
import type { SecretBox } from './catalogue/secrets.ts';
import { spendLink } from './catalogue/sign-in-links.ts';
import { systemClock } from './ids.ts';

/** Tries a second from one address, and from all together: a person needs one. */
const TRIES = { userPerSecond: 2, apiPerSecond: 20 };

export function signInLinksOf(catalogue: Catalogue, box: SecretBox): SignInLinks {
  const throttle = new Throttle(TRIES, systemClock);
  return {
    spend: (token) => spendLink(catalogue, box, token, systemClock()),
    throttle: (address) => throttle.take(address, 'sign-in link'),
  };
}
