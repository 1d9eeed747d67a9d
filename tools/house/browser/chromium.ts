import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { chromium, type Browser } from "playwright-core";

/** Where Debian's package puts it. */
const EXECUTABLE = "/usr/bin/chromium";

/** Starts Debian's Chromium without a window, after installing it where it is missing. */
export async function startChromium(): Promise<Browser> {
  if (!existsSync(EXECUTABLE)) install();
  const asRoot = process.getuid?.() === 0;
  return chromium.launch({ executablePath: EXECUTABLE, args: asRoot ? ["--no-sandbox"] : [] });
}

/** @throws Error that says what to do where it cannot be installed. */
function install(): void {
  const debian = existsSync("/usr/bin/apt-get");
  if (process.getuid?.() !== 0 || !debian) {
    throw new Error(`This test needs ${EXECUTABLE}. Install Debian's package "chromium", or run the test as root.`);
  }
  const begun = performance.now();
  const options = { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" }, stdio: "pipe" } as const;
  try {
    execFileSync("apt-get", ["update"], options);
    execFileSync("apt-get", ["install", "-y", "--no-install-recommends", "chromium"], options);
  } catch (error) {
    const { stderr } = error as { stderr?: Buffer };
    throw new Error(`apt-get could not install Chromium, which this test needs:\n${stderr}`, { cause: error });
  }
  console.log(`installed Chromium in ${((performance.now() - begun) / 1000).toFixed(0)} s`);
}

/** Memory of the processes that draw the browser's tabs, in bytes: what is resident now, and the most that was. */
export async function tabMemory(browser: Browser): Promise<{ resident: number; peak: number }> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const tabs = processInfo.filter(({ type }) => type === "renderer").map(({ id }) => statusOf(id));
  return {
    resident: Math.max(...tabs.map((status) => kilobytes(status, "VmRSS"))) * 1024,
    peak: Math.max(...tabs.map((status) => kilobytes(status, "VmHWM"))) * 1024,
  };
}

function statusOf(id: number): string {
  return readFileSync(`/proc/${id}/status`, "utf8");
}

function kilobytes(status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s*(\\d+) kB$`, "mu").exec(status)?.[1]);
}
