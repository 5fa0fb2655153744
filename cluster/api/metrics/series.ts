import type { Histogram } from '../../measures.js';

// One metric each, as data: its name and help, and how its values are read when somebody asks.

export type Labels = Readonly<Record<string, string>>;
export type Labelled<Value> = readonly [labels: Labels, value: Value];

interface Named {
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly string[];
}

export type Series = Named &
  (
    | { readonly type: 'gauge' | 'counter'; readonly read: () => readonly Labelled<number>[] }
    | {
        readonly type: 'histogram';
        readonly bounds: readonly number[];
        readonly read: () => readonly Labelled<Histogram>[];
      }
  );

const plain =
  (type: 'gauge' | 'counter') =>
  (name: string, help: string, read: () => number): Series => ({
    ...{ type, name, help },
    read: () => [[{}, read()]],
  });

export const gauge = plain('gauge');
export const counter = plain('counter');

const labelled =
  (type: 'gauge' | 'counter') =>
  (name: string, help: string, labelNames: readonly string[], read: () => readonly Labelled<number>[]): Series => ({
    ...{ type, name, help, labelNames, read },
  });

export const labelledGauge = labelled('gauge');
export const labelledCounter = labelled('counter');

export const histogram = (name: string, help: string, counted: Histogram): Series => ({
  ...{ type: 'histogram', name, help, bounds: counted.bounds },
  read: () => [[{}, counted]],
});

export const labelledHistogram = (
  name: string,
  help: string,
  labelNames: readonly string[],
  bounds: readonly number[],
  read: () => readonly Labelled<Histogram>[],
): Series => ({ type: 'histogram', name, help, labelNames, bounds, read });

export const whether = (holds: boolean): number => (holds ? 1 : 0);
