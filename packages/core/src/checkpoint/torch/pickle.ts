import { InputError } from "@filigree/sites";

/*
 * The part of Python's pickle format that torch.save writes for data: containers, numbers, text and tensors. A pickle
 * is a program for a stack machine; this one can build values and nothing else. A name of Python's that it does not know
 * is an error, and what a known name does is a function of the reader's.
 */

/** A name of Python's: `collections.OrderedDict`. */
export class PythonName {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** What a pickle holds. Lists and tuples are arrays, dicts are Maps, and `Made` is what the reader's functions make. */
export type PickleValue<Made> =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | PythonName
  | Made
  | PickleValue<Made>[]
  | Map<PickleValue<Made>, PickleValue<Made>>;

/** What the names in a pickle mean. Functions throw an InputError for arguments that are wrong. */
export interface PickleWorld<Made> {
  /** The value of a call, or undefined where the name is not known. */
  call(name: string, args: readonly PickleValue<Made>[]): PickleValue<Made> | undefined;
  /** Whether a name may stand in the pickle. */
  knows(name: string): boolean;
  /** The value of a persistent id, which stands for something outside the pickle. */
  load(id: PickleValue<Made>): PickleValue<Made>;
}

const MARK = Symbol("mark");

/**
 * Reads a pickle of protocol 2 to 5. Nothing in it is executed.
 *
 * @throws InputError for an instruction or a name that is not allowed, and where the pickle is damaged.
 */
export function parsePickle<Made>(bytes: Uint8Array, world: PickleWorld<Made>, where: string): PickleValue<Made> {
  return new Machine(bytes, world, where).run();
}

class Machine<Made> {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #world: PickleWorld<Made>;
  readonly #where: string;
  readonly #stack: (PickleValue<Made> | typeof MARK)[] = [];
  readonly #memo = new Map<number, PickleValue<Made>>();
  #at = 0;

  constructor(bytes: Uint8Array, world: PickleWorld<Made>, where: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#world = world;
    this.#where = where;
  }

  run(): PickleValue<Made> {
    for (;;) {
      const at = this.#at;
      const opcode = this.#uint(1);
      if (opcode === 0x2e /* STOP */) return this.#pop();
      const step = this.#instruction(opcode);
      if (step === undefined) {
        const code = `0x${opcode.toString(16).padStart(2, "0")}`;
        return this.#fail(`the instruction ${code} at byte ${at} is not one that data needs`);
      }
      step();
    }
  }

  #instruction(opcode: number): (() => void) | undefined {
    const push = (value: PickleValue<Made>) => void this.#stack.push(value);
    switch (opcode) {
      case 0x80: // PROTO
        return () => {
          const protocol = this.#uint(1);
          if (protocol < 2 || protocol > 5) this.#fail(`its protocol is ${protocol}`);
        };
      case 0x95: // FRAME
        return () => void this.#take(8);
      case 0x28: // MARK
        return () => void this.#stack.push(MARK);
      case 0x4e: // NONE
        return () => push(null);
      case 0x88: // NEWTRUE
        return () => push(true);
      case 0x89: // NEWFALSE
        return () => push(false);
      case 0x4b: // BININT1
        return () => push(this.#uint(1));
      case 0x4d: // BININT2
        return () => push(this.#uint(2));
      case 0x4a: // BININT
        return () => push(this.#view.getInt32(this.#take(4), true));
      case 0x8a: // LONG1
        return () => push(this.#long(this.#uint(1)));
      case 0x47: // BINFLOAT
        return () => push(this.#view.getFloat64(this.#take(8), false));
      case 0x58: // BINUNICODE
        return () => push(this.#text(this.#uint(4)));
      case 0x8c: // SHORT_BINUNICODE
        return () => push(this.#text(this.#uint(1)));
      case 0x42: // BINBYTES
        return () => push(this.#raw(this.#uint(4)));
      case 0x43: // SHORT_BINBYTES
        return () => push(this.#raw(this.#uint(1)));
      case 0x5d: // EMPTY_LIST
        return () => push([]);
      case 0x7d: // EMPTY_DICT
        return () => push(new Map());
      case 0x29: // EMPTY_TUPLE
        return () => push([]);
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        return () => push(this.#popMany(opcode - 0x84));
      case 0x74: // TUPLE
        return () => push(this.#popToMark());
      case 0x61: // APPEND
        return () => this.#append([this.#pop()]);
      case 0x65: // APPENDS
        return () => this.#append(this.#popToMark());
      case 0x73: // SETITEM
        return () => this.#setItems(this.#popMany(2));
      case 0x75: // SETITEMS
        return () => this.#setItems(this.#popToMark());
      case 0x71: // BINPUT
        return () => void this.#memo.set(this.#uint(1), this.#top());
      case 0x72: // LONG_BINPUT
        return () => void this.#memo.set(this.#uint(4), this.#top());
      case 0x94: // MEMOIZE
        return () => void this.#memo.set(this.#memo.size, this.#top());
      case 0x68: // BINGET
        return () => push(this.#remembered(this.#uint(1)));
      case 0x6a: // LONG_BINGET
        return () => push(this.#remembered(this.#uint(4)));
      case 0x63: // GLOBAL
        return () => push(this.#name(`${this.#line()}.${this.#line()}`));
      case 0x93: // STACK_GLOBAL
        return () => {
          const [module, name] = this.#popMany(2);
          if (typeof module !== "string" || typeof name !== "string") this.#fail("a name is not text");
          push(this.#name(`${module as string}.${name as string}`));
        };
      case 0x52: // REDUCE
      case 0x81: // NEWOBJ
        return () => push(this.#call(this.#popMany(2)));
      case 0x62: // BUILD: attributes, which data does not need
        return () => void this.#pop();
      case 0x51: // BINPERSID
        return () => push(this.#world.load(this.#pop()));
      default:
        return undefined;
    }
  }

  #name(name: string): PythonName {
    if (this.#world.knows(name)) return new PythonName(name);
    return this.#fail(`it names "${name.slice(0, 100)}", which is not known and will not be run`);
  }

  #call([callee, args]: readonly PickleValue<Made>[]): PickleValue<Made> {
    if (!(callee instanceof PythonName) || !Array.isArray(args)) return this.#fail("it calls what cannot be called");
    const result = this.#world.call(callee.name, args);
    return result === undefined ? this.#fail(`it calls "${callee.name}", which cannot be called`) : result;
  }

  #append(items: readonly PickleValue<Made>[]): void {
    const list = this.#top();
    if (!Array.isArray(list)) return this.#fail("it appends to what is not a list");
    for (const item of items) list.push(item);
  }

  #setItems(items: readonly PickleValue<Made>[]): void {
    const dict = this.#top();
    if (!(dict instanceof Map) || items.length % 2 !== 0) return this.#fail("it sets items of what is not a dict");
    for (let i = 0; i < items.length; i += 2) dict.set(items[i]!, items[i + 1]!);
  }

  #remembered(index: number): PickleValue<Made> {
    const value = this.#memo.get(index);
    return value === undefined ? this.#fail(`it recalls a value ${index} that it has not kept`) : value;
  }

  #top(): PickleValue<Made> {
    const value = this.#stack.at(-1);
    return value === undefined || value === MARK ? this.#fail("its stack is empty") : value;
  }

  #pop(): PickleValue<Made> {
    const value = this.#top();
    this.#stack.pop();
    return value;
  }

  #popMany(count: number): PickleValue<Made>[] {
    return Array.from({ length: count }, () => this.#pop()).reverse();
  }

  #popToMark(): PickleValue<Made>[] {
    const mark = this.#stack.lastIndexOf(MARK);
    if (mark < 0) return this.#fail("a mark is missing");
    return this.#stack.splice(mark).slice(1) as PickleValue<Made>[];
  }

  /** The place of the next `length` bytes, which are passed over. */
  #take(length: number): number {
    const at = this.#at;
    if (at + length > this.#bytes.length) return this.#fail("it ends before it is complete");
    this.#at += length;
    return at;
  }

  #uint(length: 1 | 2 | 4): number {
    const at = this.#take(length);
    if (length === 1) return this.#bytes[at]!;
    return length === 2 ? this.#view.getUint16(at, true) : this.#view.getUint32(at, true);
  }

  /** Little-endian two's complement; a bigint where it is beyond exact numbers. */
  #long(length: number): number | bigint {
    const at = this.#take(length);
    let value = 0n;
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.#bytes[at + i]!);
    value = BigInt.asIntN(8 * length, value);
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  #raw(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.slice(at, at + length);
  }

  #text(length: number): string {
    const at = this.#take(length);
    return new TextDecoder().decode(this.#bytes.subarray(at, at + length));
  }

  #line(): string {
    const end = this.#bytes.indexOf(0x0a, this.#at);
    if (end < 0) return this.#fail("it ends before it is complete");
    const text = new TextDecoder().decode(this.#bytes.subarray(this.#at, end));
    this.#at = end + 1;
    return text;
  }

  #fail(what: string): never {
    throw new InputError({
      what: `the pickle in this file cannot be read: ${what}`,
      where: this.#where,
      expected: "dicts, lists, numbers, text and tensors, as torch.save writes a state dict",
    });
  }
}
