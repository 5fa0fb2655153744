import { quoted } from '../shown.js';
import type { Objection } from './complaints.js';

// User names that are not what they look like. The store compares names octet by octet, persons by sight: a name that
// looks like another's would let somebody be given what is the other's, or be approved as the other.

/** What looks like a Latin letter, after UTS #39's confusables: the letters of scripts that are written in everyday use. */
const latinLookAlikes: readonly (readonly [letters: string, latin: string])[] = [
  ['АВЕЅІЈКМНОРСТУХԚԜ', 'abesijkmhopctyxqw'],
  ['аьсԁеһіјкӏмотпѕрԛгѵԝху', 'abcdehijklmotnspqrvwxy'],
  ['ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ', 'abezhikmnoptyx'],
  ['αβγεηικνορστυχω', 'abyenikvopotuxw'],
  ['օսոհցզա', 'ounhgqw'],
  ['ɑıɡ', 'aig'],
];

const asLatin = new Map(
  latinLookAlikes.flatMap(([letters, latin]) => [...letters].map((letter, index) => [letter, latin[index] ?? letter])),
);

/** Two names with one skeleton are taken for each other: by their case, their form in Unicode, or their letters' looks. */
export const skeleton = (name: string): string =>
  [...name.normalize('NFKC')].map((letter) => asLatin.get(letter) ?? letter.toLowerCase()).join('');

/** UAX #31's recommended scripts, those together that are written together (UTS #39 5.2). */
const scripts: readonly RegExp[] = [
  ...['Latin', 'Greek', 'Cyrillic', 'Armenian', 'Georgian', 'Hebrew', 'Arabic', 'Ethiopic', 'Thai', 'Lao', 'Khmer'],
  ...['Devanagari', 'Bengali', 'Gurmukhi', 'Gujarati', 'Tamil', 'Telugu', 'Kannada', 'Malayalam', 'Sinhala', 'Myanmar'],
].map((script) => new RegExp(`^[\\p{Script=${script}}\\P{L}]*$`, 'u'));

const eastAsian: readonly RegExp[] = [
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u30fc\P{L}]*$/u,
  /^[\p{Script=Han}\p{Script=Hangul}\P{L}]*$/u,
  /^[\p{Script=Han}\p{Script=Bopomofo}\P{L}]*$/u,
];

/** Why a user can't be named so. */
export function lookObjection(name: string): Objection | undefined {
  const normal = name.normalize('NFKC');
  if (name !== normal) {
    const what = `${escaped(name)} is written in a form that other programs turn into ${escaped(normal)}`;
    return { what, hint: `write ${escaped(normal)}` };
  }
  const strange = [...name].find((letter) => /[^\0-\x7f]/.test(letter) && /\p{N}/u.test(letter));
  if (strange !== undefined) {
    return { what: `${escaped(name)} has the digit ${escaped(strange)}`, hint: 'digits are 0 to 9 here' };
  }
  if ([...scripts, ...eastAsian].some((script) => script.test(name))) return undefined;
  const hint = 'all letters of a user name are of one script, so that it can not pass for another';
  return {
    what: `${escaped(name)} mixes letters of several scripts, or has letters that are in no everyday use`,
    hint,
  };
}

/** Letters beyond ASCII as their code points too: what looks alike is told apart. */
function escaped(text: string): string {
  const points = [...text].filter((letter) => /[^\0-\x7f]/.test(letter));
  const named = points.map((letter) => `U+${(letter.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`);
  return points.length === 0 ? quoted(text) : `${quoted(text)} (${named.join(' ')})`;
}
