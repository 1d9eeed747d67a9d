import { InputError } from "@filigree/sites";
import { ERROR_CHAPTERS } from "./error-texts.mjs";

const FILE = "quotes.circuit";
const shape = { nLayer: 2, nHead: 16, dHead: 16, dModel: 256, dMlp: 1024 };
const task = {
  features: [
    { name: "quote type", nuisance: false, anchor: "opener", type: "text" },
    { name: "string body", nuisance: false, type: "text" },
  ],
  positions: ["opener"],
};
/** Where the codes that only a whole check gives look for their model, from the folder that the page is made in. */
const ROOT = new URL("../../", import.meta.url).pathname;
const CHECKED = `${ROOT}examples/quotes/quotes.circuit`;
const BY_CHECK = ["unreadable-model", "unreadable-task"];

const INTRODUCTION = `# Diagnostics

What \`filigree check\` and \`filigree fmt\` say of a file that they cannot take. Each has a code that stays the same, so that
programs may rely on it. This page is made by \`node tools/language-docs.mjs\`: every example is run, and what stands under
it is what comes out. The examples are about a model of two layers with 16 heads each and a task with the features
\`quote type\` (shown at \`opener\`) and \`string body\`.
`;

/**
 * @param hypothesis the hypothesis package
 * @param openCheck that of the scrubbing package
 */
export async function errorsPage(hypothesis, openCheck) {
  const told = ERROR_CHAPTERS.flatMap(({ codes }) => Object.keys(codes));
  const missing = hypothesis.DIAGNOSTIC_CODES.filter((code) => !told.includes(code));
  if (missing.length > 0) throw new Error(`error-texts.mjs lacks: ${missing.join(", ")}`);
  const chapters = [];
  for (const { title, codes } of ERROR_CHAPTERS) {
    const sections = [];
    for (const [code, [why, example, note]] of Object.entries(codes)) {
      const said = await messageOf(code, example, hypothesis, openCheck);
      const more = note === undefined ? "" : `${note}\n\n`;
      sections.push(
        `### ${code}\n\n${why}\n\n${more}\`\`\`\n${example.trimEnd()}\n\`\`\`\n\n\`\`\`\n${said}\n\`\`\`\n`,
      );
    }
    chapters.push(`## ${title}\n\n${sections.join("\n")}`);
  }
  return `${INTRODUCTION}\n${chapters.join("\n")}`;
}

/** What is said of the example; it has to be this code and no other. */
async function messageOf(code, example, hypothesis, openCheck) {
  const diagnostics = BY_CHECK.includes(code)
    ? (await openCheck({ text: example, file: CHECKED })).diagnostics
    : textDiagnostics(code, example, hypothesis);
  const found = diagnostics.map((diagnostic) => diagnostic.code);
  if (found.length !== 1 || found[0] !== code) {
    throw new Error(`the example of ${code} gives ${found.join(", ") || "nothing"}`);
  }
  const [diagnostic] = diagnostics;
  const file = diagnostic.file.replace(/^.*\//u, "");
  return hypothesis.formatDiagnostic({ ...diagnostic, file }, example).replaceAll(ROOT, "");
}

function textDiagnostics(code, example, { parseCircuit, checkCircuit }) {
  const noFile = (path) => {
    throw new InputError({ what: "the file cannot be read", where: path });
  };
  const circuitFile = (path) =>
    path === "circle.circuit" ? { file: path, text: 'import "circle.circuit"\n' } : noFile(path);
  const whole = { shape, task, nodeFile: noFile, circuitFile };
  const { tree, diagnostics } = parseCircuit(example, FILE);
  return [
    ...diagnostics,
    ...checkCircuit(tree, code.startsWith("missing-") ? missing(code, whole) : whole).diagnostics,
  ];
}

/** Without what the text itself has to name. */
function missing(code, { shape: known, ...rest }) {
  if (code === "missing-model") return rest;
  return code === "missing-task" ? {} : { shape: known, ...rest };
}
