import { html, Markup } from './markup.js';

// A page of its own: no script, no font, no picture, no request to anywhere.

const style = new Markup(`
:root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif; --good: #2e9e5b; --soon: #d9a400; --bad: #d0453a; }
body { margin: 1rem auto; padding: 0 1rem; max-width: 72rem; }
h1 { font-size: 1.4rem; margin-bottom: .2rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .6rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { padding: .35rem .7rem; border-bottom: 1px solid #8884; text-align: left; vertical-align: top; }
thead th { position: sticky; top: 0; background: Canvas; font-weight: 600; font-size: .85rem; }
tbody th { position: sticky; left: 0; background: Canvas; font-weight: 600; overflow-wrap: anywhere; max-width: 16rem; }
tbody th small { display: block; font-weight: 400; opacity: .7; }
code { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
td.all { background: #2e9e5b33; } td.part { background: #d9a40033; } td.none { opacity: .45; }
.quiet { opacity: .75; }
.badge { display: inline-block; border-radius: .3rem; padding: 0 .45rem; color: #fff; background: #6b7280; }
.badge.good { background: var(--good); } .badge.bad { background: var(--bad); }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: .8rem; }
.card { border: 1px solid #8886; border-radius: .5rem; padding: .6rem .9rem; }
.card h3 { margin: 0 0 .4rem; font-size: 1rem; display: flex; justify-content: space-between; gap: .5rem; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: auto 1fr; gap: .1rem .8rem; margin: 0; }
dt { opacity: .7; } dd { margin: 0; overflow-wrap: anywhere; }
.life { display: grid; grid-template: "name track left" / 12rem 1fr 8rem; gap: 0 .8rem; margin-bottom: .25rem; align-items: center; }
.life .name { grid-area: name; overflow-wrap: anywhere; } .life .left { grid-area: left; }
.track { grid-area: track; position: relative; height: 1.1rem; background: #8882; border-radius: .2rem; overflow: hidden; }
.track.scale { background: none; overflow: visible; font-size: .75rem; }
.track.scale span { position: absolute; white-space: nowrap; opacity: .75; }
.bar { position: absolute; top: .15rem; bottom: .15rem; border-radius: .2rem; background: var(--good); }
.bar.soon { background: var(--soon); } .bar.bad { background: var(--bad); }
.now { position: absolute; top: 0; bottom: 0; width: 2px; background: CanvasText; }
@media (max-width: 40rem) {
  .life { grid-template: "name left" "track track" / 1fr auto; margin-bottom: .6rem; }
}
`);

/** @param content what stands in the body */
export const page = (title: string, content: Markup): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
${content}
</body>
</html>
`.text;
