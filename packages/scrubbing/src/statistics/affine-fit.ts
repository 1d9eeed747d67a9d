/** v ≈ offset + slope · e for each of several values, by least squares. */
export interface AffineFit {
  readonly offsets: Float64Array;
  readonly slopes: Float64Array;
}

/**
 * Fits rows of values, [rows][values], to one number a row, in float64 and without a ridge. Undefined where the numbers
 * do not differ: then no slope is better than another.
 */
export function fitAffine(numbers: readonly number[], rows: readonly ArrayLike<number>[]): AffineFit | undefined {
  const width = rows[0]?.length ?? 0;
  const centre = numbers.reduce((sum, e) => sum + e, 0) / numbers.length;
  const spread = numbers.reduce((sum, e) => sum + (e - centre) ** 2, 0);
  const size = numbers.reduce((most, e) => Math.max(most, Math.abs(e)), 0);
  // Rank: a spread of nothing but rounding is none.
  if (!(spread > numbers.length * (1e-12 * size) ** 2)) return undefined;
  const means = new Float64Array(width);
  const slopes = new Float64Array(width);
  rows.forEach((row, i) => {
    const weight = (numbers[i]! - centre) / spread;
    for (let j = 0; j < width; j++) {
      means[j]! += row[j]! / rows.length;
      // The weights add up to 0, so that the mean of the values falls out.
      slopes[j]! += weight * row[j]!;
    }
  });
  const offsets = means.map((mean, j) => mean - slopes[j]! * centre);
  return { offsets, slopes };
}

/** What the fit gives for a number, rounded to float32 as activations are. */
export function fittedValues({ offsets, slopes }: AffineFit, number: number): Float32Array {
  return Float32Array.from(offsets, (offset, j) => offset + slopes[j]! * number);
}

/** R²: the share of the rows' variance that the fit explains, all values together; of values that do not vary, 0. */
export function explainedVariance(
  fit: AffineFit,
  numbers: readonly number[],
  rows: readonly ArrayLike<number>[],
): number {
  let [unexplained, total] = [0, 0];
  fit.offsets.forEach((offset, j) => {
    const mean = rows.reduce((sum, row) => sum + row[j]!, 0) / rows.length;
    rows.forEach((row, i) => {
      unexplained += (row[j]! - offset - fit.slopes[j]! * numbers[i]!) ** 2;
      total += (row[j]! - mean) ** 2;
    });
  });
  return total > 0 ? 1 - unexplained / total : 0;
}
