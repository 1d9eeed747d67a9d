import { expect, test } from "vitest";
import { run } from "../src/index.ts";
import { captureStreams } from "./capture.ts";

const COMMANDS = ["check", "train", "prune", "eval", "run", "inspect", "tasks", "fmt"];

test("--help names every command; each command's --help has an example", async () => {
  const streams = captureStreams();
  expect(await run(["--help"], streams)).toBe(0);
  for (const command of COMMANDS) {
    expect(streams.stdout.text()).toMatch(new RegExp(`^  ${command} `, "mu"));
    const own = captureStreams();
    expect(await run([command, "--help"], own)).toBe(0);
    expect(own.stdout.text()).toMatch(new RegExp(`^  \\$ filigree ${command}\\b`, "mu"));
    expect(own.stderr.text()).toBe("");
  }
});

test("results go to standard output alone", async () => {
  const streams = captureStreams();
  expect(await run(["tasks", "--json"], streams)).toBe(0);
  expect(JSON.parse(streams.stdout.text()).tasks[0].name).toBe("single_double_quote");
  expect(streams.stderr.text()).toBe("");
});

test("colours appear on a terminal unless NO_COLOR is set", async () => {
  const coloured = captureStreams({ isTerminal: true });
  const plain = captureStreams({ isTerminal: true, env: { NO_COLOR: "1" } });
  await run(["tasks"], coloured);
  await run(["tasks"], plain);
  expect(coloured.stdout.text()).toContain("\u001B[1msingle_double_quote");
  expect(plain.stdout.text()).not.toContain("\u001B");
});

test.each([
  ["an unknown command", ["chekc"], "Did you mean check?"],
  ["an unknown option", ["tasks", "--jsn"], "Did you mean --json?"],
  ["a missing argument", ["inspect"], "missing required argument 'model'"],
  ["a wrong number", ["check", "x.circuit", "--seed", "-1"], "It must be a whole number from 0."],
  ["a wrong choice", ["run", "m", "--tokens", "t", "--backend", "gpu"], "Allowed choices are wasm, cpu."],
  ["no command", [], "Usage: filigree"],
])("%s is bad input", async (_, argv, message) => {
  const streams = captureStreams();
  expect(await run(argv, streams)).toBe(2);
  expect(streams.stderr.text()).toContain(message);
  expect(streams.stdout.text()).toBe("");
});

test("a fault of ours says what to report", async () => {
  const streams = captureStreams();
  const broken = { ...streams, stdout: { ...streams.stdout, write: () => JSON.parse("{") } };
  expect(await run(["tasks", "--model", "a b"], broken)).toBe(2);
  expect(await run(["tasks"], broken)).toBe(70);
  const report = streams.stderr.text();
  expect(report).toContain("this is a fault of filigree");
  expect(report).toMatch(/^ {2}version: filigree \d+\.\d+\.\d+, node \d+/mu);
  expect(report).toMatch(/^ {2}command: filigree tasks$/mu);
  expect(report).toMatch(/^ {2}SyntaxError: .*\n {6}at /mu);
});
