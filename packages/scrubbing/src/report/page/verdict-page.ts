import { escaped, htmlPage } from "@filigree/core";
import type { VerdictDocument } from "../../document.ts";
import type { ClaimDetails } from "../details.ts";
import { figureText, grouped } from "../words.ts";
import { claimSection } from "./claim-section.ts";
import { claimTree } from "./claim-tree.ts";
import { markedSource } from "./marked-source.ts";
import { STYLE } from "./style.ts";

/** What a page is made of. */
export interface CheckedText {
  readonly verdict: VerdictDocument;
  /** One a claim of the document, in its order. */
  readonly details: readonly ClaimDetails[];
  /** The text of the `.circuit` file. */
  readonly source: string;
}

/**
 * The verdicts on one or more files as one HTML page: the text with each sentence marked, what is claimed of which
 * sites, and for each claim its figures, controls, examples and histograms. It holds no script, reads nothing from
 * elsewhere, and no clock stands in it: equal checks give equal bytes.
 */
export function verdictPage(files: readonly CheckedText[]): string {
  const title = files.map(({ verdict }) => verdict.title).join(", ");
  return htmlPage({ title, style: STYLE, body: files.map(fileMarkup) });
}

function fileMarkup({ verdict, details, source }: CheckedText, index: number): string {
  const { title, file, claims, met } = verdict;
  const anchors = claims.map((_, i) => `file-${index + 1}-claim-${i + 1}`);
  const asExpected = claims.filter((claim) => claim.met).length;
  return [
    "<article>",
    `<h1>${escaped(title)}</h1>`,
    `<p class="muted">${escaped(file)}</p>`,
    `<p><b>${met ? "✓" : "✗"} ${asExpected} of ${claims.length} claims as expected</b> (${escaped(tally(claims.map((claim) => claim.verdict)))})</p>`,
    "<h2>The hypothesis</h2>",
    markedSource(source, claims, details, anchors),
    "<h2>What is claimed of which sites</h2>",
    claimTree(claims, details, anchors),
    "<h2>The claims</h2>",
    `<p class="muted">In the prompts, <mark>marked</mark> tokens are those that are swapped; at the dotted one the answer is read. Percentages beside answers are their probabilities among the possible answers.</p>`,
    ...claims.map((claim, i) => claimSection(claim, details[i]!, anchors[i]!)),
    "<h2>The run</h2>",
    "<dl>",
    ...facts(verdict).map(([name, value]) => `<dt>${name}</dt><dd>${escaped(value)}</dd>`),
    "</dl>",
    "</article>",
  ].join("\n");
}

/** `5 supported, 2 refuted`. */
function tally(verdicts: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const verdict of verdicts) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  return [...counts].map(([verdict, count]) => `${count} ${verdict}`).join(", ");
}

function facts({ task, hashes, backend, settings, model, claims }: VerdictDocument): [string, string][] {
  const passes = claims.reduce((sum, { forwardPasses }) => sum + forwardPasses, 0);
  const { accuracy, accuracyLow, loss, examples } = model;
  return [
    ["Task", task],
    [
      "Model on the task",
      `accuracy ${figureText(accuracy)} (at least ${figureText(accuracyLow)}), loss ${figureText(loss)} nats, ${grouped(examples)} examples`,
    ],
    [
      "Settings",
      Object.entries(settings)
        .map(([name, value]) => `${name} ${value}`)
        .join(", "),
    ],
    ["Cost", `${grouped(passes)} forward passes`],
    ["Backend", backend],
    ["Engine", hashes.engine],
    ["Model", hashes.model],
    ["Data", hashes.data],
    ["File", hashes.file],
  ];
}
