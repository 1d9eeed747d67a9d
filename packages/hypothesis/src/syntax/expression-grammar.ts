import { NamesParser } from "./names-grammar.ts";
import * as t from "./tokens.ts";

/**
 * The grammar of expressions: total functions of one example. From the weakest to the strongest:
 * `if`, `or`, `and`, `not`, comparisons, `+ -`, `* / mod`, a leading `-`.
 */
export abstract class ExpressionParser extends NamesParser {
  protected expression = this.RULE("expression", () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.If);
          this.SUBRULE(this.expression);
          this.CONSUME(t.Then);
          this.SUBRULE1(this.expression);
          this.CONSUME(t.Else);
          this.SUBRULE2(this.expression);
        },
      },
      { ALT: () => this.SUBRULE(this.either) },
    ]);
  });

  private either = this.RULE("either", () => {
    this.SUBRULE(this.both);
    this.MANY(() => {
      this.CONSUME(t.Or);
      this.SUBRULE1(this.both);
    });
  });

  private both = this.RULE("both", () => {
    this.SUBRULE(this.negation);
    this.MANY(() => {
      this.CONSUME(t.And);
      this.SUBRULE1(this.negation);
    });
  });

  private negation = this.RULE("negation", () => {
    this.MANY(() => this.CONSUME(t.Not));
    this.SUBRULE(this.comparison);
  });

  private comparison = this.RULE("comparison", () => {
    this.SUBRULE(this.sum);
    this.OPTION(() => {
      this.OR([
        {
          ALT: () => {
            this.CONSUME(t.Comparison);
            this.SUBRULE1(this.sum);
          },
        },
        {
          ALT: () => {
            this.CONSUME(t.Matches);
            this.SUBRULE(this.pattern);
          },
        },
      ]);
    });
  });

  private sum = this.RULE("sum", () => {
    this.SUBRULE(this.product);
    this.MANY(() => {
      this.OR([{ ALT: () => this.CONSUME(t.Plus) }, { ALT: () => this.CONSUME(t.Minus) }]);
      this.SUBRULE1(this.product);
    });
  });

  private product = this.RULE("product", () => {
    this.SUBRULE(this.signed);
    this.MANY(() => {
      this.OR([
        { ALT: () => this.CONSUME(t.Star) },
        { ALT: () => this.CONSUME(t.Slash) },
        { ALT: () => this.CONSUME(t.Mod) },
      ]);
      this.SUBRULE1(this.signed);
    });
  });

  private signed = this.RULE("signed", () => {
    this.MANY(() => this.CONSUME(t.Minus));
    this.SUBRULE(this.operand);
  });

  private operand = this.RULE("operand", () => {
    this.OR({
      DEF: [
        { ALT: () => this.CONSUME(t.NumberToken) },
        { ALT: () => this.CONSUME(t.True) },
        { ALT: () => this.CONSUME(t.False) },
        {
          ALT: () => {
            this.CONSUME(t.LeftParen);
            this.SUBRULE(this.expression);
            this.CONSUME(t.RightParen);
          },
        },
        { ALT: () => this.SUBRULE(this.count) },
        { ALT: () => this.SUBRULE(this.lookup) },
        { ALT: () => this.SUBRULE(this.call) },
        { ALT: () => this.CONSUME(t.Text) },
        { ALT: () => this.SUBRULE(this.operandWords) },
      ],
      ERR_MSG: "a value: a number, a text, a feature or a function such as count( )",
    });
  });

  /** The name of a feature. In quotes it would be a text: `feature("…")` names those. */
  private operandWords = this.RULE("operandWords", () => {
    this.CONSUME(t.PlainWord);
    this.MANY(() => {
      this.OR([{ ALT: () => this.CONSUME1(t.PlainWord) }, { ALT: () => this.CONSUME(t.NumberToken) }]);
    });
  });

  /** `count("[" after opener before last)` */
  private count = this.RULE("count", () => {
    this.CONSUME(t.Count);
    this.CONSUME(t.LeftParen);
    this.SUBRULE(this.pattern);
    this.SUBRULE(this.stretch);
    this.CONSUME(t.RightParen);
  });

  /** `token(opener)`, `index(last)`, `feature("a name by its text")`, `length()` */
  private lookup = this.RULE("lookup", () => {
    this.OR([
      {
        ALT: () => {
          this.OR1([{ ALT: () => this.CONSUME(t.TokenWord) }, { ALT: () => this.CONSUME(t.IndexWord) }]);
          this.CONSUME(t.LeftParen);
          this.SUBRULE(this.place);
          this.CONSUME(t.RightParen);
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Feature);
          this.CONSUME1(t.LeftParen);
          this.SUBRULE(this.name);
          this.CONSUME1(t.RightParen);
        },
      },
      {
        ALT: () => {
          this.CONSUME(t.Length);
          this.CONSUME2(t.LeftParen);
          this.CONSUME2(t.RightParen);
        },
      },
    ]);
  });

  private call = this.RULE("call", () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.Abs);
          this.CONSUME(t.LeftParen);
          this.SUBRULE(this.expression);
          this.CONSUME(t.RightParen);
        },
      },
      {
        ALT: () => {
          this.OR1([{ ALT: () => this.CONSUME(t.Min) }, { ALT: () => this.CONSUME(t.Max) }]);
          this.CONSUME1(t.LeftParen);
          this.SUBRULE1(this.expression);
          this.CONSUME(t.Comma);
          this.SUBRULE2(this.expression);
          this.CONSUME1(t.RightParen);
        },
      },
    ]);
  });

  /** A token's text, or a regular expression that is found in it. */
  protected pattern = this.RULE("pattern", () => {
    this.OR({
      DEF: [{ ALT: () => this.CONSUME(t.Text) }, { ALT: () => this.CONSUME(t.Regex) }],
      ERR_MSG: 'a token such as "[" or a pattern such as /[0-9]+/',
    });
  });

  protected stretch = this.RULE("stretch", () => {
    this.OPTION(() => {
      this.CONSUME(t.After);
      this.SUBRULE(this.place);
    });
    this.OPTION1(() => {
      this.CONSUME(t.Before);
      this.SUBRULE1(this.place);
    });
  });
}
