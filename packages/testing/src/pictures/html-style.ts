/** How the page looks: the reader's own font and colour scheme, nothing that has to be fetched. */
export const style = `
:root { color-scheme: light dark; --back: #fff; --panel: #f6f8fa; --line: #d8dee4; --text: #1f2328; --quiet: #59636e;
  --failed: #b3202c; --failed-back: #fff0ee; --ok: #1a7f37; --open: #8a5c00; --link: #0550ae; --mark: #fff8c5;
  --s0: #0969da; --s1: #1b7c83; --s2: #a85f00; --s3: #57606a; --s4: #bf3989; --s5: #6639ba; }
@media (prefers-color-scheme: dark) {
  :root { --back: #0d1117; --panel: #161b22; --line: #30363d; --text: #e6edf3; --quiet: #9aa4af;
    --failed: #ff8e86; --failed-back: #2d1517; --ok: #57c56c; --open: #e3b341; --link: #79b8ff; --mark: #3a3012;
    --s0: #58a6ff; --s1: #56d4dd; --s2: #f0a04b; --s3: #8b949e; --s4: #ff80c8; --s5: #bc8cff; }
}
* { box-sizing: border-box }
body { margin: 0 auto; padding: 1.5rem clamp(1rem, 3vw, 3rem) 40vh; max-width: 110rem; background: var(--back);
  color: var(--text); font: 0.9rem/1.5 ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif }
h1 { font-size: 1.4rem; margin: 0 }
h2 { font-size: 1.1rem; margin: 2rem 0 0.5rem }
h3 { font-size: 1rem; margin: 0 0 0.25rem }
h1, h2, h3, h4, p, small, li { overflow-wrap: anywhere }
p { margin: 0.25rem 0 }
small, .quiet { color: var(--quiet); font-size: 0.85em }
a { color: var(--link); text-underline-offset: 0.15em }
a:focus-visible, [tabindex]:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 2px }
nav a { margin-right: 1rem }
.wide { overflow-x: auto; border: 1px solid var(--line); border-radius: 8px } .wide td { white-space: nowrap }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.75rem; font-weight: normal }
thead th { color: var(--quiet); background: var(--panel); border-bottom: 1px solid var(--line); white-space: nowrap }
tbody tr + tr > * { border-top: 1px solid color-mix(in srgb, var(--line) 45%, transparent) }
tbody tr.failed > * { background: var(--failed-back) }
tr:target > *, article:target { background: var(--mark) !important }
.story { border: 1px solid var(--line); border-radius: 8px; margin-bottom: 1rem }
.story h3 { padding: 0.5rem 0.75rem; margin: 0; font-weight: 600 } .story h3 small { margin-left: 0.5rem; font-weight: normal }
.story h3 + table { border-top: 1px solid var(--line) }
.picture { table-layout: fixed }
.picture .name { width: 25% } .picture .service { width: 10% } .picture .number { width: 6.5rem } .picture .happened { width: 27% }
.picture tr.failed { background: var(--failed-back) } .picture tr.failed > * { background: none }
.picture td, .picture th { overflow-wrap: anywhere }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
.name { padding-left: calc(0.75rem + 1.2em + var(--depth, 0) * var(--step)) } thead .name { padding-left: 0.75rem }
.name a { color: inherit }
.mark { float: left; width: 1.2em; margin-left: -1.2em; font-weight: 600 }
.ok > .mark { color: var(--ok) } .failed > .mark, .result { color: var(--failed) } .open > .mark { color: var(--open) }
tbody .service { padding-left: 1.75em } .dot { float: left; width: 0.6em; height: 0.6em; margin: 0.45em 0 0 -1em; border-radius: 2px; background: var(--color) }
.time { padding-left: 0; padding-right: 0 } thead .track { font-size: 0.75rem }
.track { position: relative; height: 1.5em }
.track > * { position: absolute; white-space: nowrap }
.bar { top: 0.25em; height: 1em; min-width: 2px; border-radius: 3px; background: var(--color) }
.failed .bar { background: var(--failed) }
.open-bar { opacity: 0.4 }
.wait { top: 0.72em; border-top: 2px dotted var(--quiet) }
article { border: 1px solid var(--line); border-radius: 8px; padding: 0.75rem 1rem; margin: 0.75rem 0 }
article table { width: auto; max-width: 100% }
article td, article th { padding: 0.1rem 1rem 0.1rem 0; overflow-wrap: anywhere }
article th { color: var(--quiet); min-width: 12rem }
article h4 { font-size: 0.85rem; margin: 0.75rem 0 0.25rem; color: var(--quiet); font-weight: 600 }
ul { margin: 0; padding-left: 1.2rem }
code { font: 0.85em ui-monospace, 'Cascadia Mono', 'DejaVu Sans Mono', monospace; overflow-wrap: anywhere }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
@media (max-width: 56rem) {
  .picture, .picture tbody, .picture thead { display: block }
  .picture tr { display: grid; grid-template-columns: minmax(0, 1fr) auto; padding: 0.4rem 0 }
  .picture thead tr { padding: 0; background: var(--panel); border-bottom: 1px solid var(--line) }
  .picture thead th { border: 0; background: none } .picture thead th:not(.time) { display: none }
  .picture .time { grid-column: 1 / -1; margin: 0 0.75rem } .picture .name, .picture .service, .picture .happened { width: auto }
  .picture .number { grid-column: 2; grid-row: 1; width: auto } .picture .service { grid-row: 3; grid-column: 1 / -1 }
  .picture .happened { grid-row: 4; grid-column: 1 / -1 } .picture td:empty { display: none }
  .picture tbody tr > * { border: 0 !important; padding-top: 0.1rem; padding-bottom: 0.1rem }
  .picture tbody tr + tr { border-top: 1px solid color-mix(in srgb, var(--line) 45%, transparent) }
  article th { min-width: 0; width: 30% }
}
.skip:not(:focus) { position: absolute; left: -100rem }
@media print { .wide { overflow: visible } body { padding: 0 } }
`
