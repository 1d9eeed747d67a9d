/** Where tfjs's `.wasm` files lie unless somebody says so: beside the page, or beside the script of a worker. */
export function locateWasm(): string {
  return "./";
}
