export type { Row } from './format.js';
export type { Sink } from './pages.js';
export { BoltReader, digestBytes } from './reader.js';
export { BoltWriter } from './writer.js';
