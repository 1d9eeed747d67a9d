import { CstParser, tokenMatcher, type CstNode, type IToken, type TokenType } from "chevrotain";
import * as t from "./tokens.ts";

/**
 * The grammar of one logical line. A `.circuit` file is a list of such lines, so that an error never
 * reaches beyond its own.
 */
class LineParser extends CstParser {
  constructor() {
    super(t.ALL_TOKENS, {
      recoveryEnabled: true,
      maxLookahead: 2,
      nodeLocationTracking: "full",
      errorMessageProvider: {
        buildMismatchTokenMessage: ({ expected }) => expected.LABEL ?? expected.name,
        buildNotAllInputParsedMessage: () => "the end of the line",
        buildNoViableAltMessage: ({ customUserDescription }) => customUserDescription ?? "",
        buildEarlyExitMessage: ({ customUserDescription }) => customUserDescription ?? "",
      },
    });
    this.performSelfAnalysis();
  }

  // A made-up or dropped token would let a misread statement pass for a whole one.
  override canTokenTypeBeInsertedInRecovery(_token: TokenType): boolean {
    return false;
  }
  override canTokenTypeBeDeletedInRecovery(_token: TokenType): boolean {
    return false;
  }

  item = this.RULE("item", () => {
    this.OR({
      DEF: [
        { ALT: () => this.SUBRULE(this.title) },
        { ALT: () => this.SUBRULE(this.model) },
        { ALT: () => this.SUBRULE(this.task) },
        { ALT: () => this.SUBRULE(this.setting) },
        { ALT: () => this.SUBRULE(this.split) },
        { ALT: () => this.SUBRULE(this.let) },
        { ALT: () => this.SUBRULE(this.claim) },
      ],
      ERR_MSG: "a declaration or a statement about sites",
    });
  });

  private title = this.RULE("title", () => {
    this.CONSUME(t.Circuit);
    this.CONSUME(t.Text);
  });

  private model = this.RULE("model", () => {
    this.CONSUME(t.Model);
    this.CONSUME(t.Text);
  });

  private task = this.RULE("task", () => {
    this.CONSUME(t.Task);
    this.SUBRULE(this.name);
  });

  private setting = this.RULE("setting", () => {
    this.OR([
      { ALT: () => this.CONSUME(t.Seed) },
      { ALT: () => this.CONSUME(t.Examples) },
      { ALT: () => this.CONSUME(t.Donors) },
      { ALT: () => this.CONSUME(t.Alpha) },
    ]);
    this.SUBRULE(this.number);
  });

  private split = this.RULE("split", () => {
    this.CONSUME(t.Split);
    this.SUBRULE(this.name);
  });

  private let = this.RULE("let", () => {
    this.CONSUME(t.Let);
    this.CONSUME(t.Identifier);
    this.CONSUME(t.Equals);
    this.SUBRULE(this.sites);
  });

  private claim = this.RULE("claim", () => {
    this.OPTION(() => {
      this.CONSUME(t.Claim);
      this.SUBRULE(this.name);
      this.CONSUME(t.Colon);
    });
    this.SUBRULE(this.sites);
    this.SUBRULE(this.predicate);
    this.OPTION1(() => this.CONSUME(t.LaterPhrase));
    this.MANY(() => this.SUBRULE(this.expect));
  });

  private predicate = this.RULE("predicate", () => {
    this.OR({
      DEF: [
        { ALT: () => this.SUBRULE(this.carries) },
        { ALT: () => this.SUBRULE(this.ignores) },
        { ALT: () => this.SUBRULE(this.copies) },
        { ALT: () => this.SUBRULE(this.attends) },
        { ALT: () => this.SUBRULE(this.is) },
        { ALT: () => this.CONSUME(t.LaterPhrase) },
      ],
      ERR_MSG: 'what the sites do: "carries", "ignores", "copies", "attends from" or "is"',
    });
  });

  private carries = this.RULE("carries", () => {
    this.CONSUME(t.Carries);
    this.OPTION(() => {
      this.CONSUME(t.At);
      this.CONSUME(t.Word);
    });
    this.SUBRULE(this.name);
  });

  private ignores = this.RULE("ignores", () => {
    this.CONSUME(t.Ignores);
    this.SUBRULE(this.name);
  });

  private copies = this.RULE("copies", () => {
    this.CONSUME(t.Copies);
    this.SUBRULE(this.name);
    this.OPTION(() => {
      this.CONSUME(t.From);
      this.SUBRULE(this.position);
    });
    this.OPTION1(() => {
      this.CONSUME(t.To);
      this.SUBRULE1(this.position);
    });
    this.OPTION2(() => {
      this.CONSUME(t.Via);
      this.CONSUME(t.Word);
    });
    this.OPTION3(() => this.CONSUME(t.Identifier)); // `alone`
  });

  private attends = this.RULE("attends", () => {
    this.CONSUME(t.Attends);
    this.CONSUME(t.From);
    this.SUBRULE(this.position);
    this.CONSUME(t.To);
    this.SUBRULE1(this.position);
  });

  private is = this.RULE("is", () => {
    this.CONSUME(t.Is);
    this.CONSUME(t.Word);
    this.MANY(() => {
      this.OR([{ ALT: () => this.CONSUME(t.Comma) }, { ALT: () => this.CONSUME(t.And) }]);
      this.CONSUME1(t.Word);
    });
    this.OPTION(() => this.CONSUME(t.Jointly));
  });

  private expect = this.RULE("expect", () => {
    this.CONSUME(t.Expect);
    this.SUBRULE(this.expectation);
    this.MANY(() => {
      this.OR([{ ALT: () => this.CONSUME(t.Comma) }, { ALT: () => this.CONSUME(t.And) }]);
      this.SUBRULE1(this.expectation);
    });
  });

  private expectation = this.RULE("expectation", () => {
    this.AT_LEAST_ONE({
      DEF: () => this.CONSUME(t.Word),
      ERR_MSG: 'a verdict ("refuted", "not supported") or a figure and its bound ("transfer >= 40%")',
    });
    this.OPTION(() => {
      this.CONSUME(t.Comparison);
      this.SUBRULE(this.number);
    });
  });

  private sites = this.RULE("sites", () => {
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

  private base = this.RULE("base", () => {
    this.OR({
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
        { ALT: () => this.CONSUME(t.Identifier) },
        { ALT: () => this.CONSUME(t.Circuit) },
        { ALT: () => this.SUBRULE(this.group) },
      ],
      ERR_MSG: "a site such as `attn L1 head 3` or the name of a `let`",
    });
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

  private position = this.RULE("position", () => {
    this.OR({
      DEF: [{ ALT: () => this.CONSUME(t.NumberToken) }, { ALT: () => this.SUBRULE(this.name) }],
      ERR_MSG: "a position such as `opener`, `last` or an index",
    });
  });

  private name = this.RULE("name", () => {
    this.OR({
      DEF: [
        { ALT: () => this.CONSUME(t.Text) },
        {
          ALT: () => {
            this.CONSUME(t.NameWord);
            this.MANY(() => {
              this.OR1([{ ALT: () => this.CONSUME1(t.NameWord) }, { ALT: () => this.CONSUME(t.NumberToken) }]);
            });
          },
        },
      ],
      ERR_MSG: "a name",
    });
  });

  private number = this.RULE("number", () => {
    this.CONSUME(t.NumberToken);
    this.OPTION(() => this.CONSUME(t.Percent));
  });
}

const parser = new LineParser();

/** What Chevrotain says was wrong, and where. `expected` is a phrase for people. */
export interface SyntaxFault {
  readonly expected: string;
  /** The token that was found instead; undefined at the end of the line. */
  readonly found: IToken | undefined;
  /** The rule that was being read. */
  readonly rule: string;
}

/** Parses one logical line. Where there are faults, the tree is partial or undefined. */
export function parseLine(tokens: readonly IToken[]): { cst: CstNode | undefined; faults: readonly SyntaxFault[] } {
  parser.input = [...tokens];
  const cst = parser.item() as CstNode | undefined;
  const faults = parser.errors.map((error): SyntaxFault => {
    const found = tokens.find((token) => token === error.token);
    return { expected: error.message, found, rule: error.context.ruleStack.at(-1) ?? "item" };
  });
  return { cst, faults };
}

export function isA(token: IToken, type: TokenType): boolean {
  return tokenMatcher(token, type);
}
