// Compiles assembly/ to WebAssembly and embeds it as base64 in a TypeScript module, so that the package needs no file
// access at run time: it loads the same way in Node, in a bundler and in a browser.
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "src/wasm/module.generated.ts");

let binary;
const { error, stderr } = await asc.main(
  // prettier-ignore
  [
    "assembly/index.ts", "--outFile", "kernels.wasm", "--importMemory", "--initialMemory", "1",
    "--runtime", "stub", "--enable", "simd", "-O3", "--noAssert", "--use", "abort=",
  ],
  {
    baseDir: here,
    writeFile: (name, contents) => {
      if (name === "kernels.wasm") binary = contents;
    },
  },
);
if (error || !binary) {
  console.error(stderr.toString());
  console.error(error ?? "The compiler wrote no module.");
  process.exit(1);
}
// The module shares the memory of tfjs's own module, so it must bring no static data: that would overwrite tfjs's.
if (hasDataSection(binary)) {
  console.error("The module has a data section. It would overwrite the memory that it shares with tfjs.");
  process.exit(1);
}
await mkdir(dirname(target), { recursive: true });
const temporary = `${target}.tmp`;
await writeFile(
  temporary,
  `// Made by build-wasm.mjs from assembly/. Not kept in version control.\nexport const MODULE_BASE64 =\n  "${Buffer.from(binary).toString("base64")}";\n`,
);
await rename(temporary, target);

/** Walks the sections of a WebAssembly binary: id byte, LEB128 length, payload. Id 11 is data. */
function hasDataSection(bytes) {
  let at = 8;
  while (at < bytes.length) {
    const id = bytes[at++];
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    if (id === 11) return true;
    at += length;
  }
  return false;
}
