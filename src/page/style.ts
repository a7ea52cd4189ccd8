/** How pages look, in light and in dark; charts in them take the same colours by their names. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f5f6f8; --card: #ffffff; --ink: #1b2129; --soft: #5d6875; --line: #e1e5ea;
  --c0: #2458c5; --c1: #c2410c; --c2: #12773d; --c3: #9333b8; --c4: #0b7b86;
  --c5: #b3261e; --c6: #8a6400; --c7: #d0307f; --c8: #55606d; --c9: #5b4bd6;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f1318; --card: #181d24; --ink: #e6eaef; --soft: #9aa6b3; --line: #2a323c;
    --c0: #86abff; --c1: #ff9d66; --c2: #5fcf8b; --c3: #d597f2; --c4: #5fd0db;
    --c5: #ff8f85; --c6: #e3bd55; --c7: #ff8cc0; --c8: #b0bac6; --c9: #a99cff;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif; }
header, main, footer { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .3rem; letter-spacing: -.015em; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 0 0 .2rem; letter-spacing: -.01em; }
header p { color: var(--soft); margin: 0; overflow-wrap: anywhere; }
main { display: grid; gap: 1.1rem; padding-top: 1.25rem; padding-bottom: 1.5rem; grid-template-columns: minmax(0, 1fr); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.1rem 1.25rem 1.25rem; min-width: 0; }
section > p { margin: 0 0 .9rem; color: var(--soft); max-width: 68ch; }
footer { color: var(--soft); font-size: .85rem; padding-bottom: 2.5rem; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap: 1.25rem; }
.pair > * { min-width: 0; }
svg { display: block; width: 100%; height: auto; }
@media (max-width: 34rem) {
  header, main, footer { padding-left: .8rem; padding-right: .8rem; }
  header { padding-top: 1.2rem; }
  section { padding: .9rem .85rem 1rem; }
}
@media print { section { break-inside: avoid; } }
`;
