import { spawn, type ChildProcess, type ChildProcessByStdio } from "node:child_process";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../dist/main.js", import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command line under plain node. `watch` may act while it runs. */
export function filigree(args: readonly string[], cwd: string, watch?: (child: ChildProcess) => void): Promise<Ended> {
  return end(spawn(process.execPath, [MAIN, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] }), watch);
}

/** The same where no file may grow beyond so many blocks of 1,024 bytes: writes then fail as on a full disk. */
export function filigreeInLittleRoom(args: readonly string[], cwd: string, blocks: number): Promise<Ended> {
  const limited = `trap "" XFSZ; ulimit -f ${blocks}; exec "$0" "$@"`;
  return end(
    spawn("bash", ["-c", limited, process.execPath, MAIN, ...args], { cwd, stdio: ["ignore", "pipe", "pipe"] }),
  );
}

function end(
  child: ChildProcessByStdio<null, Readable, Readable>,
  watch?: (child: ChildProcess) => void,
): Promise<Ended> {
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  watch?.(child);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

/** Fails, with what the command said, unless it ended with this exit code. */
export function expectCode({ code, stdout, stderr }: Ended, expected: number): void {
  if (code !== expected) throw new Error(`exit code ${code} in the place of ${expected}\n${stdout}${stderr}`);
}
