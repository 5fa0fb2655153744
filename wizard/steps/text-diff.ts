import { structuredPatch } from 'diff';
import { visible } from '../shown.js';

const contextLines = 1;
/** Two texts with so little in common are shown as neither. */
const editsMax = 2_000;

/** A setting whose value nobody is to see: files of a plan hold none, but persons edit files. */
const secretSetting = /^([^=:\n]*(?:PASSWORD|PASSPHRASE|SECRET|(?<!CLUSTER_)TOKEN)[^=:\n]*[=:]).*$/gim;
const privateKey = /(-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g;
const notShown = '(not shown)';

const withoutSecrets = (text: string): string =>
  text.replace(privateKey, `$1${notShown}$2`).replace(secretSetting, `$1${notShown}`);

/**
 * What makes one text the other, as a unified diff without its head: lines that begin with `+`, `-`, a blank, or `@@`.
 * Empty where they differ in secrets only, or in more than can be read.
 */
export function textDiff(before: string, after: string): string[] {
  const patch = structuredPatch('', '', withoutSecrets(before), withoutSecrets(after), '', '', {
    ...{ context: contextLines, maxEditLength: editsMax },
  });
  return (patch?.hunks ?? []).flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    `@@ -${oldStart},${oldLines} +${newStart},${newLines} @@`,
    ...lines.map(visible),
  ]);
}
