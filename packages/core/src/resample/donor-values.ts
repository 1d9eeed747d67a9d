import * as tf from "@tensorflow/tfjs-core";
import { gelu, linear, relu, SparseMatrix } from "@filigree/kernels";
import { siteAt, type LayerSiteKind, type SiteName } from "@filigree/sites";
import { nodeSites } from "../ablation.ts";
import type { TokenBatch } from "../forward.ts";
import { recordSites, type Activation } from "../interventions.ts";
import { runModel, type Model } from "../model.ts";
import { byColumns } from "./columns.ts";
import type { Product } from "./products.ts";

/** What a batch of donors shows. After the last attention there are only the columns that are read. */
export class DonorValues {
  /** Every node site, and the mixes that heads read out. */
  readonly sites: ReadonlyMap<SiteName, Activation>;
  readonly #activation: (x: tf.Tensor2D) => tf.Tensor2D;
  /** W · x + b, and neurons, [columns, rows]: made when first asked for. */
  readonly #rows = new Map<string, Float32Array>();

  constructor(model: Model, tokens: TokenBatch, readout: Int32Array) {
    const { config } = model;
    const sites = new Map<SiteName, Activation>();
    const mixes = Array.from({ length: config.nLayer }, (_, layer) => siteAt(layer, "attn.y"));
    const edit = recordSites([...nodeSites(config), ...mixes], sites);
    runModel(model, tokens, { edit, readout, narrow: true }).dispose();
    this.sites = sites;
    this.#activation = config.activation === "gelu" ? gelu : relu;
  }

  get bytes(): number {
    const sites = [...this.sites.values()].map(({ values }) => values);
    return [...sites, ...this.#rows.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /** [channels, columns] after AbsTopK. */
  site(layer: number, kind: LayerSiteKind): Float32Array {
    return this.sites.get(siteAt(layer, kind))!.values;
  }

  /** W · x + b before AbsTopK, [columns, rows]. @param inputs x, [inputs, columns] */
  sums({ name, rows, bias }: Product, inputs: Float32Array): Float32Array {
    return this.#keep(name, () => {
      const columns = inputs.length / rows.cols;
      const matrix = SparseMatrix.fromCompressed(rows);
      const sums = tf.tidy(() => linear(tf.tensor2d(inputs, [rows.cols, columns]), matrix, bias && tf.tensor1d(bias)));
      const turned = byColumns(sums.dataSync<"float32">(), columns);
      sums.dispose();
      matrix.dispose();
      return turned;
    });
  }

  /** The neurons of these sums before AbsTopK, [columns, rows]. */
  neurons(product: Product, sums: Float32Array): Float32Array {
    return this.#keep(`${product.name} activated`, () => this.activated(sums));
  }

  /** The model's activation function of any numbers, by the operation of the pass. */
  activated(values: Float32Array): Float32Array {
    if (values.length === 0) return values;
    const result = tf.tidy(() => this.#activation(tf.tensor2d(values, [1, values.length])));
    const found = result.dataSync<"float32">().slice();
    result.dispose();
    return found;
  }

  #keep(name: string, make: () => Float32Array): Float32Array {
    let rows = this.#rows.get(name);
    if (!rows) this.#rows.set(name, (rows = make()));
    return rows;
  }
}
