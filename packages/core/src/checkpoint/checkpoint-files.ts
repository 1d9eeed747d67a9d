import { openFile } from "#platform/open-file";
import { readBytes, type OpenFile } from "./byte-source.ts";
import { reading } from "./open-file.ts";

/** The files of a checkpoint: a folder, or anything else that opens a file by its name. */
export interface CheckpointFiles {
  /** Names the place in messages. */
  readonly where: string;
  /** Opens a file such as `config.json`; undefined where there is none of that name. The reader closes it. */
  open(name: string): Promise<OpenFile | undefined>;
}

/** The files of a folder: of the disk under Node, of a web server in a browser. */
export function folderFiles(folder: string): CheckpointFiles {
  const begin = /[/\\]$/u.test(folder) ? folder : `${folder}/`;
  return { where: folder, open: (name) => openFile(begin + name) };
}

/** A file's text and its full name for messages; undefined where there is no such file. */
export async function readText(
  files: CheckpointFiles,
  name: string,
): Promise<{ text: string; where: string } | undefined> {
  const file = await files.open(name);
  if (!file) return undefined;
  const bytes = await reading(file, () => readBytes(file, 0, file.size));
  return { text: new TextDecoder().decode(bytes), where: file.where };
}
