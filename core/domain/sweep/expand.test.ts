import { describe, expect, test } from "vitest";
import type { Parameter, Sweep } from "../../../shared/schemas/experiment.ts";
import type { ParameterValue } from "../../../shared/schemas/scalars.ts";
import { describeSweep, expandSweep } from "./expand.ts";

const declared: Record<string, Parameter> = {
  rate: { type: "float", default: 0.1, min: 1e-4, max: 1, scale: "log" },
  momentum: { type: "float", default: 0.9, min: 0, max: 1, scale: "linear" },
  depth: { type: "integer", default: 3, min: 1, max: 5, scale: "linear" },
  width: { type: "integer", default: 64, min: 1, max: 1000, scale: "log" },
  loss: { type: "choice", values: ["ce", "trades", "mart"], default: "ce" },
  augment: { type: "boolean", default: true },
  note: { type: "text", default: "" },
  free: { type: "float", default: 1, scale: "linear" },
};
const defaults = Object.fromEntries(
  Object.entries(declared).map(([name, parameter]): [string, ParameterValue] => [
    name,
    parameter.default,
  ]),
);

const base: Sweep = { method: "sobol", values: {}, sampler_seed: 0, samples: 16 };
const expand = (sweep: Partial<Sweep>) => expandSweep({ ...base, ...sweep }, declared, defaults);
const describeIt = (sweep: Partial<Sweep>) =>
  describeSweep({ ...base, ...sweep }, declared, defaults);
const column = (sweep: Partial<Sweep>, name: string) =>
  expand({ parameters: [name], ...sweep }).map(({ parameters }) => parameters[name]);
const numbers = (sweep: Partial<Sweep>, name: string) => column(sweep, name).map(Number);
const countsOf = (values: readonly unknown[]) =>
  Object.fromEntries([...Map.groupBy(values, String)].map(([key, list]) => [key, list.length]));

const everything = ["rate", "momentum", "depth", "width", "loss", "augment"];

describe("a grid", () => {
  test("is every combination of the values", () => {
    const sweep: Partial<Sweep> = { method: "grid", values: { rate: [0.1, 0.2], seed: [0, 1] } };
    expect(expand(sweep).map(({ label }) => label)).toEqual([
      "rate=0.1 seed=0",
      "rate=0.1 seed=1",
      "rate=0.2 seed=0",
      "rate=0.2 seed=1",
    ]);
    expect(describeIt(sweep)).toMatchObject({
      points: 2,
      seeds: 2,
      cells: 4,
      duplicates: 0,
      first: { label: "rate=0.1 seed=0" },
      last: { label: "rate=0.2 seed=1" },
      advice: null,
    });
  });

  test("counts what is named twice", () => {
    const values = { rate: [0.1, 0.1, 0.2], loss: ["ce", "ce"], seed: [0, 1] };
    expect(describeIt({ method: "grid", values })).toMatchObject({ points: 2, duplicates: 4 });
  });
});

describe("the same for ever", () => {
  // These values are promises: a changed one makes every sweep's cells anew.
  test("sobol", () => {
    expect(expand({ parameters: everything, samples: 4 }).map(({ label }) => label)).toEqual([
      "rate=0.11 momentum=0.636 depth=1 width=322 loss=trades augment=true",
      "rate=0.000185 momentum=0.341 depth=4 width=1 loss=trades augment=false",
      "rate=0.00103 momentum=0.936 depth=2 width=59 loss=ce augment=false",
      "rate=0.057 momentum=0.174 depth=5 width=6 loss=mart augment=true",
    ]);
  });

  test("random", () => {
    const points = expand({ method: "random", parameters: everything, samples: 4 });
    expect(points.map(({ label }) => label)).toEqual([
      "rate=0.073 momentum=0.908 depth=1 width=1 loss=trades augment=true",
      "rate=0.00012 momentum=0.11 depth=3 width=9 loss=ce augment=true",
      "rate=0.344 momentum=0.493 depth=5 width=32 loss=trades augment=false",
      "rate=0.0491 momentum=0.262 depth=2 width=25 loss=ce augment=true",
    ]);
  });

  test("the seed of the sampler gives other points", () => {
    expect(expand({ parameters: ["rate"], samples: 3, sampler_seed: 1 })).not.toEqual(
      expand({ parameters: ["rate"], samples: 3 }),
    );
  });
});

describe.each(["random", "sobol"] as const)("%s", (method) => {
  const draw = (sweep: Partial<Sweep>) => expand({ method, ...sweep });

  test("more samples only append, at any number", () => {
    const sweep = { parameters: everything, values: { seed: [4, 7] } };
    const all = draw({ ...sweep, samples: 300 });
    for (const samples of [1, 2, 31, 32, 33, 255])
      expect(draw({ ...sweep, samples })).toEqual(all.slice(0, samples * 2));
    // Also where rounding and duplicates would have to look back.
    const narrow = draw({ parameters: ["depth", "momentum"], samples: 2000 });
    expect(draw({ parameters: ["depth", "momentum"], samples: 700 })).toEqual(narrow.slice(0, 700));
  });

  test("every point meets every seed, and labels hold only what varies", () => {
    const points = draw({
      parameters: ["momentum"],
      values: { loss: ["ce"], seed: [0, 1, 2] },
      samples: 2,
    });
    expect(points.map(({ seed }) => seed)).toEqual([0, 1, 2, 0, 1, 2]);
    expect(points.map(({ label }) => label)).toEqual(
      points.map(({ parameters, seed }) => `momentum=${parameters["momentum"]} seed=${seed}`),
    );
    expect(points[0]?.parameters).toEqual({
      ...defaults,
      momentum: points[0]?.parameters["momentum"],
    });
    expect(draw({ parameters: ["momentum"], samples: 1 })[0]?.label).toMatch(/^momentum=[\d.]+$/);
  });

  test("points in one dimension stay apart however many there are", () => {
    for (const name of ["rate", "momentum"])
      expect(new Set(numbers({ method, samples: 20_000 }, name)).size).toBe(20_000);
  });

  test("the first points can be read", () => {
    for (const name of ["rate", "momentum"])
      for (const text of column({ method, samples: 32 }, name).map(String))
        expect(text).toMatch(/^0(\.\d{1,3}|\.0*\d{1,3})?$|^1$/);
  });

  test("rounding moves a value by less than a step of the range", () => {
    const parameter: Parameter = {
      type: "float",
      default: 1e6,
      min: 1e6,
      max: 1e6 + 1,
      scale: "linear",
    };
    const sweep: Sweep = { ...base, method, parameters: ["x"], samples: 1000 };
    const values = expandSweep(sweep, { x: parameter }, { x: 1e6 }).map(({ parameters }) =>
      Number(parameters["x"]),
    );
    expect(new Set(values).size).toBe(1000);
    expect(Math.min(...values)).toBeLessThan(1e6 + 0.01);
    expect(Math.max(...values)).toBeGreaterThan(1e6 + 0.99);
  });

  test("a log scale spreads the logarithm evenly, a linear scale the value", () => {
    const decades = numbers({ method, samples: 4096 }, "rate").map((x) =>
      Math.floor(Math.log10(x)),
    );
    for (const decade of [-4, -3, -2, -1])
      expect(decades.filter((d) => d === decade).length / 4096).toBeCloseTo(0.25, 1);
    const tenths = numbers({ method, samples: 4096 }, "momentum").map((x) => Math.floor(x * 10));
    for (let tenth = 0; tenth < 10; tenth++)
      expect(tenths.filter((t) => t === tenth).length / 4096).toBeCloseTo(0.1, 1);
  });

  test("integers, choices and booleans are as likely as each other, the ends included", () => {
    // With a float beside them, so that no point equals another.
    const share = (name: string) => {
      const points = draw({ parameters: [name, "momentum"], samples: 4096 });
      const counts = countsOf(points.map(({ parameters }) => parameters[name]));
      return Object.fromEntries(Object.entries(counts).map(([k, n]) => [k, n / points.length]));
    };
    const close = (value: number) => expect.closeTo(value, 1.3);
    expect(share("depth")).toEqual({
      1: close(0.2),
      2: close(0.2),
      3: close(0.2),
      4: close(0.2),
      5: close(0.2),
    });
    expect(share("loss")).toEqual({ ce: close(1 / 3), trades: close(1 / 3), mart: close(1 / 3) });
    expect(share("augment")).toEqual({ true: close(0.5), false: close(0.5) });
  });

  test("integers on a log scale: each takes the part of the scale that rounds to it", () => {
    const points = draw({ parameters: ["width", "momentum"], samples: 8192 });
    const ones = points.filter(({ parameters }) => parameters["width"] === 1).length;
    expect(ones / 8192).toBeCloseTo(Math.log(1.5 / 0.5) / Math.log(1000.5 / 0.5), 2);
    const widths = points.map(({ parameters }) => Number(parameters["width"]));
    expect(widths.every((w) => Number.isInteger(w) && w >= 1 && w <= 1000)).toBe(true);
    expect(Math.max(...widths)).toBeGreaterThan(990);
  });

  test("values that are listed take the place of the range, and may be text", () => {
    const values = { rate: [0.1, 0.3], note: ["a b", "c"] };
    const points = draw({ parameters: ["rate"], values, samples: 64 });
    expect(countsOf(points.map(({ label }) => label))).toEqual({
      'rate=0.1 note="a b"': 1,
      "rate=0.3 note=c": 1,
      'rate=0.3 note="a b"': 1,
      "rate=0.1 note=c": 1,
    });
  });

  test("what repeats makes no second point, and is counted", () => {
    const sweep = { method, parameters: ["depth", "augment"], samples: 100 };
    expect(new Set(draw(sweep).map(({ key }) => key)).size).toBe(10);
    expect(describeIt({ ...sweep, values: { seed: [1, 2] } })).toMatchObject({
      points: 10,
      seeds: 2,
      cells: 20,
      duplicates: 90,
    });
  });

  test("the ends of any range hold", () => {
    const ranges: [number, number, "linear" | "log"][] = [
      [-1e308, 1e308, "linear"],
      [1e-300, 1e300, "log"],
      [1e-307, 1e-306, "log"],
      [0.12345, 0.12346, "linear"],
      [1, 1 + 1e-9, "log"],
      [-3, -3, "linear"],
      [-0.001, 0.001, "linear"],
    ];
    for (const [min, max, scale] of ranges) {
      const parameter: Parameter = { type: "float", default: min, min, max, scale };
      const sweep: Sweep = { ...base, method, parameters: ["x"], samples: 200 };
      const values = expandSweep(sweep, { x: parameter }, { x: min }).map(({ parameters }) =>
        Number(parameters["x"]),
      );
      for (const value of values) {
        expect(value).toBeGreaterThanOrEqual(min);
        expect(value).toBeLessThanOrEqual(max);
        expect(Object.is(value, -0)).toBe(false);
      }
      expect(new Set(values).size, `${min} to ${max}`).toBe(min === max ? 1 : 200);
    }
  });

  test.each<[string, Partial<Sweep>, object]>([
    ["no samples", { samples: undefined }, { code: "SPEC_INVALID" }],
    ["text", { parameters: ["note"] }, { code: "SPEC_INVALID", hint: "list `values` for it" }],
    [
      "a float without a range",
      { parameters: ["free"] },
      { code: "SPEC_INVALID", hint: "declare `min` and `max` for it, or list `values`" },
    ],
    ["an unknown name", { parameters: ["rat"] }, { code: "PARAMETER_UNKNOWN" }],
    ["a seed that is none", { values: { seed: [-1] } }, { code: "PARAMETER_INVALID" }],
    [
      "more than 100,000 cells",
      { samples: 50_001, values: { seed: [0, 1] } },
      { code: "SPEC_INVALID", message: "The sweep has 100002 cells." },
    ],
  ])("%s is refused", (_name, sweep, expected) => {
    expect(() => draw({ parameters: ["rate"], ...sweep })).toThrow(
      expect.objectContaining(expected),
    );
  });
});

test("a random sweep's parameter keeps its numbers when others come or move", () => {
  const sweep = { method: "random", samples: 8 } as const;
  expect(column({ ...sweep, parameters: ["depth", "rate", "loss"] }, "rate")).toEqual(
    column({ ...sweep, parameters: ["rate"] }, "rate"),
  );
});

test("sobol points are spread as its sequence is: one in each interval", () => {
  const values = numbers({ samples: 64 }, "momentum");
  expect(new Set(values.map((x) => Math.floor(x * 32))).size).toBe(32);
});

test("a sobol sweep varies at most 64 parameters", () => {
  const many = Object.fromEntries(
    Array.from({ length: 65 }, (_, i): [string, Parameter] => [
      `p${i}`,
      { type: "boolean", default: true },
    ]),
  );
  const names = Object.keys(many);
  expect(expandSweep({ ...base, parameters: names.slice(1) }, many, {})).toHaveLength(16);
  expect(() => expandSweep({ ...base, parameters: names }, many, {})).toThrow(
    expect.objectContaining({ code: "SPEC_INVALID", hint: expect.stringContaining("random") }),
  );
});

test("advice names the powers of two on both sides", () => {
  const advice = (sweep: Partial<Sweep>) => describeIt({ parameters: ["rate"], ...sweep }).advice;
  expect(advice({ samples: 100 })).toContain("64 or 128");
  expect(advice({ samples: 64 })).toBeNull();
  expect(advice({ samples: 100, method: "random" })).toBeNull();
});
