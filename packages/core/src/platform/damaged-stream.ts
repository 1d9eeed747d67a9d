/** Packed bytes that cannot be unpacked. */
export class DamagedStream extends Error {}
