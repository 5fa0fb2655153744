import { join } from 'node:path';
import { authorityState, createAuthority, openAuthority } from '#pki';
import { apply } from '../apply/apply.js';
import { takeLock } from '../apply/lock.js';
import { desiredArtifacts } from '../artifacts/desired.js';
import { WizardError } from '../errors.js';
import { droppedPkiFolder, nextPkiFolder, oldPkiFolder, pkiFolder, retiredFolder } from '../layout.js';
import type { PassphraseSource } from '../passphrases.js';
import { carryRevocations } from './carry.js';
import { type Following, isDown, untilFollowed } from './members.js';
import { admits, presents, probeOf } from './probe.js';
import { exchange, move, settleExchange, stageOf } from './stage.js';

export interface RotateOptions extends Following {
  readonly now: () => Date;
  readonly passphrases: PassphraseSource;
  /** Drop the old authority, too, if kits of the new one could be handed out: not in the run that makes them. */
  readonly finish: boolean;
  readonly say: (text: string) => void;
}

/**
 * Takes the rotation as far as it may go: both authorities trusted everywhere, then every certificate of the plan replaced; with
 * `finish` the old authority dropped. Each stage is seen on the members that run before the next is begun. Killed anywhere, the next
 * run goes on from there.
 *
 * @returns whether it is over
 * @throws WizardError `rotation` when members have not followed, `busy`, `cancelled` · PkiError
 */
export async function rotate(options: RotateOptions): Promise<boolean> {
  const { dir, finish } = options;
  await locked(dir, () => settleExchange(dir));
  const begun = await stageOf(dir);
  if (begun === 'none') {
    if (finish) return nothingToFinish(options);
    await begin(options);
  }
  if ((await stageOf(dir)) === 'both-trusted')
    await ((await hasEnded(options, pkiFolder)) ? passOver(options) : trustBoth(options));
  if ((await stageOf(dir)) === 'leaves-replaced') {
    const ended = await hasEnded(options, oldPkiFolder);
    await replaceLeaves(options, !ended);
    if (!ended && (!finish || begun !== 'leaves-replaced')) return false;
    await locked(dir, () => move(dir, oldPkiFolder, droppedPkiFolder));
  }
  await dropOld(options, !(await hasEnded(options, droppedPkiFolder)));
  return true;
}

/** Whether whatever this authority signed is refused by everybody: it is past its end, or one above it is. */
async function hasEnded({ dir, now }: RotateOptions, folder: string): Promise<boolean> {
  const found = await authorityState(join(dir, folder));
  if (found.state !== 'whole') return false;
  return [found.certificate, ...found.issuers].some(({ notAfter }) => notAfter.getTime() <= now().getTime());
}

/** There is nothing to keep working: whoever runs is refused by all others, and can show that to nobody. */
async function passOver(options: RotateOptions): Promise<void> {
  const { plan, dir, passphrases, now, say } = options;
  if (plan.cluster.run === 'local' && !(await isDown(plan, dir))) {
    const what =
      'the authority has ended: members that run take nobody in any more, and can not be led over to the next one';
    throw new WizardError('rotation', what, {}, { hint: 'quorate down; type it again; quorate up' });
  }
  say('the old authority has ended: nothing that it signed is accepted, so that nobody is waited for');
  await locked(dir, async () => {
    await carryRevocations(dir, passphrases, now());
    await exchange(dir);
  });
}

/** Whoever types it again does not mean another one, which would drop the authority of everybody's kit at once. */
function nothingToFinish({ say }: RotateOptions): true {
  say('no rotation is under way; quorate cert rotate-ca begins one');
  return true;
}

async function locked<T>(dir: string, work: () => Promise<T>): Promise<T> {
  const lock = await takeLock(dir);
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

/** The next authority, under the passphrase of the one that is there. */
async function begin({ plan, dir, now, passphrases, say }: RotateOptions): Promise<void> {
  const existing = await authorityState(join(dir, pkiFolder));
  if (existing.state === 'absent') {
    throw new WizardError('rotation', `there is no authority in ${dir}`, { dir }, { hint: 'quorate apply makes one' });
  }
  if (existing.state !== 'whole') throw existing.error;
  const artifact = desiredArtifacts(plan, dir).find(({ kind }) => kind === 'authority');
  if (artifact?.kind !== 'authority' || artifact.root === 'elsewhere') throw notOurs();
  if (artifact.key !== undefined && artifact.key === existing.keyUri) throw sameKey(artifact.key);
  const [above] = existing.issuers;
  const commonName = nextName(existing.certificate.commonName);
  const root =
    artifact.root === undefined
      ? undefined
      : { ...artifact.root, commonName: nextName(above?.commonName ?? artifact.root.commonName) };
  const { keyType, days, permitted } = artifact;
  const folder = join(dir, nextPkiFolder);
  const next = { folder, commonName, keyType, days, root, permitted, now: now() };
  await locked(dir, async () => {
    const { key } = artifact;
    // A PIN is no passphrase of a file.
    const passphrase = () =>
      existing.keyUri === undefined ? passphraseOf(join(dir, pkiFolder), passphrases) : passphrases.forNew();
    const made = await (key === undefined
      ? createAuthority({ ...next, passphrase: await passphrase() })
      : passphrases.open((pin) => createAuthority({ ...next, token: { uri: key, pin } })));
    await made.close();
  });
  say(`made the authority ${commonName}`);
}

/** What opens the key that is there. */
const passphraseOf = (folder: string, passphrases: PassphraseSource): Promise<string | undefined> =>
  passphrases.open(async (passphrase) => {
    await (await openAuthority(folder, passphrase)).close();
    return passphrase;
  });

const commonNameLengthMax = 64;

/** `demo CA` -> `demo CA 2` -> `demo CA 3` */
export function nextName(name: string): string {
  const [, stem = name, number = '1'] = /^(.*) (\d{1,6})$/.exec(name) ?? [];
  const end = ` ${Number(number) + 1}`;
  return (
    [...stem]
      .slice(0, commonNameLengthMax - end.length)
      .join('')
      .trimEnd() + end
  );
}

const follow = ({ plan, dir, now, passphrases, signal, say, progress }: RotateOptions) =>
  apply({
    plan,
    dir,
    now,
    passphrases,
    signal,
    say,
    progress: (done, all) => progress(`[${done}/${all}] files`),
  });

async function trustBoth(options: RotateOptions): Promise<void> {
  const { dir, passphrases, now, signal, say } = options;
  await follow(options);
  if (!(await isDown(options.plan, dir))) {
    const probes = await Promise.all(
      [pkiFolder, nextPkiFolder].map((folder) => probeOf(join(dir, folder), passphrases, now())),
    );
    await untilFollowed(options, true, async (member) =>
      (await Promise.all(probes.map((probe) => admits(member, probe, signal)))).every(Boolean),
    );
  }
  say('both authorities are trusted');
  await locked(dir, async () => {
    await carryRevocations(dir, passphrases, now());
    await exchange(dir);
  });
}

async function replaceLeaves(options: RotateOptions, waits: boolean): Promise<void> {
  const { dir, passphrases, now, signal, say } = options;
  const steps = await follow(options);
  if (waits && !(await isDown(options.plan, dir))) {
    const authority = await authorityState(join(dir, pkiFolder));
    if (authority.state !== 'whole') throw authority.state === 'absent' ? notOurs() : authority.error;
    const probe = await probeOf(join(dir, pkiFolder), passphrases, now());
    await untilFollowed(options, false, (member) => presents(member, authority.certificate.pem, probe, signal));
  }
  const replaced = steps.filter(({ artifact: { kind } }) => kind === 'key-pair' || kind === 'certificate').length;
  say(`certificates of the plan are of the new authority${replaced > 0 ? `: ${replaced} replaced` : ''}`);
}

async function dropOld(options: RotateOptions, waits: boolean): Promise<void> {
  const { dir, passphrases, now, signal, say } = options;
  const folder = join(dir, droppedPkiFolder);
  await follow(options);
  if (waits && !(await isDown(options.plan, dir))) {
    const [before, after] = await Promise.all(
      [folder, join(dir, pkiFolder)].map((each) => probeOf(each, passphrases, now())),
    );
    await untilFollowed(options, true, async (member) => {
      const [old, next] = await Promise.all([before, after].map((probe) => probe && admits(member, probe, signal)));
      return old === false && next === true;
    });
  }
  const retired = await authorityState(folder);
  const serial = retired.state === 'whole' ? retired.certificate.serial : 'unknown';
  await locked(dir, () => move(dir, droppedPkiFolder, retiredFolder(serial)));
  say(`the old authority is trusted nowhere any more; its folder is ${retiredFolder(serial)}, its key there can go`);
}

function sameKey(uri: string): WizardError {
  const hint = "name another object in the plan's pki.key, where the next key is to be made";
  return new WizardError('rotation', `${uri} is the key of the authority that is there`, { uri }, { hint });
}

function notOurs(): WizardError {
  const hint = 'have the root sign a new one: quorate cert ca-request, cert ca-install';
  return new WizardError('rotation', 'the authority is signed by a root that is elsewhere', {}, { hint });
}
