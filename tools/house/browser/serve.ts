import { createReadStream, statSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";

/** A server for one page. */
export interface Served {
  readonly url: string;
  /** What pages have posted, by path. */
  readonly posted: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** How many parts of files were asked for. */
  readonly parts: () => number;
  close(): Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = {
  ".wasm": "application/wasm",
  ".json": "application/json",
  ".html": "text/html; charset=utf-8",
};

/**
 * Serves, on a free port of this machine, scripts by their paths, folders under their prefixes, and anywhere else an
 * empty page with the script `/tab.js`.
 */
export async function serve(
  scripts: Readonly<Record<string, string>>,
  folders: Readonly<Record<string, string>>,
): Promise<Served> {
  const posted = new Map<string, Uint8Array<ArrayBuffer>>();
  let parts = 0;
  const server = createServer(async (request, response) => {
    const path = request.url!;
    // With these two the page may share memory between threads, which is when tfjs would take its threaded module.
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Embedder-Policy", "require-corp");
    if (request.method === "POST") {
      posted.set(path, await bodyOf(request));
      response.end();
      return;
    }
    if (path in scripts) {
      response.setHeader("Content-Type", "text/javascript; charset=utf-8").end(scripts[path]);
      return;
    }
    const prefix = Object.keys(folders).find((prefix) => path.startsWith(prefix));
    if (prefix === undefined) {
      // As servers of single pages do, whatever the path.
      response
        .setHeader("Content-Type", "text/html; charset=utf-8")
        .end(`<!doctype html><title>tab</title><script src="tab.js"></script>`);
      return;
    }
    const file = folders[prefix]! + path.slice(prefix.length);
    const size = statSync(file, { throwIfNoEntry: false })?.size;
    if (size === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader("Content-Type", TYPES[extname(file)] ?? "application/octet-stream");
    response.setHeader("Accept-Ranges", "bytes");
    const range = /^bytes=(\d+)-(\d+)$/u.exec(request.headers.range ?? "");
    const [start, end] = range ? [Number(range[1]), Number(range[2])] : [0, size - 1];
    if (range) parts++;
    response.writeHead(range ? 206 : 200, { "Content-Length": end - start + 1 });
    const stream = createReadStream(file, { start, end });
    stream.pipe(response);
    // A page may want no more of a file than how long it is.
    response.on("close", () => stream.destroy());
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    posted,
    parts: () => parts,
    close: () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(() => done()));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  for await (const piece of request) pieces.push(piece as Uint8Array);
  return new Uint8Array(Buffer.concat(pieces));
}
