import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parsePlanText } from '../../../wizard/plan/parse.js';
import { connectAsRoot } from '../../../wizard/run/cluster-client.js';

// As a process of its own: `put DIR` puts large values until one is not acknowledged and prints how many were; `check DIR N`
// fails unless the first N are all there.

const [what, dir = '', count = '0'] = process.argv.slice(2);
const { plan } = parsePlanText(readFileSync(join(dir, 'quorate.yaml'), 'utf8'), 'quorate.yaml');
const client = await connectAsRoot(plan, dir);
const value = (key: number): string => String(key).repeat(30_000);

async function putAll(): Promise<number> {
  for (let key = 0; ; key += 1) {
    try {
      await client.put(`k${key}`, value(key));
    } catch {
      return key;
    }
  }
}

async function checkAll(): Promise<void> {
  for (let key = 0; key < Number(count); key += 1) {
    const found = await client.get(`k${key}`);
    if (found === undefined || Buffer.from(found.value).toString() !== value(key))
      throw new Error(`k${key} is not there`);
  }
}

if (what === 'put') process.stdout.write(`${await putAll()}\n`);
else await checkAll();
client.close();
