"""The style of the report's page: any width, light and dark, paper."""

from __future__ import annotations

__all__ = ["STYLE"]

STYLE = """
:root {
  color-scheme: light dark;
  --ground: #f4f6f5; --card: #fff; --ink: #18211d; --soft: #55625c; --line: #d5dcd8;
  --broken: #a3261d; --broken-ground: #fdeeec; --kept: #1d6b51; --kept-ground: #e9f5f0;
  --unknown: #55625c; --unknown-ground: #eceff0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #101513; --card: #19201d; --ink: #e7edea; --soft: #a3b0aa; --line: #35403b;
    --broken: #ff9d91; --broken-ground: #33201e; --kept: #6fcfa8; --kept-ground: #17291f;
    --unknown: #a3b0aa; --unknown-ground: #222a27;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; padding: clamp(1rem, 4vw, 3rem) clamp(.75rem, 4vw, 2rem); font: 1rem/1.5 system-ui, sans-serif;
  color: var(--ink); background: var(--ground);
}
header, main { max-width: 60rem; margin-inline: auto; }
h1 { margin: .15rem 0; font-size: clamp(1.5rem, 5vw, 2.25rem); line-height: 1.15; text-wrap: balance; }
h2 { margin: 2.5rem 0 .75rem; font-size: 1.25rem; line-height: 1.3; }
p { margin: 0; }
.target, .about, .note, .of { color: var(--soft); }
.target b { color: var(--ink); }
.target, code, dd { overflow-wrap: anywhere; }
code { font: .875em/1.5 ui-monospace, "Cascadia Mono", Menlo, monospace; }
ul, ol { margin: 0; padding: 0; list-style: none; }
.bar { display: block; width: 100%; height: .75rem; margin-top: 1.25rem; border-radius: .4rem; }
rect.broken { fill: var(--broken); }
rect.kept { fill: var(--kept); }
rect.unknown { fill: var(--line); }
.counts { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin-top: .5rem; font-weight: 600; }
.state { font-weight: 600; white-space: nowrap; }
.broken > .sign, .broken .state { color: var(--broken); }
.kept > .sign, .kept .state { color: var(--kept); }
.unknown > .sign, .unknown .state { color: var(--unknown); }
.clauses { display: grid; grid-template-columns: repeat(auto-fill, minmax(12rem, 1fr)); gap: .6rem; margin-top: 2rem; }
.clauses a {
  display: grid; grid-template-columns: auto 1fr; gap: 0 .5rem; align-content: start; height: 100%;
  padding: .7rem .85rem;
  color: inherit; text-decoration: none; background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
  border-inline-start: .35rem solid var(--line);
}
.clauses a:hover .name { text-decoration: underline; }
.clauses .broken a { background: var(--broken-ground); border-color: var(--broken); }
.clauses .kept a { border-inline-start-color: var(--kept); }
.clauses .number { color: var(--soft); }
.clauses .name { font-weight: 600; line-height: 1.3; }
.clauses .state, .clauses .of { grid-column: 1 / -1; }
.clauses .state { margin-top: .4rem; }
.clauses .of { font-size: .8125rem; }
.rows > li { background: var(--card); border: 1px solid var(--line); border-bottom-width: 0; padding: .6rem .9rem; }
.rows > li:first-child { border-radius: .6rem .6rem 0 0; }
.rows > li:last-child { border-radius: 0 0 .6rem .6rem; border-bottom-width: 1px; }
.rows > li:only-child { border-radius: .6rem; }
.rows > li.broken { box-shadow: inset .35rem 0 0 var(--broken); }
.head, summary { display: grid; grid-template-columns: 6.5rem 1fr auto; gap: 0 .75rem; align-items: baseline; }
summary { cursor: pointer; list-style: none; }
summary::-webkit-details-marker { display: none; }
summary .title::after { content: " ▸"; color: var(--soft); }
[open] > summary .title::after { content: " ▾"; }
summary .title { font-weight: 600; }
a:focus-visible, summary:focus-visible { outline: .2rem solid var(--ink); outline-offset: .15rem; }
.head code, summary code { color: var(--soft); }
.rows .note { padding-inline-start: 7.25rem; font-size: .875rem; }
.inside { padding: .5rem 0 .35rem 7.25rem; }
.inside .note { padding-inline-start: 0; }
dl { display: grid; grid-template-columns: 5rem 1fr; gap: .1rem .75rem; margin: 0 0 .75rem; }
.inside dl { padding-bottom: .75rem; border-bottom: 1px solid var(--line); }
.inside dd ul { columns: 20rem; column-gap: 1.5rem; }
dt { color: var(--soft); }
dd { margin: 0; min-width: 0; }
.mend { padding: .6rem .8rem; background: var(--kept-ground); border-radius: .45rem; overflow-wrap: anywhere; }
.mend b { display: block; color: var(--kept); }
.reasons { grid-template-columns: minmax(9rem, 16rem) 1fr; gap: .6rem 1rem; }
.reasons code { margin-inline-end: .6rem; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 22rem), 1fr)); gap: 1rem; }
figure { margin: 0; }
img { display: block; max-width: 100%; border: 1px solid var(--line); border-radius: .45rem; }
figcaption { padding-top: .3rem; color: var(--soft); font-size: .875rem; overflow-wrap: anywhere; }
@media screen and (max-width: 40rem) {
  .clauses { grid-template-columns: 1fr; gap: .35rem; }
  .clauses a { grid-template-columns: 2.4rem 1fr auto; padding: .45rem .75rem; }
  .clauses .state, .clauses .of { grid-column: auto; margin: 0; white-space: normal; text-align: end; }
  .clauses .of { display: none; }
  .head, summary { grid-template-columns: 1fr auto; }
  .title { grid-column: 1 / -1; }
  .rows .note, .inside { padding-inline-start: 0; }
  .head .title, summary .title { order: 3; }
  .reasons, .inside dl { grid-template-columns: 1fr; }
  .inside dt { margin-top: .3rem; font-size: .8125rem; }
}
@media print {
  :root {
    color-scheme: light; --ground: #fff; --card: #fff; --ink: #000; --soft: #333; --line: #999;
    --broken: #8c1a12; --broken-ground: #fff; --kept: #14513d; --kept-ground: #fff; --unknown: #333;
  }
  body { padding: 0; font-size: 10pt; }
  header, main { max-width: none; }
  rect { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .clauses { grid-template-columns: repeat(3, 1fr); }
  .mend { padding: 0; }
  summary .title::after { content: "" !important; }
  details::details-content { display: block; content-visibility: visible; block-size: auto; }
  h2 { break-after: avoid; }
  .clauses li, .rows > li.kept, .rows > li.unknown, dl, figure { break-inside: avoid; }
}
"""
