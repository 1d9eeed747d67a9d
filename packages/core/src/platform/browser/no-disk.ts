/** What a browser answers to whoever asks it to write to a disk. */
export function refuse(path: string): Promise<never> {
  const instead = "make the bytes, with formatParameterFile for instance, and let the page offer them";
  return Promise.reject(new Error(`A browser has no folders to write "${path}" to: ${instead}.`));
}
