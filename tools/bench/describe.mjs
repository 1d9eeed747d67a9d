/** A case's line for people. */
export function describe({ case: name, milliseconds, tokensPerSecond, ratio, peer, bars, met, profile, ...rest }) {
  const lines = [`${name}: ${milliseconds[0]} ms (${milliseconds[1]} to ${milliseconds[2]})`];
  if (rest.peakMemoryBytes) lines[0] += `, ${Math.round(rest.peakMemoryBytes / 1e6)} MB at most`;
  if (tokensPerSecond) lines[0] += `, ${Math.round(tokensPerSecond)} tokens/s`;
  for (const { threads, ...run } of peer?.runs ?? []) {
    lines.push(`  PyTorch, ${threads} thread${threads > 1 ? "s" : ""}: ${run.milliseconds[0]} ms`);
  }
  if (rest.swaps)
    lines.push(`  ${rest.swaps} different swaps; PyTorch ran ${rest.peerSwaps}, the rest by their number`);
  const rate = rest.swaps ? "speed" : "tokens per second";
  if (ratio) lines.push(`  ${ratio} times the ${rate} of the better one${barOf(bars.ratio)}`);
  if (rest.agreement !== undefined)
    lines.push(`  ${rest.swaps ? "answers" : "last logits"} differ by at most ${rest.agreement.toExponential(1)}`);
  lines.push(`  ${met ? "bars met" : "BAR NOT MET"}, load average ${rest.load.join(" to ")}`);
  for (const { operation, milliseconds, boundMilliseconds, boundBy } of profile?.operations ?? []) {
    const bound = boundBy ? `, at least ${boundMilliseconds.toFixed(1)} by ${boundBy}` : "";
    lines.push(`  ${operation.padEnd(10)} ${milliseconds.toFixed(1)} ms${bound}`);
  }
  return `${lines.join("\n")}\n`;
}

function barOf(bar) {
  return bar ? ` (bar ${bar.bar}, aim ${bar.aim})` : "";
}
