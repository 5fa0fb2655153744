import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import { text } from 'node:stream/consumers';

export interface Page {
  readonly status: number | undefined;
  readonly body: string;
}

/** What an endpoint answers over HTTPS: to a GET, or to a POST of `sent`. @throws the error of a connection that does not come about */
export async function page(endpoint: string, path: string, tls: RequestOptions, sent?: object): Promise<Page> {
  const method = sent === undefined ? 'GET' : 'POST';
  const asked = request(new URL(path, endpoint), { ...tls, method, agent: false });
  asked.end(sent && JSON.stringify(sent));
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  return { status: response.statusCode, body: await text(response) };
}
