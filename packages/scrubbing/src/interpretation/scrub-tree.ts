import { siteSwap } from "../engine/site-swap.ts";
import type { SwapWrite } from "../engine/swaps.ts";
import type { ClaimContext } from "../statements/evidence.ts";
import { dataOf, type DrawnTree } from "./draw-tree.ts";
import { valueWrites } from "./value-writes.ts";

/** An example into whose run trees are written. All items of one list have the same nodes. */
export interface ScrubItem {
  readonly example: number;
  readonly trees: readonly DrawnTree[];
}

/**
 * The writes that show nodes in an example's run as their trees make them. A node without inputs shows what it shows in
 * its datum's own run. A node with inputs shows what it shows in its frame's run, where its inputs are written, each as
 * its own tree makes it, at the frame's positions.
 */
export async function treeWrites(context: ClaimContext, items: readonly ScrubItem[]): Promise<SwapWrite[][]> {
  const writes = items.map((): SwapWrite[] => []);
  for (let i = 0; i < (items[0]?.trees.length ?? 0); i++) {
    const { node, frame } = items[0]!.trees[i]!;
    const { parts } = node;
    const values =
      frame === undefined
        ? []
        : await computedValues(
            context,
            items.map(({ trees }) => trees[i]!),
          );
    items.forEach(({ example, trees }, row) => {
      const datum = trees[i]!.datum;
      writes[row]!.push(
        ...(frame === undefined
          ? siteSwap(context.clean, parts, example, datum).writes
          : valueWrites(context.clean, parts, example, values[row]!)),
      );
    });
  }
  return writes;
}

/** What a node with inputs shows in each tree's frame. */
async function computedValues(context: ClaimContext, trees: readonly DrawnTree[]): Promise<Float32Array[]> {
  const { name, parts, held } = trees[0]!.node;
  const inputs = await treeWrites(
    context,
    trees.map((tree) => ({ example: tree.frame!, trees: tree.inputs })),
  );
  const swaps = trees.map((tree, row) => {
    const frame = tree.frame!;
    const before = held.length === 0 ? [] : siteSwap(context.clean, held, frame, frame).writes;
    return {
      reference: frame,
      donor: tree.datum,
      others: tree.inputs.flatMap(dataOf),
      writes: [...before, ...inputs[row]!],
    };
  });
  const outcomes = await context.run(`frame of ${name}`, swaps, { read: parts });
  return outcomes.map(({ read }) => read);
}
