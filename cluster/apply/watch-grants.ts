import type { Auth } from '../auth/auth.js';
import type { Grants } from '../watch/index.js';

/** Who may watch what. While auth is off everybody may watch everything; once it is on, nobody who is not named. */
export const watchGrants = (auth: Auth): Grants => ({
  get mark() {
    // Turning auth on is no new revision.
    return 2 * auth.revision + (auth.enabled ? 1 : 0);
  },
  mayRead: (user, range) => !auth.enabled || (user !== undefined && auth.mayRead(user, range)),
});
