// Run by plain-node.e2e.test.ts under plain `node`, on what is built: tfjs's bundle for Node registers no gradients, and
// a test runner may resolve another bundle. Prints one JSON line: for each operation and backend, by how much the
// gradient differs from a central difference along one direction, as a share of the larger of the two.
import * as tf from "@tensorflow/tfjs-core";
import * as kernels from "@filigree/kernels";

const wave = (count, frequency) => Float32Array.from({ length: count }, (_, i) => Math.sin(frequency * (i + 1)));
const matrix = (rows, cols, frequency) => tf.tensor2d(wave(rows * cols, frequency), [rows, cols]);
const shape = { heads: 2, dHead: 2, batch: 1, seq: 5, causal: true };

// Every operation as a function of a [4, 5] tensor to a [?, 5] tensor.
const operations = {
  linear: (x) => kernels.linear(x, matrix(3, 4, 0.7)),
  rmsNorm: (x) => kernels.rmsNorm(x, tf.tensor1d(wave(4, 0.9))),
  layerNorm: (x) => kernels.layerNorm(x, tf.tensor1d(wave(4, 0.9)), tf.tensor1d(wave(4, 0.2))),
  absTopK: (x) => kernels.absTopK(x, 2),
  absTopKOfParts: (x) => kernels.concatChannels(...kernels.absTopKOfParts(x, [1, 2])),
  gelu: kernels.gelu,
  relu: kernels.relu,
  attention: (x) => kernels.attention(x, x, x, shape, tf.tensor1d([0.5, -0.5])),
  attentionPattern: (x) => kernels.attentionPattern(x, x, shape, tf.tensor1d([0.5, -0.5])),
  attendWith: (x) => kernels.attendWith(kernels.attentionPattern(x, x, shape), x, shape),
  concatChannels: (x) => kernels.concatChannels(x, x),
  overwrite: (x) => kernels.overwrite(x, Int32Array.of(7, 0, 7), Float32Array.of(1, 2, 3)),
  addToChannels: (x) => kernels.addToChannels(x, tf.tensor1d(wave(4, 0.4))),
  gateChannels: (x) => kernels.gateChannels(x, tf.tensor1d([0, 1, 0.5, 1]), tf.tensor1d(wave(4, 0.3))),
  gatherTokens: (x) => kernels.gatherTokens(x, Int32Array.of(4, 0, 0, 2, 1)),
  add: (x) => kernels.add(x, x),
  embed: (x) => kernels.embed(x, tf.tensor1d([3, 0, 0, 2, 1], "int32")),
  crossEntropy: (x) => kernels.crossEntropy(x, tf.tensor1d([3, 0, 0, 2, 1], "int32")),
};

const report = {};
for (const backend of ["wasm", "cpu"]) {
  await kernels.useBackend(backend);
  for (const [name, operation] of Object.entries(operations)) {
    report[`${name} on ${backend}`] = tf.tidy(() => {
      const x = wave(20, 1.1);
      const direction = wave(20, 0.13);
      const slope = wave(operation(tf.tensor2d(x, [4, 5])).size, 0.37);
      const outputs = operation(tf.tensor2d(x, [4, 5])).shape;
      const along = (step) => {
        const moved = tf.tensor2d(
          x.map((value, i) => value + step * direction[i]),
          [4, 5],
        );
        return operation(moved)
          .dataSync()
          .reduce((sum, y, i) => sum + y * slope[i], 0);
      };
      const gradient = tf
        .grad(operation)(tf.tensor2d(x, [4, 5]), tf.tensor(slope, outputs))
        .dataSync();
      const predicted = gradient.reduce((sum, g, i) => sum + g * direction[i], 0);
      const measured = (along(1e-2) - along(-1e-2)) / 2e-2;
      return Math.abs(predicted - measured) / Math.max(Math.abs(predicted), Math.abs(measured));
    });
  }
}
console.log(JSON.stringify({ report, tensorsLeft: tf.memory().numTensors }));
