type Event<Question> =
  | { readonly asked: IteratorResult<Question> }
  | { readonly asked?: undefined; readonly answered: true };

/**
 * Answers questions as they come, up to `openMax` of them at a time, in their order: one that takes long does not keep the
 * next from being asked, only from being told. Ends when there are no more, throws what the first that fails throws.
 */
export async function* inOrder<Question, Answer>(
  questions: AsyncIterable<Question>,
  openMax: number,
  answer: (question: Question) => Promise<Answer>,
): AsyncGenerator<Answer> {
  const iterator = questions[Symbol.asyncIterator]();
  const next = (): Promise<Event<Question>> => handled(iterator.next().then((asked) => ({ asked })));
  const open: Promise<Answer>[] = [];
  let coming: Promise<Event<Question>> | undefined = next();
  for (;;) {
    const first = open[0];
    if (first === undefined && coming === undefined) return;
    const event = await firstOf(open.length < openMax ? coming : undefined, first);
    if (event.asked === undefined) {
      open.shift();
      if (first !== undefined) yield await first;
    } else if (event.asked.done) coming = undefined;
    else {
      open.push(handled(answer(event.asked.value)));
      coming = next();
    }
  }
}

function firstOf<Question>(
  coming: Promise<Event<Question>> | undefined,
  first: Promise<unknown> | undefined,
): Promise<Event<Question>> {
  const answered = first?.then((): Event<Question> => ({ answered: true }));
  if (coming !== undefined && answered !== undefined) return Promise.race([answered, coming]);
  const only = answered ?? coming;
  if (only !== undefined) return only;
  throw new Error('nothing is waited for');
}

/** It may fail while nobody looks, because the client has gone or another has failed before it. */
function handled<Value>(promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  return promise;
}
