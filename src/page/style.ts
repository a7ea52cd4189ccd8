import { colourProperties } from "./colours.ts";

/** How pages look, in light and in dark; charts in them take the same colours by their names. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  ${colourProperties("light")}
}
@media (prefers-color-scheme: dark) {
  :root {
    ${colourProperties("dark")}
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif; }
header, main, footer { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .3rem; letter-spacing: -.015em; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 0 0 .2rem; letter-spacing: -.01em; }
h3 { font-size: .95rem; margin: 0 0 .4rem; }
header p, .soft { color: var(--soft); margin: 0; overflow-wrap: anywhere; }
main { display: grid; gap: 1.1rem; padding-top: 1.25rem; padding-bottom: 1.5rem; grid-template-columns: minmax(0, 1fr); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.1rem 1.25rem 1.25rem; min-width: 0; }
section > p { margin: 0 0 .9rem; color: var(--soft); max-width: 68ch; }
footer { color: var(--soft); font-size: .85rem; padding-bottom: 2.5rem; }
a { color: var(--accent); }
code { font-family: ui-monospace, "SF Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: .9em; overflow-wrap: anywhere; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: .8rem; }
.tile { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: .8rem .9rem; min-width: 0; }
.tile b { display: block; white-space: nowrap; font-size: 1.4rem; line-height: 1.2; letter-spacing: -.02em; font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: .85rem; }
.scroll { overflow-x: auto; max-height: 34rem; overflow-y: auto; border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { padding: .38rem .7rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
th { position: sticky; top: 0; background: var(--fill); font-weight: 600; color: var(--soft); font-size: .8rem; }
th:first-child, td:first-child, td.text, th.text { text-align: left; }
td.text { max-width: 20rem; overflow: hidden; text-overflow: ellipsis; }
tbody tr:last-child td, tfoot tr:last-child td { border-bottom: 0; }
tfoot td { background: var(--fill); color: var(--soft); }
.bar { display: inline-block; width: 4.5rem; height: .5rem; margin-left: .55rem; border-radius: 3px; background: var(--fill); overflow: hidden; vertical-align: .05em; }
.bar i { display: block; height: 100%; background: var(--accent); border-radius: 3px; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1.25rem; }
.pair > * { min-width: 0; }
svg { display: block; width: 100%; height: auto; }
.legend { display: flex; flex-wrap: wrap; gap: .15rem .9rem; font-size: .82rem; color: var(--soft); margin: .4rem 0 0; }
.legend + .gallery { margin-top: .6rem; }
.legend span { display: inline-flex; align-items: center; gap: .4rem; min-width: 0; overflow-wrap: anywhere; }
.legend i { flex: none; width: .9rem; height: .2rem; border-radius: 2px; }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .9rem; }
.gallery figure { margin: 0; border: 1px solid var(--line); border-radius: 10px; overflow: hidden; min-width: 0; }
.gallery img { display: block; width: 100%; aspect-ratio: 1; object-fit: contain; background: var(--fill); }
.gallery svg { aspect-ratio: 1; background: var(--fill); }
.gallery .maps { display: grid; grid-auto-flow: column; grid-auto-columns: 1fr; gap: 2px; margin-top: 2px; }
.gallery .maps img { image-rendering: pixelated; }
.gallery .small { image-rendering: pixelated; }
.gallery rect { fill: transparent; stroke-width: 2; vector-effect: non-scaling-stroke; }
.gallery rect.under { stroke: #000a; stroke-width: 4; }
figcaption { padding: .5rem .65rem .6rem; font-size: .82rem; line-height: 1.35; overflow-wrap: anywhere; }
figcaption small { display: block; color: var(--soft); margin-top: .2rem; font-size: .75rem; }
.good { color: var(--good); } .bad { color: var(--bad); }
.chart { overflow-x: auto; }
.chart svg { width: auto; max-width: 100%; margin: 0 auto; }
@media (max-width: 34rem) {
  header, main, footer { padding-left: .8rem; padding-right: .8rem; }
  header { padding-top: 1.2rem; }
  section { padding: .9rem .85rem 1rem; }
  .tiles { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .gallery { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .6rem; }
  .bar { display: none; }
  td.text { max-width: 9rem; }
}
@media print { section, .tile { break-inside: avoid; } .scroll { max-height: none; } }
`;
