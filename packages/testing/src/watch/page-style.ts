import { journeyStyle } from './page-style-journey.ts'
import { listStyle } from './page-style-list.ts'

const colors = `
:root { color-scheme: light dark;
  --back: #f7f7f5; --panel: #ffffff; --raised: #f1f1ee; --line: #e3e3de; --text: #1d2126; --quiet: #5d646d;
  --accent: #2f5fb0; --accent-back: #e9effa; --ok: #2b7449; --failed: #b3312b; --failed-back: #fbeceb;
  --open: #8a5a06; --open-back: #faf1de; --broken: #8038a8; --broken-back: #f5ebfa; --mark: #fff4c7;
  --s0: #3f74c7; --s1: #26847f; --s2: #b06a16; --s3: #6f7782; --s4: #b2458a; --s5: #7354bd; }
@media (prefers-color-scheme: dark) {
  :root { --back: #101215; --panel: #171a1e; --raised: #1f2328; --line: #2b3036; --text: #e3e6ea; --quiet: #98a1ac;
    --accent: #8ab4f8; --accent-back: #1b2737; --ok: #6cc28a; --failed: #ff8f87; --failed-back: #311c1d;
    --open: #e0b25a; --open-back: #2c2415; --broken: #d3a1f0; --broken-back: #2a1e33; --mark: #38311a;
    --s0: #6fa1ea; --s1: #55bdb6; --s2: #dc9c4f; --s3: #939ca8; --s4: #e183bd; --s5: #a98bf0; }
}
`

const frame = `
* { box-sizing: border-box }
html { height: 100% }
body { margin: 0; min-height: 100%; display: flex; flex-direction: column; background: var(--back); color: var(--text);
  font: 0.875rem/1.5 ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif }
h1, h2, h3, p, ol, dl, dd, pre, form { margin: 0; padding: 0 }
ol { list-style: none }
a { color: var(--accent); text-underline-offset: 0.15em; text-decoration-thickness: 0.05em }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px }
[hidden] { display: none !important }
.quiet { color: var(--quiet) }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
.skip { position: absolute; left: 1rem; top: 0.5rem; z-index: 3; padding: 0.25rem 0.75rem; background: var(--panel) }
.skip:not(:focus) { left: -100rem }
code, pre, kbd { font: 0.92em ui-monospace, 'Cascadia Mono', 'DejaVu Sans Mono', monospace }
kbd { padding: 0.05rem 0.4rem; border: 1px solid var(--line); border-bottom-width: 2px; border-radius: 4px; background: var(--panel) }
header { position: sticky; top: 0; z-index: 2; display: flex; flex-wrap: wrap; align-items: center; gap: 0.6rem 1.25rem;
  padding: 0.65rem clamp(0.75rem, 2vw, 1.5rem); background: var(--panel); border-bottom: 1px solid var(--line) }
h1 { display: flex; align-items: center; gap: 0.45rem; font-size: 0.95rem; font-weight: 650; letter-spacing: -0.01em }
h1 span { color: var(--quiet); font-weight: 450 }
h1 svg { width: 1.15rem; height: 1.15rem; fill: none; stroke: var(--accent); stroke-width: 2.2; stroke-linecap: round }
#connection { display: flex; align-items: center; gap: 0.5rem; color: var(--quiet); font-size: 0.8rem;
  font-variant-numeric: tabular-nums }
.pulse { width: 0.5rem; height: 0.5rem; border-radius: 50%; background: var(--open) }
[data-state=live] .pulse { background: var(--ok) }
[data-state=paused] .pulse, [data-state=resting] .pulse { background: var(--quiet) }
form { display: flex; flex: 1 1 22rem; gap: 0.6rem; justify-content: flex-end }
input { flex: 1 1 12rem; max-width: 30rem; min-width: 0; padding: 0.35rem 0.7rem; font: inherit; color: inherit;
  background: var(--back); border: 1px solid var(--line); border-radius: 7px }
input::placeholder { color: var(--quiet); opacity: 1 }
.toggles { display: flex; gap: 0.4rem }
button { font: inherit; color: inherit; cursor: pointer }
.toggles button { display: flex; align-items: center; gap: 0.4rem; padding: 0.3rem 0.7rem; white-space: nowrap;
  background: var(--panel); border: 1px solid var(--line); border-radius: 7px }
.toggles button:hover { background: var(--raised) }
.toggles [aria-pressed=true] { background: var(--accent-back); border-color: var(--accent); color: var(--accent) }
.count { min-width: 1.35rem; padding: 0 0.35rem; text-align: center; font-size: 0.75rem; line-height: 1.25rem;
  border-radius: 1rem; background: var(--raised); color: var(--quiet); font-variant-numeric: tabular-nums }
#failed .count.some { background: var(--failed-back); color: var(--failed) }
#broken .count.some { background: var(--broken-back); color: var(--broken) }
main { flex: 1; display: grid; grid-template-columns: minmax(23rem, 36%) minmax(0, 1fr); align-items: start }
#journey, #hint, #welcome { display: none }
#hint, #welcome { justify-self: center; text-align: center; max-width: 34rem; padding: 0 1.5rem }
#hint { padding-top: 24vh; color: var(--quiet) } #hint h2 { color: var(--text) }
h2 { font-size: 1.15rem; font-weight: 600; letter-spacing: -0.01em }
.keys { display: flex; flex-wrap: wrap; justify-content: center; gap: 0.4rem 1.1rem; margin-top: 1.25rem; font-size: 0.8rem }
.keys div { display: flex; align-items: center; gap: 0.4rem }
[data-view=list] #hint, [data-view=journey] #journey { display: block }
[data-view=empty] main { grid-template-columns: 1fr } [data-view=empty] #journeys { display: none }
[data-view=empty] #welcome { display: block; padding-top: 16vh; padding-bottom: 3rem }
.baton { width: 12rem; fill: none; stroke: var(--s0); stroke-width: 5; stroke-linecap: round; margin-bottom: 1.25rem }
.baton path:nth-child(2) { stroke: var(--s1) } .baton path:nth-child(3) { stroke: var(--s5) }
.baton .hop { stroke: var(--line); stroke-width: 2; stroke-dasharray: 1 5 }
#welcome p { margin-top: 0.5rem; text-wrap: balance }
pre { margin: 1.25rem 0; padding: 0.8rem 1rem; text-align: left; white-space: pre-wrap; overflow-wrap: anywhere;
  background: var(--panel); border: 1px solid var(--line); border-radius: 8px }
@media (max-width: 60rem) {
  main { grid-template-columns: minmax(0, 1fr) }
  form { flex-basis: 100% } input { max-width: none } #connection { margin-left: auto }
  [data-view=list] #hint { display: none } [data-view=journey] #journeys { display: none }
}
@media (max-width: 40rem) {
  form { flex-wrap: wrap; justify-content: flex-start } input { flex-basis: 100% }
}
`

/** How the page looks: the reader's own font and colour scheme, nothing that has to be fetched. */
export const pageStyle: string = colors + frame + listStyle + journeyStyle
