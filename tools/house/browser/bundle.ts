import { rolldown } from "rolldown";

/**
 * Bundles a module for browsers as one script: a module, or with a name, a script that puts the exports under that global name.
 *
 * @throws Error where something in it is only for Node, or is not found.
 */
export async function bundleForBrowsers(input: string, name?: string): Promise<string> {
  const complaints: string[] = [];
  const bundle = await rolldown({ input, platform: "browser", onLog: (_, { message }) => complaints.push(message) });
  const { output } = await bundle.generate(name === undefined ? { format: "esm" } : { format: "iife", name });
  await bundle.close();
  if (complaints.length > 0) throw new Error(`${input} cannot be bundled for browsers:\n${complaints.join("\n")}`);
  return output[0].code;
}
