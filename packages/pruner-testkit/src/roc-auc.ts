/**
 * The area under the ROC curve: how likely a positive one has a higher score than a negative one, where equal scores
 * count as half. 1: all positives come first; 0.5: as good as chance.
 *
 * @throws RangeError where there are not both positives and negatives, or a score is not a number
 */
export function rocAuc(scores: ArrayLike<number>, positive: readonly boolean[]): number {
  const order = Array.from({ length: scores.length }, (_, i) => i).sort((a, b) => scores[a]! - scores[b]!);
  if (order.some((i) => Number.isNaN(scores[i]!))) throw new RangeError("A score is not a number.");
  let [rankSum, positives] = [0, 0];
  for (let start = 0; start < order.length;) {
    let end = start;
    while (end < order.length && scores[order[end]!] === scores[order[start]!]) end++;
    const here = order.slice(start, end).filter((i) => positive[i]).length;
    // Equal scores share the mean of their ranks, which count from 1.
    rankSum += (here * (start + end + 1)) / 2;
    positives += here;
    start = end;
  }
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) throw new RangeError("Both positives and negatives are needed.");
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}
