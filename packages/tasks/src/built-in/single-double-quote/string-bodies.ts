import type { Split } from "../../task.ts";

/** What a string in a template says: a sentence to a person, a name with underscores, a file's path. */
export type BodyKind = "message" | "name" | "path";

/** Lists of words; a body takes one of each list, in order. */
interface Phrase {
  readonly words: readonly (readonly string[])[];
  readonly joinedBy: string;
}

/** Every first word belongs to one split, so no body is in both. */
const PHRASES: Readonly<Record<Split, Readonly<Record<BodyKind, Phrase>>>> = {
  test: {
    message: {
      words: [
        [
          "file",
          "input stream",
          "the given index",
          "this module",
          "no such section:",
          "default encoding",
          "socket",
          "the second argument",
          "line number",
          "password",
          "the result of the query",
          "cannot continue, server",
          "header field",
          "user name",
          "the copied tree",
          "your certificate",
          "lock file",
          "skipped, because it",
        ],
        [
          "not found",
          "is not supported",
          "must be a positive number",
          "was closed too early",
          "has no value",
          "should be set first",
          "is not valid here",
          "could not be read",
          "does not match",
          "already exists",
          "took too long",
          "is out of range",
        ],
      ],
      joinedBy: " ",
    },
    name: {
      words: [
        ["user", "max", "default", "read", "last", "http"],
        ["window", "request", "cache", "error", "field", "thread"],
        ["size", "path", "limit", "handler", "title", "color"],
      ],
      joinedBy: "_",
    },
    path: {
      words: [
        ["data", "build", "tmp", "home"],
        ["reports", "images", "old", "local"],
        ["summary.txt", "index.html", "notes.md", "table.csv", "setup.cfg"],
      ],
      joinedBy: "/",
    },
  },
  dev: {
    message: {
      words: [
        [
          "object",
          "output folder",
          "the first item",
          "that command",
          "unknown option:",
          "current thread",
          "connection",
          "the size of the buffer",
          "version string",
          "timeout",
          "the name of the class",
          "stopped, since the lock",
          "memory block",
          "time zone",
          "that method",
          "the root node",
          "event loop",
          "nothing left, cursor",
          "this branch",
          "the old format",
          "reply from the host",
          "signal handler",
          "last block of the stream",
          "that encoding",
        ],
        [
          "is missing",
          "cannot be changed now",
          "must not be empty",
          "was given twice",
          "needs a newer system",
          "is too large",
          "has the wrong type",
          "is only for testing",
          "could not be saved",
          "will be removed soon",
          "is not a list",
          "expected but not seen",
        ],
      ],
      joinedBy: " ",
    },
    name: {
      words: [
        ["start", "min", "remote", "write", "next", "client", "old"],
        ["button", "response", "queue", "warning", "column", "process"],
        ["width", "name", "count", "callback", "label", "offset"],
      ],
      joinedBy: "_",
    },
    path: {
      words: [
        ["docs", "dist", "var", "share"],
        ["letters", "sounds", "new", "remote", "drafts"],
        ["readme.txt", "page.html", "todo.md", "log.csv", "tox.ini"],
      ],
      joinedBy: "/",
    },
  },
};

/** Every body of a kind, in a fixed order. */
export function stringBodies(split: Split, kind: BodyKind): string[] {
  const { words, joinedBy } = PHRASES[split][kind];
  return words.reduce<string[]>(
    (beginnings, list) =>
      beginnings.length === 0
        ? [...list]
        : beginnings.flatMap((beginning) => list.map((word) => beginning + joinedBy + word)),
    [],
  );
}
