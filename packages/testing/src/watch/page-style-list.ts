/** The list of journeys. */
export const listStyle = `
#journeys { position: sticky; top: var(--top, 3.4rem); height: calc(100vh - var(--top, 3.4rem)); overflow-y: auto;
  border-right: 1px solid var(--line); background: var(--panel); scrollbar-width: thin }
#list > li { content-visibility: auto; contain-intrinsic-size: auto 3.6rem; border-bottom: 1px solid var(--line) }
#list a { display: grid; grid-template-columns: 1.4rem minmax(0, 1fr) auto; gap: 0.1rem 0.4rem; align-items: baseline;
  padding: 0.55rem 1rem 0.6rem 0.8rem; color: inherit; text-decoration: none; border-left: 3px solid transparent }
#list a:hover { background: var(--back) }
#list a[aria-current] { background: var(--accent-back); border-left-color: var(--accent) }
#list a:focus-visible { outline-offset: -2px }
.mark { font-weight: 700; text-align: center; color: var(--ok) }
.failed > .mark, .dead > .mark, .row.failed .mark { color: var(--failed) } .retrying > .mark, .recovered > .mark { color: var(--open) }
.waiting > .mark, .row.open .mark { color: var(--quiet) }
.title { display: flex; align-items: baseline; gap: 0.5rem; min-width: 0 }
.title b { font-weight: 600; overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
.chip { flex: none; padding: 0 0.45rem; font-size: 0.72rem; line-height: 1.3rem; border-radius: 1rem; white-space: nowrap;
  background: var(--raised); color: var(--quiet) }
.chip.failed, .chip.dead { background: var(--failed-back); color: var(--failed) }
.chip.retrying, .chip.recovered { background: var(--open-back); color: var(--open) }
.chip.broken { background: var(--broken-back); color: var(--broken) }
time { justify-self: end; color: var(--quiet); font-size: 0.78rem; font-variant-numeric: tabular-nums }
.about { grid-column: 2; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap;
  color: var(--quiet); font-size: 0.8rem }
.small { grid-column: 3; justify-self: end; align-self: center; display: block; width: 6.5rem; height: 0.9rem; overflow: visible }
.problem { grid-column: 2 / -1; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: var(--broken);
  font-size: 0.8rem }
rect { fill: var(--s3) } .s0 { fill: var(--s0) } .s1 { fill: var(--s1) } .s2 { fill: var(--s2) } .s4 { fill: var(--s4) }
.s5 { fill: var(--s5) } rect.failed { fill: var(--failed) } rect.open { opacity: 0.45 }
#nothing, #bounds { padding: 1rem 1.25rem; color: var(--quiet); font-size: 0.8rem; text-wrap: balance }
#nothing { padding-top: 3rem; text-align: center; font-size: 0.9rem }
@media (max-width: 60rem) { #journeys { position: static; height: auto; border-right: 0; overflow: visible; min-height: 60vh } }
@media (max-width: 24rem) { .small { width: 4rem } }
`
