/** `work` for each item, at most so many at once. Once one has failed no other is begun, and all that were are waited for. */
export async function inParallel<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, at: number) => Promise<void>,
): Promise<void> {
  const left = items.entries();
  let failed = false;
  const worker = async (): Promise<void> => {
    for (const [at, item] of left) {
      if (failed) return;
      await work(item, at);
    }
  };
  const workers = Array.from({ length: atOnce }, () =>
    worker().catch((error: unknown) => {
      failed = true;
      throw error;
    }),
  );
  const [first] = (await Promise.allSettled(workers)).filter((ended) => ended.status === 'rejected');
  if (first !== undefined) throw first.reason;
}
