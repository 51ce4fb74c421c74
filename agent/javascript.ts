/** Functions and values that come out of a user's JavaScript. */

type AnyFunction = (...values: unknown[]) => unknown;

/** Whether `value` is an object with a function of this name; own or inherited. */
export function hasFunction<Name extends string>(
  value: unknown,
  name: Name,
): value is Record<Name, AnyFunction> {
  return (
    typeof value === "object" &&
    value !== null &&
    name in value &&
    typeof Reflect.get(value, name) === "function"
  );
}

/** The exported function `name` of a module, or null. Throws whatever importing the module throws. */
export async function loadFunction(url: URL, name: string): Promise<AnyFunction | null> {
  const module: unknown = await import(url.href);
  if (!hasFunction(module, name)) return null;
  const { [name]: exported } = module;
  return exported ?? null;
}

/** A Float32Array as it is, other arrays of numbers converted, anything else null. */
export function toFloat32(value: unknown): Float32Array | null {
  if (value instanceof Float32Array) return value;
  if (value instanceof Float64Array) return Float32Array.from(value);
  if (Array.isArray(value) && value.every((item) => typeof item === "number"))
    return Float32Array.from(value);
  return null;
}
