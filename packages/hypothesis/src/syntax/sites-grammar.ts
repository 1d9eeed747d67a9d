import { ExpressionParser } from "./expression-grammar.ts";
import type { Alternatives } from "./names-grammar.ts";
import * as t from "./tokens.ts";

/** The grammar of sites: parts of the model, joined by `+` or in `{ }`. */
export abstract class SitesParser extends ExpressionParser {
  protected sites = this.RULE("sites", () => {
    this.SUBRULE(this.term);
    this.MANY(() => {
      this.CONSUME(t.Plus);
      this.SUBRULE1(this.term);
    });
  });

  private term = this.RULE("term", () => {
    this.SUBRULE(this.base);
    this.OPTION(() => {
      this.CONSUME(t.Dot);
      this.CONSUME(t.Word);
    });
    this.OPTION1(() => this.SUBRULE(this.channels));
    this.OPTION2(() => {
      this.CONSUME(t.At);
      this.SUBRULE(this.position);
    });
  });

  private base = this.RULE("base", () => this.OR(this.bases));

  private readonly bases: Alternatives = {
    DEF: [
      { ALT: () => this.CONSUME(t.Embed) },
      {
        ALT: () => {
          this.OR1([{ ALT: () => this.CONSUME(t.Resid) }, { ALT: () => this.CONSUME(t.Mlp) }]);
          this.CONSUME(t.Layer);
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Attn);
          this.CONSUME1(t.Layer);
          this.OPTION(() => {
            this.OR2([{ ALT: () => this.CONSUME(t.Head) }, { ALT: () => this.CONSUME(t.Heads) }]);
            this.SUBRULE(this.indices);
          });
        },
      },
      { ALT: () => this.CONSUME(t.Node) },
      {
        ALT: () => {
          this.CONSUME(t.Nodes);
          this.CONSUME(t.From);
          this.CONSUME(t.Text);
        },
      },
      { ALT: () => this.SUBRULE(this.words) },
      { ALT: () => this.CONSUME(t.Circuit) },
      { ALT: () => this.CONSUME(t.Logits) },
      { ALT: () => this.SUBRULE(this.group) },
    ],
    ERR_MSG: "a site such as `attn L1 head 3` or the name of a `let`",
  };

  /** The name of a `let`: words that mean nothing else. */
  protected words = this.RULE("words", () => {
    this.CONSUME(t.Identifier);
    this.MANY(() => this.CONSUME1(t.Identifier));
  });

  private group = this.RULE("group", () => {
    this.CONSUME(t.LeftBrace);
    this.SUBRULE(this.term);
    this.MANY(() => {
      this.OR([{ ALT: () => this.CONSUME(t.Plus) }, { ALT: () => this.CONSUME(t.Comma) }]);
      this.SUBRULE1(this.term);
    });
    this.CONSUME(t.RightBrace);
  });

  private channels = this.RULE("channels", () => {
    this.OR([
      { ALT: () => this.CONSUME(t.Channels) },
      { ALT: () => this.CONSUME(t.Channel) },
      { ALT: () => this.CONSUME(t.Neurons) },
      { ALT: () => this.CONSUME(t.Neuron) },
    ]);
    this.SUBRULE(this.indices);
  });

  private indices = this.RULE("indices", () => {
    this.SUBRULE(this.range);
    this.MANY({
      // in `{ mlp L0 neurons 3, attn L1 }` the comma belongs to the braces
      GATE: () => this.LA(2).tokenType === t.NumberToken,
      DEF: () => {
        this.CONSUME(t.Comma);
        this.SUBRULE1(this.range);
      },
    });
  });

  private range = this.RULE("range", () => {
    this.CONSUME(t.NumberToken);
    this.OPTION(() => {
      this.CONSUME(t.Minus);
      this.CONSUME1(t.NumberToken);
    });
  });
}
