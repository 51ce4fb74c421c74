/**
 * Reads the pickles that CIFAR comes as (protocols 2 to 5; Python's pickletools documents the
 * opcodes): dictionaries, lists, numbers, texts and NumPy arrays of plain elements. It is no unpickler.
 * A pickle can name any function of Python and have it called; here the few names that NumPy writes
 * stand for fixed shapes of data, any other name is refused, and nothing is ever called.
 */

/** A NumPy array: its elements as they lie, in C order. */
export class PickledArray {
  shape: number[] = [];
  /** As NumPy says it, such as `u1` or `i8`, without the byte order. */
  type = "";
  data: Uint8Array = new Uint8Array();
}

/** What a pickle holds. Byte strings and the texts of Python 2 are bytes. */
export type Pickled =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | Pickled[]
  | PickledMap
  | PickledArray
  | Name
  | Type;

/** A dictionary; keys that are bytes are read as Latin-1. */
export class PickledMap extends Map<string, Pickled> {}

/** A function or class that the pickle names. */
class Name {
  readonly meaning: Meaning;
  constructor(meaning: Meaning) {
    this.meaning = meaning;
  }
}

/** A NumPy element type. */
class Type {
  readonly text: string;
  order = "|";
  constructor(text: string) {
    this.text = text;
  }
}

type Meaning = "array" | "array-class" | "array-from-bytes" | "type" | "encode";

/** All names that may stand in a pickle. NumPy 2 moved its core to `numpy._core`. */
const meanings: ReadonlyMap<string, Meaning> = new Map([
  ["numpy.core.multiarray _reconstruct", "array"],
  ["numpy._core.multiarray _reconstruct", "array"],
  ["numpy.core.numeric _frombuffer", "array-from-bytes"],
  ["numpy._core.numeric _frombuffer", "array-from-bytes"],
  ["numpy ndarray", "array-class"],
  ["numpy dtype", "type"],
  ["_codecs encode", "encode"],
]);

/** What is wrong with a pickle, as the end of a sentence. */
export class PickleError extends Error {
  override readonly name = "PickleError";
}

/** Values that a pickle may hold, beside what its own length bounds. */
const mostValues = 5_000_000;

/** Reads the first pickle in `bytes`. Its arrays and byte strings are views of them. @throws PickleError */
export function readPickle(bytes: Uint8Array): Pickled {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const memo = new Map<number, Pickled>();
  const stack: Pickled[] = [];
  const marks: number[] = [];
  let at = 0;
  let values = 0;

  function take(length: number): Buffer {
    if (length < 0 || at + length > buffer.length) throw new PickleError("is cut off");
    at += length;
    return buffer.subarray(at - length, at);
  }
  const u8 = () => take(1).readUInt8();
  const u32 = () => take(4).readUInt32LE();
  const u64 = () => Number(take(8).readBigUInt64LE());
  function line(): string {
    const end = buffer.indexOf(0x0a, at);
    if (end < 0) throw new PickleError("is cut off");
    const text = buffer.toString("latin1", at, end);
    at = end + 1;
    return text;
  }
  function push(value: Pickled): void {
    if (++values > mostValues) throw new PickleError("holds more values than a batch of images");
    stack.push(value);
  }
  function pop(): Pickled {
    if (stack.length <= (marks.at(-1) ?? 0))
      throw new PickleError("takes a value that is not there");
    return stack.pop() ?? null;
  }
  function top(): Pickled {
    if (stack.length === 0) throw new PickleError("takes a value that is not there");
    return stack.at(-1) ?? null;
  }
  /** All above the last mark, which goes. */
  function toMark(): Pickled[] {
    const mark = marks.pop();
    if (mark === undefined) throw new PickleError("has no mark where it needs one");
    return stack.splice(mark);
  }
  function popMany(count: number): Pickled[] {
    const items = Array.from({ length: count }, pop);
    return items.toReversed();
  }
  function name(text: string): Name {
    const meaning = meanings.get(text);
    if (!meaning)
      throw new PickleError(
        `names ${text.slice(0, 80).replace(" ", ".")}, which is not run: only plain arrays are read`,
      );
    return new Name(meaning);
  }
  function remembered(key: number): Pickled {
    const value = memo.get(key);
    if (value === undefined) throw new PickleError("refers to a value that is not there");
    return value;
  }
  function extend(items: readonly Pickled[]): void {
    const list = top();
    if (!Array.isArray(list)) throw new PickleError("appends to what is no list");
    for (const item of items) list.push(item);
  }
  function setItems(items: readonly Pickled[]): void {
    const map = top();
    if (!(map instanceof PickledMap)) throw new PickleError("sets items of what is no dictionary");
    for (let i = 0; i + 1 < items.length; i += 2) map.set(textOf(items[i]), items[i + 1] ?? null);
  }

  for (;;) {
    const opcode = u8();
    switch (opcode) {
      case 0x80: // PROTO
        if (u8() > 5) throw new PickleError("is of a protocol after 5");
        break;
      case 0x95: // FRAME
        take(8);
        break;
      case 0x2e: // STOP
        return pop();
      case 0x28: // MARK
        marks.push(stack.length);
        break;
      case 0x30: // POP
        pop();
        break;
      case 0x4e: // NONE
        push(null);
        break;
      case 0x88: // NEWTRUE
        push(true);
        break;
      case 0x89: // NEWFALSE
        push(false);
        break;
      case 0x4a: // BININT
        push(take(4).readInt32LE());
        break;
      case 0x4b: // BININT1
        push(u8());
        break;
      case 0x4d: // BININT2
        push(take(2).readUInt16LE());
        break;
      case 0x8a: // LONG1
        push(longOf(take(u8())));
        break;
      case 0x47: // BINFLOAT
        push(take(8).readDoubleBE());
        break;
      case 0x54: // BINSTRING
      case 0x42: // BINBYTES
        push(take(u32()));
        break;
      case 0x55: // SHORT_BINSTRING
      case 0x43: // SHORT_BINBYTES
        push(take(u8()));
        break;
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        push(take(u64()));
        break;
      case 0x58: // BINUNICODE
        push(take(u32()).toString("utf8"));
        break;
      case 0x8c: // SHORT_BINUNICODE
        push(take(u8()).toString("utf8"));
        break;
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        push([]);
        break;
      case 0x6c: // LIST
      case 0x74: // TUPLE
        push(toMark());
        break;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        push(popMany(opcode - 0x84));
        break;
      case 0x61: // APPEND
        extend([pop()]);
        break;
      case 0x65: // APPENDS
        extend(toMark());
        break;
      case 0x7d: // EMPTY_DICT
        push(new PickledMap());
        break;
      case 0x73: // SETITEM
        setItems(popMany(2));
        break;
      case 0x75: // SETITEMS
        setItems(toMark());
        break;
      case 0x71: // BINPUT
        memo.set(u8(), top());
        break;
      case 0x72: // LONG_BINPUT
        memo.set(u32(), top());
        break;
      case 0x94: // MEMOIZE
        memo.set(memo.size, top());
        break;
      case 0x68: // BINGET
        push(remembered(u8()));
        break;
      case 0x6a: // LONG_BINGET
        push(remembered(u32()));
        break;
      case 0x63: // GLOBAL
        push(name(`${line()} ${line()}`));
        break;
      case 0x93: {
        // STACK_GLOBAL
        const [module, own] = popMany(2);
        push(name(`${textOf(module)} ${textOf(own)}`));
        break;
      }
      case 0x52: {
        // REDUCE: a call in Python, here the data that the call would make
        const [called, given] = popMany(2);
        if (!(called instanceof Name) || !Array.isArray(given))
          throw new PickleError("calls what is no function");
        push(make(called.meaning, given));
        break;
      }
      case 0x62: {
        // BUILD
        const state = pop();
        fill(top(), state);
        break;
      }
      default:
        throw new PickleError(
          `has the opcode 0x${opcode.toString(16).padStart(2, "0")}, which the files of CIFAR do not use`,
        );
    }
  }
}

/** The data that NumPy's function of that meaning gives for those arguments. */
function make(meaning: Meaning, given: readonly Pickled[]): Pickled {
  const [first, second, third, fourth] = given;
  switch (meaning) {
    case "array": // _reconstruct(ndarray, (0,), b"b"): an empty array, which BUILD fills
      return new PickledArray();
    case "array-from-bytes": {
      const array = new PickledArray();
      fillArray(array, {
        shape: third,
        type: second,
        isFortran: textOf(fourth) === "F",
        data: first,
      });
      return array;
    }
    case "type": // dtype("u1", False, True)
      return new Type(textOf(first));
    case "encode": // encode(text, "latin1"): how protocol 2 holds bytes of Python 3
      if (typeof first !== "string" || textOf(second) !== "latin1")
        throw new PickleError("holds bytes in a way that CIFAR's files do not use");
      return Buffer.from(first, "latin1");
    case "array-class":
      throw new PickleError("makes an array in a way that CIFAR's files do not use");
  }
}

function fill(value: Pickled, state: Pickled): void {
  if (!Array.isArray(state)) throw new PickleError("sets the state of what has none");
  if (value instanceof Type) value.order = textOf(state[1]); // (3, "|", None, None, None, -1, -1, 0)
  else if (value instanceof PickledArray) {
    const [, shape, type, isFortran, data] = state; // (1, (10000, 3072), dtype, False, bytes)
    fillArray(value, { shape, type, isFortran: isFortran === true, data });
  } else throw new PickleError("sets the state of what has none");
}

function fillArray(
  array: PickledArray,
  parts: {
    shape: Pickled | undefined;
    type: Pickled | undefined;
    isFortran: boolean;
    data: Pickled | undefined;
  },
): void {
  const { shape, type, isFortran, data } = parts;
  if (!(type instanceof Type) || !(data instanceof Uint8Array) || !Array.isArray(shape))
    throw new PickleError("holds an array that is not of plain elements");
  if (isFortran || type.order === ">")
    throw new PickleError("holds an array in Fortran order or big-endian");
  const width = /^[uif]([1248])$/.exec(type.text)?.[1];
  if (width === undefined) throw new PickleError("holds an array that is not of plain elements");
  const sizes = shape.map((size) => (typeof size === "number" ? size : Number.NaN));
  const length = sizes.reduce((product, size) => product * size, Number(width));
  if (length !== data.length)
    throw new PickleError(
      `holds an array of shape (${sizes.join(", ")}) with ${data.length} bytes, not ${length}`,
    );
  array.shape = sizes;
  array.type = type.text;
  array.data = data;
}

/** A little-endian whole number of Python, which a label or size must fit. */
function longOf(bytes: Buffer): number {
  if (bytes.length > 6) throw new PickleError("holds a number that is too large");
  return bytes.length === 0 ? 0 : bytes.readIntLE(0, bytes.length);
}

/** A text, or bytes as Latin-1. */
function textOf(value: Pickled | undefined): string {
  if (typeof value === "string") return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("latin1");
  throw new PickleError("holds something else where a text should be");
}
