import { existsSync, readdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { judge } from '../../judges.js';
import { freePorts } from '../../ports.js';
import { plannedCluster } from '../run/cluster.js';
import { main, quorate } from './quorate.js';
import { film, withoutChances } from './screens.js';
import { openPane, type Pane } from './tmux.js';

const terminal = judge('tmux');

const answer = (pane: Pane, text: string): void => {
  pane.press('C-u');
  pane.type(text);
  pane.press('Enter');
};

const menu = /\? The cluster demo is there[\s\S]*⏎ select\s*$/;

async function select(pane: Pane, label: string): Promise<void> {
  for (let at = 0; !(await pane.shows(/❯/)).includes(`❯ ${label}`); at += 1) {
    if (at > 40) throw new Error(`${label} is not offered`);
    pane.press('Down');
    await delay(60);
  }
  pane.press('Enter');
}

/** Opens the way that begins so, and sees its first question or its end. */
async function open(pane: Pane, label: string, then: RegExp): Promise<void> {
  await pane.shows(menu);
  await select(pane, label);
  await pane.shows(then);
}

terminal.test(
  'a cluster that runs here, each way to its end: from a look at it to a backup brought back',
  async (t) => {
    t.timeout(240_000);
    const cluster = await plannedCluster(t, { count: 3 });
    const { dir } = cluster;
    t.is((await cluster.run(['apply'])).code, 0);
    t.is((await cluster.run(['up', '--detach'])).code, 0);
    const ports = await freePorts(2);
    const typed = `m4 127.0.0.1:${ports.join(',')}`;
    const pane = openPane(
      t,
      `while :; do clear; NO_COLOR=1 '${process.execPath}' '${main}' --dir '${dir}'; echo "ended with $?"; read next; done`,
    );
    const { take, end } = film(t, pane, 'day-two-live', dir, withoutChances);
    const again = async (): Promise<void> => {
      pane.press('Enter');
      await pane.shows(menu);
    };
    const ended = /ended with \d/;

    await open(pane, 'see how it is', ended);
    await take('see how it is', ended);
    await again();

    await open(pane, 'user leaves', /\? Who[\s\S]*⏎ select/);
    pane.press('Escape');
    // The question that was left still stands there.
    await open(pane, 'user leaves', /\? Who[\s\S]*\? Who[\s\S]*⏎ select\s*$/);
    pane.press('Enter');
    await pane.shows(/Remove app.*\? .*N/);
    answer(pane, 'y');
    await take('user leaves', ended);
    await again();

    await open(pane, 'add a member', /\? Its name and address/);
    answer(pane, 'm1 127.0.0.1:1');
    await pane.shows(/> .*m1/);
    answer(pane, typed);
    await pane.shows(/Run it\?/);
    pane.press('Escape');
    await pane.shows(/Run it\?[\s\S]*\? Its name and address/);
    pane.press('Enter');
    await pane.shows(/address[\s\S]*address[\s\S]*Run it\?/);
    pane.press('Enter');
    await take('add a member', ended);
    await again();

    await open(pane, 'replace a broken member', /\? Which[\s\S]*⏎ select/);
    await select(pane, 'm2');
    await pane.shows(/Put an empty member/);
    answer(pane, 'y');
    await take('replace a broken member', ended);
    await again();

    await open(pane, 'take a member out', /\? Which[\s\S]*⏎ select/);
    await select(pane, 'm4');
    await pane.shows(/Remove m4/);
    answer(pane, 'y');
    await take('take a member out', ended);
    await again();

    await open(pane, 'renew certificates', /\? Which[\s\S]*⏎ select/);
    pane.press('Enter');
    await pane.shows(/Run it\?/);
    answer(pane, 'n');
    await pane.shows(/Run it\? No[\s\S]*\? Which[\s\S]*⏎ select/);
    await select(pane, 'all');
    await pane.shows(/renew --all[\s\S]*Run it\? /);
    pane.press('Enter');
    await take('renew certificates', ended);
    await again();

    await open(pane, 'rotate the authority', /Run it\?/);
    pane.press('Enter');
    await take('rotate the authority', ended);
    await again();
    await open(pane, 'go on with the rotation', /\? The new authority signs[\s\S]*⏎ select/);
    await select(pane, 'drop the old one');
    await pane.shows(/Run it\?/);
    pane.press('Enter');
    await take('the old authority is dropped', ended);
    await again();

    const backup = join(dirname(dir), 'backup.db');
    await open(pane, 'back up', /\? The file/);
    answer(pane, dir);
    await pane.shows(/is there already/);
    answer(pane, backup);
    await pane.shows(/Run it\?/);
    pane.press('Enter');
    await take('back up', ended);
    t.true(existsSync(backup));
    await again();

    await open(pane, 'something is wrong', ended);
    await take('something is wrong', ended);
    await again();

    await open(pane, 'restore from a backup', /\? The backup/);
    answer(pane, `${dir}/nothing.db`);
    await pane.shows(/there is no file/);
    answer(pane, backup);
    await pane.shows(/Run it\?/);
    pane.press('Enter');
    await take('restore while it runs', ended);
    t.is((await quorate(['down', '--dir', dir])).code, 0);
    renameSync(`${dir}/data`, `${dir}/data.before`);
    await again();
    await open(pane, 'restore from a backup', /\? The backup/);
    answer(pane, backup);
    await pane.shows(/Run it\?/);
    pane.press('Enter');
    await take('restore', ended);
    t.deepEqual(readdirSync(`${dir}/data`).sort(), ['m1', 'm2', 'm3']);
    await again();

    await open(pane, 'make it as its plan wants it', ended);
    await take('start it again', ended);
    end();
  },
);
