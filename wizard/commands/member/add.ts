import { type Added, addMember } from '../../members/add.js';
import type { Plan } from '../../plan/plan.js';
import { parseMemberLine } from '../../questions/member-line.js';
import { type ExitCode, exitCodes } from '../../report.js';
import { makeMatch } from '../apply.js';
import type { Context, Given } from '../command.js';
import { dirFlag, installLine } from '../next-lines.js';
import { readPlan } from '../plan-file.js';

/** `quorate member add` */
export async function add(context: Context, given: Given): Promise<ExitCode> {
  const member = parseMemberLine(`${String(given.name)} ${String(given.address)}`);
  return sayAdded(context, given, member.name, await bring(context, member, await readPlan(context)));
}

/** Into the plan and the cluster. */
export async function bring(context: Context, member: ReturnType<typeof parseMemberLine>, plan: Plan): Promise<Added> {
  const { terminal, dir, signal } = context;
  try {
    return await addMember(
      {
        ...{ dir, member, signal },
        match: async (next) => {
          await makeMatch(context, next);
        },
        progress: (text) => terminal.progress(text),
      },
      plan,
    );
  } finally {
    terminal.endProgress();
  }
}

export async function sayAdded(context: Context, given: Given, name: string, state: Added): Promise<ExitCode> {
  const { terminal, dir, givenDir } = context;
  if (given.json === true) terminal.json({ name, state });
  if (state === 'voter') {
    terminal.say(`${name} is a voter of the cluster`);
    return exitCodes.done;
  }
  const plan = await readPlan(context);
  const member = plan.members.find((each) => each.name === name);
  terminal.say(`${name} is a learner, and has not started yet. On its host:`);
  if (member !== undefined && given.json !== true) terminal.result(installLine(plan, member, dir));
  terminal.say(
    `then, to make a voter of it: quorate member add ${name} ${String(given.address ?? member?.host)}${dirFlag(givenDir)}`,
  );
  return exitCodes.pending;
}
