export type { History } from './catch-up.js';
export { type Grants, WatchHub, type WatchHubOptions } from './watch-hub.js';
export type { Answer, WatchRefusal, WatchStream } from './watch-stream.js';
export type { Event, Watch } from './watcher.js';
