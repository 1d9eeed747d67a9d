import { InputError } from "@filigree/sites";
import { bytesSource, truncated } from "../../checkpoint/byte-source.ts";
import type { openFile as onNode } from "../node/open-file.ts";

/** Larger files are read part by part, where the server gives parts. */
const READ_AT_ONCE = 64 * 2 ** 20;

/** Opens the file at a URL, which may be relative to the page. */
export const openFile: typeof onNode = async (url) => {
  const response = await request(url);
  // Some servers answer every question with the page itself.
  const page = response.headers.get("content-type")?.startsWith("text/html") === true;
  if (response.status === 404 || page) {
    await response.body?.cancel();
    return undefined;
  }
  if (!response.ok) throw unreadable(url, `the server answered ${response.status}`);
  const size = Number(response.headers.get("content-length"));
  const packed = response.headers.has("content-encoding");
  if (size <= READ_AT_ONCE || packed || response.headers.get("accept-ranges") !== "bytes") {
    const bytes = await content(response, url);
    return { ...bytesSource(bytes, url), close: () => Promise.resolve() };
  }
  const leave = new AbortController();
  await response.body?.cancel();
  const read = async (at: number, into: Uint8Array): Promise<void> => {
    const part = await request(url, {
      headers: { range: `bytes=${at}-${at + into.length - 1}` },
      signal: leave.signal,
    });
    if (part.status !== 206) throw unreadable(url, `the server answered ${part.status} in place of a part`);
    const bytes = await content(part, url);
    if (bytes.length !== into.length) throw truncated(url, at, into.length);
    into.set(bytes);
  };
  const close = () => Promise.resolve(leave.abort());
  return { where: url, size, read, close };
};

function request(url: string, options: RequestInit = {}): Promise<Response> {
  return fetch(url, options).catch((error: unknown) => {
    throw unreadable(url, String(error), error);
  });
}

async function content(response: Response, url: string): Promise<Uint8Array> {
  const buffer = await response.arrayBuffer().catch((error: unknown) => {
    throw unreadable(url, String(error), error);
  });
  return new Uint8Array(buffer);
}

function unreadable(where: string, why: string, cause?: unknown): InputError {
  return new InputError({ what: `it cannot be read (${why})`, where, cause });
}
