// npm run bench [-- CASE… --json --profile --rounds N --seconds N]: times this project and PyTorch on the same weights,
// in alternating rounds, and prints one JSON line a case. Exit code 1 where a peer was not run or a bar is not met.
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { CASES } from "./cases.mjs";
import { Contestant } from "./contestant.mjs";
import { makeModel } from "./make-model.mjs";
import { findPython, peerArguments } from "./peer.mjs";
import { compareScrubbing } from "./scrub-case.mjs";
import { describe } from "./describe.mjs";

const MEASURE = new URL("measure.mjs", import.meta.url).pathname;
const THREADS = [1, 2];
/** What PyTorch has nothing like. */
const ALONE = ["load", "language"];

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: "boolean", default: false },
    profile: { type: "boolean", default: false },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "3" },
  },
});
const rounds = Number(options.rounds);
const seconds = Number(options.seconds);
const names = CASES.map(({ name }) => name);
const unknown = positionals.find((name) => !names.includes(name));
if (unknown !== undefined) fail(`There is no case "${unknown}": ${names.join(", ")}.`);
if (!(Number.isInteger(rounds) && rounds >= 1 && seconds > 0)) fail("--rounds and --seconds are numbers above 0.");

const chosen = CASES.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
const needsPeer = chosen.some(({ kind }) => !ALONE.includes(kind));
const python = needsPeer ? findPython() : undefined;
if (needsPeer && !python) process.stderr.write("PyTorch is not there and cannot be installed: the peer is not run.\n");
let fine = true;
for (const one of chosen) {
  const line = await measure(one);
  process.stdout.write(`${JSON.stringify(line)}\n`);
  if (!options.json) process.stderr.write(describe(line));
  fine &&= line.met && line.peer !== null;
}
process.exitCode = fine ? 0 : 1;

function measure(one) {
  if (one.kind === "scrub") return compareScrubbing(one, { python, rounds, seconds, threads: THREADS });
  return ALONE.includes(one.kind) ? measureAlone(one) : compare(one);
}

/** Our passes and the peer's, round by round. */
async function compare(one) {
  const { kind, model, rows, length, train, nodes } = one;
  const files = model ? await makeModel(model, rows, length) : {};
  const given = JSON.stringify({ ...files, train, nodes });
  const ours = new Contestant(process.execPath, [MEASURE, kind, given]);
  const { last } = await ours.answer();
  const script = peerArguments(one, files.directory, files.tokens);
  const peer = python && new Contestant(python, [...script, "--interactive"]);
  const facts = await peer?.answer();
  const load = [loadavg()[0]];
  const times = { ours: [], ...Object.fromEntries(THREADS.map((threads) => [threads, []])) };
  let peakMemoryBytes = 0;
  for (let round = 0; round < rounds; round++) {
    process.stderr.write(`${one.name}: round ${round + 1} of ${rounds}\n`);
    const answer = await ours.ask({ seconds });
    times.ours.push(median(answer.milliseconds));
    peakMemoryBytes = answer.peakMemoryBytes;
    if (!peer) continue;
    for (const threads of THREADS) times[threads].push(median((await peer.ask({ threads, seconds })).milliseconds));
  }
  load.push(loadavg()[0]);
  const profile = options.profile ? await ours.ask({ profile: true }) : undefined;
  await Promise.all([ours.close(), peer?.close()]);
  const tokens = train ? train.batch * train.context : rows * length;
  const own = figures(times.ours, tokens);
  const peerTokens = one.peerRows ? one.peerRows * length : tokens;
  const peers = peer && THREADS.map((threads) => ({ threads, ...figures(times[threads], peerTokens) }));
  const best = peers?.reduce((a, b) => (b.tokensPerSecond > a.tokensPerSecond ? b : a));
  const ratio = best ? rounded(own.tokensPerSecond / best.tokensPerSecond) : null;
  return {
    case: one.name,
    ...own,
    ...(train || kind === "prune" ? { msPerStep: own.milliseconds[0] } : {}),
    peakMemoryBytes,
    ratio,
    peer: best ? { name: `PyTorch ${facts.version}`, best: best.threads, runs: peers } : null,
    peerCommand: [python ?? "python3", ...script].join(" "),
    ...(last && facts?.last ? { agreement: largestDifference(last, facts.last) } : {}),
    bars: { ratio: one.ratio, peakMemoryBytes: one.peakMemoryBytes },
    met: (!one.ratio || ratio >= one.ratio.bar) && !(peakMemoryBytes > one.peakMemoryBytes?.bar),
    rounds,
    load,
    ...(profile ? { profile } : {}),
  };
}

/** Each round in a fresh process. */
async function measureAlone(one) {
  const { directory } = one.model ? await makeModel(one.model, 1, 256) : {};
  const given = JSON.stringify({ directory, lines: one.lines });
  const load = [loadavg()[0]];
  const times = [];
  let peakMemoryBytes = 0;
  for (let round = 0; round < rounds; round++) {
    const ours = new Contestant(process.execPath, [MEASURE, one.kind, given]);
    const answer = await ours.answer();
    times.push(answer.milliseconds[0]);
    peakMemoryBytes = Math.max(peakMemoryBytes, answer.peakMemoryBytes);
    await ours.close();
  }
  const { milliseconds } = figures(times, 0);
  const met = milliseconds[0] <= one.milliseconds.bar;
  const bars = { milliseconds: one.milliseconds };
  return { case: one.name, milliseconds, peakMemoryBytes, bars, met, rounds, load: [...load, loadavg()[0]] };
}

/** Median, least and most of the rounds, each the median of its passes. */
function figures(times, tokens) {
  const milliseconds = [median(times), Math.min(...times), Math.max(...times)].map(rounded);
  return tokens > 0 ? { tokensPerSecond: rounded((1000 * tokens) / median(times)), milliseconds } : { milliseconds };
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

function rounded(number) {
  return Number(number.toPrecision(4));
}

/** The largest difference of two lists of logits. */
function largestDifference(a, b) {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
}

function fail(text) {
  process.stderr.write(`${text}\n`);
  process.exit(2);
}
