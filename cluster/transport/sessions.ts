import type { Http2Session } from 'node:http2';
import type { PeerLimits } from './limits.js';

const windowBytes = 8 * 1024 ** 2;

/** Both sides: batches of up to a window go without waiting for the other side to say that it has read. */
export const sessionOptions = {
  settings: { initialWindowSize: windowBytes, enablePush: false },
  // In MB. The default of 10 is less than what a snapshot and a batch may take together.
  maxSessionMemory: 256,
};

/** Widens the connection's own window, and ends the session when the other side no longer answers pings. */
export function watchOver(
  session: Http2Session,
  { pingMs, pingsMissedMax }: PeerLimits,
  onAnswer: (roundTripMs: number) => void = () => {},
): void {
  session.setLocalWindowSize(windowBytes);
  let missed = 0;
  const ping = (): void => {
    if (session.destroyed) return;
    // Counted, not timed: when this process was busy for a while it is not the other's fault.
    if (missed >= pingsMissedMax) session.destroy(new Error(`${missed} pings were not answered`));
    else {
      missed += 1;
      session.ping((error, roundTripMs) => {
        if (error) return;
        missed = 0;
        onAnswer(roundTripMs);
      });
    }
  };
  const timer = setInterval(ping, pingMs);
  session.once('close', () => clearInterval(timer));
}
