/** One journey: what is wrong, the waterfall, the attempts. */
export const journeyStyle = `
#journey { padding: 1.25rem clamp(0.9rem, 2.2vw, 2rem) 6rem; container-type: inline-size; outline-offset: -2px; min-width: 0 }
#journey > * { max-width: 84rem }
.back { display: none; margin-bottom: 0.75rem }
.lead { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.25rem 0.75rem }
.lead h2 { overflow-wrap: anywhere; font-size: 1.3rem }
.sub { color: var(--quiet); overflow-wrap: anywhere; margin-top: 0.15rem }
.sub span + span::before { content: '·'; margin: 0 0.5em }
.services { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; margin-top: 0.5rem; font-size: 0.82rem }
.services > * { max-width: 100%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
.dot { display: inline-block; width: 0.6em; height: 0.6em; border-radius: 2px; margin-right: 0.45em; background: var(--color, var(--s3)) }
.c0 { --color: var(--s0) } .c1 { --color: var(--s1) } .c2 { --color: var(--s2) } .c3 { --color: var(--s3) }
.c4 { --color: var(--s4) } .c5 { --color: var(--s5) }
#journey h3 { margin: 1.75rem 0 0.5rem; font-size: 0.9rem; font-weight: 600 }
.card { background: var(--panel); border: 1px solid var(--line); border-radius: 10px }
.finding { margin-top: 0.6rem; padding: 0.75rem 1rem; background: var(--broken-back); border-radius: 10px;
  border-left: 3px solid var(--broken) }
.finding > p { overflow-wrap: anywhere; font-weight: 550 } .finding > a { display: inline-block; margin-top: 0.4rem; font-size: 0.82rem }
.finding dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0.1rem 1rem; margin-top: 0.4rem; font-size: 0.82rem }
.finding dd { overflow-wrap: anywhere } .finding dt, .facts dt { color: var(--quiet) }
.waterfall { overflow: hidden }
.axis, .row { display: grid; grid-template-columns: minmax(0, 17rem) minmax(0, 1fr) 4.5rem; gap: 0 0.9rem; padding: 0.35rem 1rem }
.axis { padding-top: 0.5rem; border-bottom: 1px solid var(--line); color: var(--quiet); font-size: 0.75rem }
.row + .row { border-top: 1px solid color-mix(in srgb, var(--line) 55%, transparent) }
.row.target { background: var(--mark) } .row.broken { box-shadow: inset 3px 0 var(--broken) }
.name { display: flex; min-width: 0; align-items: baseline; gap: 0.4rem; padding-left: calc(var(--level, 0) * 1rem) }
.name button { display: flex; align-items: baseline; gap: 0.4rem; min-width: 0; padding: 0; border: 0; background: none; text-align: left }
.name button > span:nth-of-type(2) { overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
.name button:hover > span:nth-of-type(2) { text-decoration: underline; text-underline-offset: 0.2em; text-decoration-color: var(--quiet) }
.name small { color: var(--quiet); white-space: nowrap; font-size: 0.8rem }
.row .mark { width: 1rem; flex: none }
.where { color: var(--quiet); font-size: 0.78rem; padding-left: calc(var(--level, 0) * 1rem + 1.4rem); overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap }
.track { position: relative; height: 1.5rem } .track > * { position: absolute; white-space: nowrap }
.tick { top: 0; left: calc(var(--from) * 100%) }
.bar { top: 0.4rem; height: 0.7rem; min-width: 3px; border-radius: 3px; background: var(--color, var(--s3));
  left: calc(var(--from) * 100%); width: calc((var(--to) - var(--from)) * 100%) }
.row.failed .bar { background: var(--failed) } .row.open .bar { opacity: 0.45 }
.wait { top: 0.72rem; border-top: 2px dotted var(--quiet); opacity: 0.6; left: calc(var(--from) * 100%);
  width: calc((var(--to) - var(--from)) * 100%) }
.break { top: -0.4rem; bottom: -0.4rem; left: calc(var(--from) * 100%); width: calc((var(--to) - var(--from)) * 100%);
  background: repeating-linear-gradient(-55deg, transparent 0 5px, var(--line) 5px 6px); opacity: 0.7 }
.duration { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; line-height: 1.5rem }
.happened { grid-column: 1 / -1; padding-left: calc(var(--level, 0) * 1rem + 1.4rem); color: var(--quiet); font-size: 0.82rem;
  overflow-wrap: anywhere }
.happened b { font-weight: 550; color: var(--failed) } .happened .link { display: block }
.facts { grid-column: 1 / -1; margin: 0.5rem 0 0.4rem 1.4rem; padding: 0.75rem 1rem; background: var(--back); border-radius: 8px }
.facts h4 { margin: 0.75rem 0 0.2rem; font-size: 0.78rem; font-weight: 600; color: var(--quiet) } .facts h4:first-child { margin-top: 0 }
.facts dl { display: grid; grid-template-columns: minmax(6rem, max-content) minmax(0, 1fr); gap: 0.05rem 1.25rem; font-size: 0.82rem }
.facts dt, .facts dd { overflow-wrap: anywhere } .facts dd { font-family: ui-monospace, 'Cascadia Mono', 'DejaVu Sans Mono', monospace; font-size: 0.95em }
.wide { overflow-x: auto }
table { width: 100%; border-collapse: collapse; font-size: 0.82rem }
th, td { padding: 0.4rem 1rem; text-align: left; font-weight: 400; white-space: nowrap } thead th { color: var(--quiet) }
tbody tr { border-top: 1px solid color-mix(in srgb, var(--line) 55%, transparent) } td.failed { color: var(--failed) }
td.number { text-align: right; font-variant-numeric: tabular-nums }
@container (min-width: 48rem) {
  .axis, .row { grid-template-columns: minmax(0, 16rem) minmax(0, 7rem) minmax(0, 1fr) 4.5rem }
  .axis .track { grid-column: 3 } .where { grid-column: 2; grid-row: 1; padding-left: 0; line-height: 1.5rem }
  .row .track { grid-column: 3; grid-row: 1 }
}
@container (min-width: 76rem) {
  .axis, .row { grid-template-columns: minmax(0, 18rem) minmax(0, 7rem) minmax(0, 1fr) 4.5rem minmax(0, 17rem) }
  .happened { grid-column: 5; grid-row: 1; padding-left: 0; line-height: 1.5rem }
}
@container (max-width: 40rem) {
  .axis { display: none } .row { grid-template-columns: minmax(0, 1fr) 5.5rem; padding: 0.5rem 0.75rem }
  .duration { grid-column: 2; grid-row: 1 } .row .track { grid-row: 2; margin-left: 1.4rem }
  .where { grid-column: 2; grid-row: 2; padding: 0; text-align: right; line-height: 1.5rem }
  .facts dl { grid-template-columns: minmax(0, 1fr) } .facts dd { margin-bottom: 0.3rem }
  .facts { margin-left: 0 }
}
@media (max-width: 60rem) { .back { display: inline-block } }
`
