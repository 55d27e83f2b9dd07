/**
 * Readers of what comes from elsewhere: each takes anything and gives a value of its type, or throws
 * `Malformed` with the place that is wrong. What a shape does not name is left out.
 */

export class Malformed extends Error {}

export type Reader<T> = (value: unknown, place?: string) => T;
export type Read<R> = R extends Reader<infer T> ? T : never;
type Shape = Readonly<Record<string, Reader<unknown>>>;

/** A text; one that is longer than `most` characters is refused, not cut. */
export function text(most = 4000): Reader<string> {
  return (value, place = "it") => {
    if (typeof value !== "string" || value.length > most) {
      throw new Malformed(`${place} is not a text of at most ${most} characters`);
    }
    return value;
  };
}

export const number: Reader<number> = (value, place = "it") => {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new Malformed(`${place} is not a number`);
  }
  return value;
};

/** A whole number that is not negative. */
export const count: Reader<number> = (value, place = "it") => {
  const read = number(value, place);
  if (!Number.isSafeInteger(read) || read < 0) {
    throw new Malformed(`${place} is not a count`);
  }
  return read;
};

/** 0 to 1. */
export const share: Reader<number> = (value, place = "it") => {
  const read = number(value, place);
  if (read < 0 || read > 1) {
    throw new Malformed(`${place} is not between 0 and 1`);
  }
  return read;
};

export const flag: Reader<boolean> = (value, place = "it") => {
  if (typeof value !== "boolean") {
    throw new Malformed(`${place} is neither true nor false`);
  }
  return value;
};

export function oneOf<const T extends readonly string[]>(...names: T): Reader<T[number]> {
  return (value, place = "it") => {
    if (typeof value !== "string" || !names.includes(value)) {
      throw new Malformed(`${place} is none of ${names.join(", ")}`);
    }
    return value;
  };
}

/** Null or what `reader` reads; what is absent counts as null. */
export function maybe<T>(reader: Reader<T>): Reader<T | null> {
  return (value, place) => (value === null || value === undefined ? null : reader(value, place));
}

export function list<T>(reader: Reader<T>, most = 1000): Reader<readonly T[]> {
  return (value, place = "it") => {
    if (!Array.isArray(value) || value.length > most) {
      throw new Malformed(`${place} is not a list of at most ${most}`);
    }
    return value.map((each, at) => reader(each, `${place}[${at}]`));
  };
}

export function object<S extends Shape>(shape: S): Reader<{ readonly [K in keyof S]: Read<S[K]> }> {
  const names = Object.entries(shape);
  return (value, place = "it") => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new Malformed(`${place} is not an object`);
    }
    const given = value as Record<string, unknown>;
    const read: Record<string, unknown> = {};
    for (const [name, reader] of names) {
      read[name] = reader(Object.hasOwn(given, name) ? given[name] : undefined, `${place}.${name}`);
    }
    return read as { readonly [K in keyof S]: Read<S[K]> };
  };
}

/** An object whose `kind` says which of several shapes it has. */
export function tagged<T extends Readonly<Record<string, Shape>>>(
  shapes: T,
): Reader<{ [K in keyof T]: { readonly kind: K } & { readonly [F in keyof T[K]]: Read<T[K][F]> } }[keyof T]> {
  const readers = new Map(Object.entries(shapes).map(([kind, shape]) => [kind, object(shape)]));
  return (value, place = "it") => {
    const { kind } = object({ kind: text(40) })(value, place);
    const reader = readers.get(kind);
    if (reader === undefined) {
      throw new Malformed(`${place}.kind is unknown`);
    }
    return { kind, ...reader(value, place) } as never;
  };
}
