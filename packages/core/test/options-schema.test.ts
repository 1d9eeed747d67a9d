import { InputError } from "@filigree/sites";
import { describe, expect, test } from "vitest";
import { checkOptions, choiceOption, defineOptions, describedOptions, numberOption } from "../src/index.ts";

const schema = defineOptions({
  steps: numberOption({ about: "how many", default: 600, least: 1, whole: true }),
  share: numberOption({ about: "how much", default: 0.5, most: 1 }),
});

describe("options of numbers", () => {
  test("take their defaults where nothing is given", async () => {
    await expect(checkOptions(schema, undefined, "x")).resolves.toEqual({ steps: 600, share: 0.5 });
    await expect(checkOptions(schema, { steps: 3 }, "x")).resolves.toEqual({ steps: 3, share: 0.5 });
  });

  test.each([
    [{ step: 3 }, /step: there is no such option: did you mean "steps"/u],
    [{ steps: 2.5 }, /steps: 2.5 found, a whole number from 1 expected/u],
    [{ share: 1.5 }, /share: 1.5 found, a number from 0 to 1 expected/u],
    [{ share: Number.NaN }, /share/u],
    [{ share: "0.5" }, /share: "0.5" found/u],
    [[], /an object with some of steps, share/u],
    [{ steps: 0, share: 2 }, /steps: 0 found.*share: 2 found/su],
  ])("refuse %j", async (given, message) => {
    const refused = checkOptions(schema, given, "some pruner");
    await expect(refused).rejects.toThrow(InputError);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toThrow(/options of some pruner/u);
  });
});

test("any Standard Schema will do, also one that answers later", async () => {
  const trimmed = {
    "~standard": {
      version: 1 as const,
      vendor: "test",
      validate: async (value: unknown) =>
        typeof value === "string"
          ? { value: value.trim() }
          : { issues: [{ message: "no text", path: ["deep", { key: "er" }] }] },
    },
  };
  await expect(checkOptions(trimmed, " a ", "x")).resolves.toBe("a");
  await expect(checkOptions(trimmed, 1, "x")).rejects.toThrow("deep.er: no text");
  expect(describedOptions(trimmed)).toEqual({});
});

describe("options of several kinds", () => {
  const mixed = defineOptions(
    {
      fraction: numberOption({ about: "must be given", above: 0, most: 1 }),
      half: numberOption({ about: "half of it", default: null }),
      anneal: choiceOption(["linear", "geometric"], { about: "how", default: "linear" }),
    },
    ({ fraction, half }) =>
      half !== null && half > fraction ? { message: "more than all", path: ["half"] } : undefined,
  );

  test("take a default of null, and say what they are for", async () => {
    await expect(checkOptions(mixed, { fraction: 1 }, "x")).resolves.toEqual({
      fraction: 1,
      half: null,
      anneal: "linear",
    });
    expect(mixed.describes.half.about).toBe("half of it");
    expect(describedOptions(mixed)).toBe(mixed.describes);
    expect(mixed.describes.fraction.expected).toBe("a number above 0 to 1");
  });

  test.each([
    [{}, /fraction: nothing given, a number above 0 to 1 expected/u],
    [{ fraction: 0 }, /fraction: 0 found/u],
    [{ fraction: 1, half: -1 }, /half: -1 found, a number from 0 expected/u],
    [{ fraction: 0.5, half: 0.6 }, /half: more than all/u],
    [{ fraction: 1, anneal: "quick" }, /anneal: "quick" found, "linear" or "geometric" expected/u],
  ])("refuse %j", async (given, message) => {
    await expect(checkOptions(mixed, given, "x")).rejects.toThrow(message);
  });
});
