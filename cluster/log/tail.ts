import { Batch } from './batch.js';
import { attempt, logDamaged } from './failures.js';
import { RecordReader } from './record-reader.js';
import { recordKinds } from './records.js';
import { type Segment, zeros } from './segment.js';

// Torn tail or damage? What follows the last whole record decides.
//
// Batches are written one after the other: the next one only once the one before is durable, and before anybody is told
// so. Every record says where its batch begins. Hence a whole record whose batch begins after a bad place is a witness:
// the bad place was durable once, and may have been acknowledged. Without a witness the bad place belongs to the last
// batch that was ever written.
//
//     batch 1: a b    batch 2: c d    batch 3: e         on the disk after a crash while batch 3 was written
//     a b c d ?                                          torn: e was never acknowledged; it is cut off
//     a b ? d e                                          damage: e is a witness that c was durable; refused
//     a b ? d                                            torn, though d is whole: d's own batch began before it
//
// So what a bit flip can still take away unseen is the last batch before a crash, which looks exactly like one that was
// never finished. A closed log ends with a witness of its own, and a segment with the head of the next one: there
// every flip is seen. A segment that does not end where the next one's head says is damaged at any rate.

const scanBytes = 1 << 20;
const pageBytes = 4096;

/** Ends the log's last segment at `segment.end`: refuses damage, wipes a torn tail, and makes what stays durable. */
export async function settleTail(segment: Segment, lastBatch: number): Promise<void> {
  const { file, end, path } = segment;
  const dirtyEnd = endOfDirt(segment);
  const witness = new RecordReader(file, segment.salt, scanBytes).witness(end, dirtyEnd);
  if (witness !== undefined)
    throw logDamaged(
      path,
      `the record at offset ${end} is damaged: a later one, at ${witness}, proves that it was durable`,
      {
        offset: end,
        witness,
      },
    );
  await attempt(path, 'settling', dirtyEnd - lastBatch, async () => {
    // Written again, because after a failed sync the system's cache may hold what the disk does not.
    await file.write(file.readSync(lastBatch, end - lastBatch), lastBatch);
    for (let from = end; from < dirtyEnd; from += scanBytes)
      await file.write(zeros(Math.min(scanBytes, dirtyEnd - from)), from);
    await file.sync();
  });
}

/** Where the zeros begin that reach to the end of the file, to the page. */
function endOfDirt({ file, end }: Segment): number {
  const size = file.size();
  let dirtyEnd = end;
  for (let from = end; from < size; from += scanBytes) {
    const bytes = file.readSync(from, scanBytes);
    if (Buffer.compare(bytes, zeros(bytes.length)) === 0) continue;
    for (let at = 0; at < bytes.length; at += pageBytes) {
      const page = bytes.subarray(at, at + pageBytes);
      if (Buffer.compare(page, zeros(page.length)) !== 0) dirtyEnd = from + at + page.length;
    }
  }
  return dirtyEnd;
}

/** Notes at the end of a segment that there is a next one, so that its loss would be seen. */
export async function noteContinuation(segment: Segment): Promise<void> {
  const batch = new Batch(pageBytes).begin(segment.end, segment.salt);
  batch.add(recordKinds.continued, new Uint8Array());
  await segment.write(batch.bytes(), batch.start);
  await segment.sync();
}
