/** Green, red and amber are told apart by words and marks as well: no colour stands alone. */
const LIGHT =
  "--paper:#fff;--ink:#1c2128;--muted:#667080;--line:#dfe3e8;--band:#f5f6f8;--supported:#1a6b3c;--refuted:#b3261e;--inconclusive:#8a5a00;--untestable:#56606d;--vacuous:#6a3fa0;--swap:#ffe08a;--bar:#7d93a8";
const DARK =
  "--paper:#13161b;--ink:#e7eaee;--muted:#97a1ae;--line:#343b45;--band:#1b2027;--supported:#6fd198;--refuted:#ff8a80;--inconclusive:#f0bf5c;--untestable:#a9b3bf;--vacuous:#c4a3f5;--swap:#6b5310;--bar:#8ba3bb";

const VERDICTS = ["supported", "refuted", "inconclusive", "untestable", "vacuous"];

/** The style sheet of a verdict page. */
export const STYLE = `:root{color-scheme:light dark;${LIGHT}}
@media(prefers-color-scheme:dark){:root{${DARK}}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:64rem;padding:2rem 1.5rem 4rem;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
h1{font-size:1.6rem;margin:0 0 .25rem;overflow-wrap:anywhere}
h2{font-size:1.2rem;margin:2.5rem 0 .75rem;border-bottom:1px solid var(--line);padding-bottom:.25rem}
h3{font-size:1rem;margin:0 0 .35rem;overflow-wrap:anywhere}
h4{font-size:.9rem;margin:1rem 0 .25rem;color:var(--muted);font-weight:600}
p{margin:.35rem 0;max-width:80ch;overflow-wrap:anywhere}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
code{font-size:.9em}
a{color:inherit;text-decoration-color:var(--muted)}
.source{margin:0;padding:.75rem 0;background:var(--band);overflow-x:auto;font-size:13px;line-height:1.6;counter-reset:line}
.source>span{display:block;padding:0 1rem 0 .5rem;white-space:pre}
.source>span::before{counter-increment:line;content:counter(line);display:inline-block;width:3ch;margin-right:1.25rem;text-align:right;color:var(--muted)}
.source a{text-decoration:underline 2px;text-underline-offset:3px}
.badge{font:600 .8rem/1.4 system-ui,sans-serif;border:1px solid;border-radius:3px;padding:0 .4em;margin:0 .5em 0 0;white-space:nowrap;text-decoration:none;display:inline-block}
.source .badge{margin:0 0 0 .75em;line-height:1.2}
${VERDICTS.map((name) => `.${name}{color:var(--${name})}\n.source a.${name}{color:inherit;text-decoration-color:var(--${name})}`).join("\n")}
.unmet{outline:2px solid;outline-offset:1px}
.claim{margin:0 0 1.25rem;padding:1rem 1.25rem;border:1px solid var(--line);border-left:4px solid}
.claim>*{color:var(--ink)}
table{border-collapse:collapse;margin:.25rem 0 .75rem;font-variant-numeric:tabular-nums;font-size:.92rem}
th{text-align:left;font-weight:600;color:var(--muted)}
th,td{padding:.15rem 1.25rem .15rem 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:break-word}
td.number,th.number{text-align:right;white-space:nowrap}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:.15rem 1.25rem;margin:0}
dt{color:var(--muted)}
dd{margin:0;overflow-wrap:anywhere}
ul.tree,ul.tree ul{list-style:none;margin:0;padding:0 0 0 1.1rem;border-left:1px solid var(--line)}
ul.tree>li{margin:.35rem 0}
ul.tree li{padding-left:.25rem;overflow-wrap:anywhere}
.muted{color:var(--muted)}
.rules{display:grid;grid-template-columns:repeat(auto-fit,minmax(17rem,1fr));gap:1rem 1.5rem;margin:.5rem 0}
figure{margin:0}
figcaption{font-size:.85rem}
svg{display:block;width:100%;max-width:22rem;height:auto}
svg rect{fill:var(--bar)}
svg .none{fill:var(--line)}
svg line{stroke:var(--muted)}
svg text{font:9px system-ui,sans-serif;fill:var(--muted)}
.swap{margin:.4rem 0 .9rem;font-size:.88rem}
.prompt{margin:0;padding:.3rem .6rem;background:var(--band);white-space:pre-wrap;overflow-wrap:anywhere;font-size:12.5px;line-height:1.45}
mark{background:var(--swap);color:inherit;outline:1px solid var(--muted);border-radius:2px}
.prompt u{text-decoration:underline dotted 2px;text-underline-offset:3px}
summary{cursor:pointer;color:var(--muted);padding:.2rem 0}
@media print{.claim{break-inside:avoid}}
`;
