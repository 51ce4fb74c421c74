import { describe, expect, test } from "vitest";
import { checkParameterValue, checkSeed } from "./parameter-values.ts";
import type { Parameter } from "./schemas/experiment.ts";

const float: Parameter = { type: "float", default: 0.1, min: 0, max: 1, scale: "linear" };
const integer: Parameter = { type: "integer", default: 1, scale: "linear" };
const choice: Parameter = { type: "choice", values: ["trades", "mart", 1], default: "mart" };

describe("checkParameterValue", () => {
  test.each<[Parameter, (string | number | boolean)[]]>([
    [float, [0, 0.5, 1]],
    [integer, [-3, 0, 7]],
    [choice, ["trades", 1]],
    [{ type: "boolean", default: true }, [true, false]],
    [{ type: "text", default: "" }, ["", "3"]],
  ])("accepts what fits %o", (parameter, values) => {
    for (const value of values) expect(checkParameterValue(parameter, value)).toBeNull();
  });

  test.each<[Parameter, string | number | boolean, RegExp]>([
    [float, "0.1", /expected a number, got the text `0\.1`/],
    [float, 1.5, /1\.5 is more than the parameter's max 1/],
    [float, -0.1, /-0\.1 is less than the parameter's min 0/],
    [float, NaN, /expected a number/],
    [float, Infinity, /expected a number/],
    [integer, 1.5, /expected a whole number, got `1\.5`/],
    [choice, "tardes", /none of the parameter's values/],
    [choice, "1", /none of the parameter's values/],
    [{ type: "boolean", default: true }, "true", /expected true or false/],
    [{ type: "text", default: "" }, 3, /expected text/],
  ])("refuses what does not fit %o: %s", (parameter, value, message) => {
    expect(checkParameterValue(parameter, value)?.message).toMatch(message);
  });

  test("suggests the choice that was meant", () => {
    expect(checkParameterValue(choice, "tardes")?.suggestion).toBe("did you mean `trades`?");
    expect(checkParameterValue(choice, "zzzzzz")?.suggestion).toBe("one of `trades`, `mart`, `1`");
  });
});

test("checkSeed wants whole numbers from 0", () => {
  expect(checkSeed(0)).toBeNull();
  for (const value of [-1, 0.5, "1", true, 2 ** 60]) expect(checkSeed(value)).not.toBeNull();
});
