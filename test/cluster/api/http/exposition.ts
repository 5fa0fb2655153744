// A strict reader of Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/).

export interface Family {
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const label = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(?:,|$)/y;

function labelsOf(text: string | undefined, line: string): Record<string, string> {
  const labels: Record<string, string> = {};
  label.lastIndex = 0;
  while (text !== undefined && label.lastIndex < text.length) {
    const match = label.exec(text);
    if (match === null) throw new Error(`labels of ${line}`);
    labels[match[1] as string] = match[2] as string;
  }
  return labels;
}

function sampleOf(line: string): Sample {
  const [, name, labels, text] = sampleLine.exec(line) ?? [];
  const value = text === '+Inf' ? Number.POSITIVE_INFINITY : Number(text);
  if (name === undefined || Number.isNaN(value)) throw new Error(`no sample: ${line}`);
  return { name, labels: labelsOf(labels, line), value };
}

/** @throws Error for anything that is not as it should be */
export function readExposition(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, { type: string; help: string; samples: Sample[] }>();
  let current: string | undefined;
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const [, keyword, name, rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (keyword === 'HELP' && name !== undefined) {
      if (families.has(name)) throw new Error(`${name} comes twice`);
      families.set(name, { type: '', help: rest, samples: [] });
      current = name;
    } else if (keyword === 'TYPE') {
      const family = families.get(name ?? '');
      if (family === undefined || name !== current) throw new Error(`a type before its help: ${line}`);
      family.type = rest;
    } else {
      const sample = sampleOf(line);
      const family = families.get(current ?? '');
      const own = /histogram|summary/.test(family?.type ?? '')
        ? sample.name.replace(/_(bucket|sum|count)$/, '')
        : sample.name;
      if (family === undefined || own !== current) throw new Error(`a sample of another family: ${line}`);
      family.samples.push(sample);
    }
  }
  for (const [name, { type, samples }] of families) if (type === 'histogram') checkHistogram(name, samples);
  return families;
}

/** Buckets grow up to +Inf, which is the count. */
function checkHistogram(name: string, samples: readonly Sample[]): void {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const { le: _, ...labels } = sample.labels;
    const key = JSON.stringify(labels);
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  for (const group of groups.values()) {
    const buckets = group.filter(({ name: each }) => each.endsWith('_bucket'));
    const bounds = buckets.map(({ labels }) => (labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le)));
    const count = group.find(({ name: each }) => each.endsWith('_count'))?.value;
    const grows = (values: readonly number[]) =>
      values.every((value, at) => at === 0 || value >= (values[at - 1] ?? 0));
    if (!grows(bounds) || bounds.at(-1) !== Number.POSITIVE_INFINITY) throw new Error(`bounds of ${name}`);
    if (!grows(buckets.map(({ value }) => value)) || buckets.at(-1)?.value !== count)
      throw new Error(`buckets of ${name}`);
  }
}
