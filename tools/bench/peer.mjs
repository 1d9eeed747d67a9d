import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const PEERS = new URL("peers/", import.meta.url).pathname;

/** A Python that has torch; installs it where this is Debian and we may. Undefined where there is none to be had. */
export function findPython() {
  const found = ["python3", "/usr/bin/python3"].find(hasTorch);
  if (found) return found;
  if (!mayInstall()) return undefined;
  process.stderr.write("Installing python3-torch and libopenblas0-pthread.\n");
  const environment = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  try {
    execFileSync("apt-get", ["update"], { stdio: ["ignore", 2, 2], env: environment });
    const packages = ["python3-torch", "libopenblas0-pthread"];
    execFileSync("apt-get", ["install", "-y", ...packages], { stdio: ["ignore", 2, 2], env: environment });
  } catch {
    return undefined;
  }
  return hasTorch("/usr/bin/python3") ? "/usr/bin/python3" : undefined;
}

/** The peer of a case: its script and arguments, after the Python. `tokens`: of `scrub`, the file of swaps. */
export function peerArguments({ kind, train, peerRows }, directory, tokens) {
  if (kind === "train") {
    const { dModel, nLayer, context, batch, vocabSize, density } = train;
    const sizes = { "d-model": dModel, layers: nLayer, context, batch, vocab: vocabSize, density };
    return [`${PEERS}train.py`, ...Object.entries(sizes).flatMap(([name, value]) => [`--${name}`, `${value}`])];
  }
  if (kind === "scrub") return [`${PEERS}scrub.py`, directory, tokens];
  if (kind === "prune") return [`${PEERS}prune.py`, directory, tokens];
  return [`${PEERS}forward.py`, directory, tokens, ...(peerRows ? ["--rows", `${peerRows}`] : [])];
}

function hasTorch(python) {
  try {
    execFileSync(python, ["-c", "import torch"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function mayInstall() {
  try {
    return process.getuid?.() === 0 && /^ID(_LIKE)?=.*debian/m.test(readFileSync("/etc/os-release", "utf8"));
  } catch {
    return false;
  }
}
