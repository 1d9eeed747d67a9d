import { join } from "node:path";
import { expect, test } from "vitest";
import { bundleForBrowsers } from "../house/browser/bundle.ts";
import { root } from "../house/workspace.ts";

/** All but training and cli, which work on folders. */
const IN_BROWSERS = ["sites", "kernels", "hypothesis", "core", "tasks", "sparsifiers", "pruners", "scrubbing"];

const bundled = (folder: string) => bundleForBrowsers(join(root, "packages", folder, "dist/index.js"), "bundled");

test.each(IN_BROWSERS)("%s can be bundled for browsers: nothing of Node is in it", async (folder) => {
  expect(await bundled(folder)).toContain("bundled");
});

test("a package that needs Node is refused", async () => {
  await expect(bundled("training")).rejects.toThrow(/node:fs/u);
});
