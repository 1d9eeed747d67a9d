// The case `scrub`: a check of whole `.circuit` files, statistics, controls and start of the command included, against
// PyTorch doing nothing but the same different swaps, each as a whole forward pass.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadModel, randomStream, seed } from "@filigree/core";
import { loadTask } from "@filigree/tasks";
import { Contestant } from "./contestant.mjs";
import { peerArguments } from "./peer.mjs";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const COMMAND = join(ROOT, "packages/cli/dist/main.js");
const CACHE = join(ROOT, "node_modules/.cache/filigree-bench/scrub");
const WORKERS = "2";

export async function compareScrubbing(one, { python, rounds, seconds, threads }) {
  const files = one.files.map((file) => withSettings(file, one.settings));
  const model = join(ROOT, one.model);
  const swaps = countSwaps(files, model);
  const sample = await sampleOfTrace(files, model, one.peerSwaps);
  const script = peerArguments(one, model, sample.file);
  const peer = python && new Contestant(python, [...script, "--interactive"]);
  const facts = await peer?.answer();
  const load = [loadavg()[0]];
  const times = { ours: [], ...Object.fromEntries(threads.map((count) => [count, []])) };
  const ways = {};
  for (let round = 0; round < rounds; round++) {
    process.stderr.write(`${one.name}: round ${round + 1} of ${rounds}\n`);
    const begun = performance.now();
    check(files, model, ["--workers", WORKERS, "--json"]);
    times.ours.push(performance.now() - begun);
    for (const count of peer ? threads : []) {
      const answer = await peer.ask({ threads: count, seconds: 5 * seconds });
      ways[count] = answer.way;
      times[count].push((median(answer.milliseconds) / sample.swaps) * swaps);
    }
  }
  load.push(loadavg()[0]);
  await peer?.close();
  const milliseconds = figures(times.ours);
  const runs = threads.map((count) => ({ threads: count, batch: ways[count], milliseconds: figures(times[count]) }));
  const best = peer && runs.reduce((a, b) => (b.milliseconds[0] < a.milliseconds[0] ? b : a));
  const ratio = best ? rounded(best.milliseconds[0] / milliseconds[0]) : null;
  return {
    case: one.name,
    milliseconds,
    workers: Number(WORKERS),
    swaps,
    peerSwaps: sample.swaps,
    ratio,
    peer: best ? { name: `PyTorch ${facts.version}`, best: best.threads, runs } : null,
    peerCommand: [python ?? "python3", ...script].join(" "),
    ...(facts && { agreement: facts.agreement }),
    bars: { ratio: one.ratio, milliseconds: one.milliseconds },
    met: (ratio === null || ratio >= one.ratio.bar) && milliseconds[0] <= one.milliseconds.bar,
    rounds,
    load,
  };
}

/** A copy of a file that asks for so many examples and donors, with the node files beside it. */
function withSettings(file, settings) {
  mkdirSync(CACHE, { recursive: true });
  const source = readFileSync(join(ROOT, file), "utf8");
  for (const [, nodes] of source.matchAll(/nodes from "([^"]+)"/g)) {
    writeFileSync(join(CACHE, nodes), readFileSync(join(ROOT, dirname(file), nodes)));
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} ${value}\n`);
  const copy = join(CACHE, basename(file));
  const own = new RegExp(`^(${Object.keys(settings).join("|")}) \\d+.*\\n`, "gm");
  writeFileSync(
    copy,
    source.replace(own, "").replace(/^task .*\n/m, (task) => task + lines.join("")),
  );
  return copy;
}

/** Runs the command. Claims that come out as nobody expects are no matter here. */
function check(files, model, further) {
  const args = [COMMAND, "check", ...files, "--model", model, ...further];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8", maxBuffer: 2 ** 30 });
  if (status !== 0 && status !== 1) throw new Error(stderr);
  return stdout;
}

/** How many different swaps there are, over all files. */
function countSwaps(files, model) {
  const plans = JSON.parse(check(files, model, ["--explain", "--json"]));
  return [plans].flat().reduce((sum, { forwardPasses }) => sum + forwardPasses, 0);
}

/** A random sample of the traced swaps that did anything, as the peer reads it. */
async function sampleOfTrace(files, model, count) {
  const all = files.flatMap((file) => {
    const trace = join(CACHE, "trace.jsonl");
    check([file], model, ["--workers", WORKERS, "--json", "--trace", trace]);
    const lines = readFileSync(trace, "utf8").trim().split("\n");
    return lines.map((line) => JSON.parse(line)).filter(({ delta2 }) => delta2 > 0);
  });
  // Whole circuits are left to us: their lines hold every channel, and the random ones are not traced.
  const single = all.filter(({ writes }) =>
    writes.every(({ position, site }) => position !== "all" && !site.endsWith("pattern")),
  );
  const chosen = randomStream(seed(0), "bench/swaps").sample(single, Math.min(count, single.length));
  const { config, tokenizer } = await loadModel(model);
  const options = { ...config, tokenizer, baseDirectory: ROOT, seed: seed(0) };
  const task = loadTask("single_double_quote", options);
  const used = new Set(chosen.flatMap(({ reference, writes }) => [reference, ...writes.map(({ from }) => from.donor)]));
  const swaps = chosen.map(({ reference, writes, after }) => {
    const { position, answer, foil } = task.examples[reference];
    return {
      reference,
      position,
      answers: [answer, foil].sort((a, b) => a - b),
      after,
      writes: writes.map(({ from, receiver, ...write }) => ({
        ...write,
        donor: from.donor,
        from: from.position,
        ...(receiver && { receiver: receiver.position }),
      })),
    };
  });
  const file = join(CACHE, "swaps.json");
  const examples = Object.fromEntries([...used].map((index) => [index, task.examples[index].ids]));
  writeFileSync(file, JSON.stringify({ examples, swaps }));
  return { file, swaps: swaps.length };
}

function figures(times) {
  return [median(times), Math.min(...times), Math.max(...times)].map(rounded);
}

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

function rounded(number) {
  return Number(number.toPrecision(4));
}
