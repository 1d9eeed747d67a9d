/** A sha256 of parts that come one after another. */
export interface Sha256 {
  /** Text counts as UTF-8. */
  update(part: string | Uint8Array): this;
  /** In hexadecimal. Nothing can be added afterwards. */
  hex(): string;
}
