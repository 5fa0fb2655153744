import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { get, type RequestOptions } from 'node:https';
import { text } from 'node:stream/consumers';

export interface Page {
  readonly status: number | undefined;
  readonly body: string;
}

/** What an endpoint answers over HTTPS. @throws the error of a connection that does not come about */
export async function page(endpoint: string, path: string, tls: RequestOptions): Promise<Page> {
  const request = get(new URL(path, endpoint), { ...tls, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { status: response.statusCode, body: await text(response) };
}
