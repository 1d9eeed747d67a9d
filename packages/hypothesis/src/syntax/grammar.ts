import { tokenMatcher, type CstNode, type ISerializedGast, type IToken, type TokenType } from "chevrotain";
import type { Alternatives } from "./names-grammar.ts";
import { StatementsParser } from "./statements-grammar.ts";
import * as t from "./tokens.ts";

/**
 * The grammar of one logical line. A `.circuit` file is a list of such lines, so that an error never
 * reaches beyond its own. A `rival` is a line that opens a block, and a line that closes it.
 */
class LineParser extends StatementsParser {
  constructor() {
    super();
    this.performSelfAnalysis();
  }

  line = this.RULE("line", () => this.OR(this.lines));

  private readonly lines: Alternatives = {
    DEF: [
      { ALT: () => this.SUBRULE(this.title) },
      { ALT: () => this.SUBRULE(this.model) },
      { ALT: () => this.SUBRULE(this.task) },
      { ALT: () => this.SUBRULE(this.setting) },
      { ALT: () => this.SUBRULE(this.split) },
      { ALT: () => this.SUBRULE(this.import) },
      { ALT: () => this.SUBRULE(this.let) },
      { GATE: () => this.isFeature(), ALT: () => this.SUBRULE(this.feature) },
      { ALT: () => this.SUBRULE(this.nuisance) },
      { ALT: () => this.SUBRULE(this.definedPosition) },
      { ALT: () => this.SUBRULE(this.rival) },
      { ALT: () => this.SUBRULE(this.rivalEnd) },
      { ALT: () => this.SUBRULE(this.claim) },
    ],
    ERR_MSG: "a declaration or a statement about sites",
  };

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

  private import = this.RULE("import", () => {
    this.CONSUME(t.Import);
    this.CONSUME(t.Text);
  });

  private let = this.RULE("let", () => {
    this.CONSUME(t.Let);
    this.SUBRULE(this.words);
    this.CONSUME(t.Assign);
    this.SUBRULE(this.sites);
  });

  /** `feature depth at last: int = count("[") - count("]")` */
  private feature = this.RULE("feature", () => {
    this.OPTION(() => this.CONSUME(t.Nuisance));
    this.CONSUME(t.Feature);
    this.SUBRULE(this.name);
    this.OPTION1(() => {
      this.CONSUME(t.At);
      this.SUBRULE(this.position);
    });
    this.CONSUME(t.Colon);
    this.CONSUME(t.Word);
    this.CONSUME(t.Assign);
    this.SUBRULE(this.expression);
  });

  private nuisance = this.RULE("nuisance", () => {
    this.CONSUME(t.Nuisance);
    this.SUBRULE(this.name);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE1(this.name);
    });
  });

  /** `position opener = first token matching /['"]/`, `position body = opener + 1` */
  private definedPosition = this.RULE("definedPosition", () => {
    this.CONSUME(t.PositionWord);
    this.SUBRULE(this.name);
    this.CONSUME(t.Assign);
    // A position may be called "first token": then it is written in quotes.
    this.OR([
      { IGNORE_AMBIGUITIES: true, ALT: () => this.SUBRULE(this.search) },
      { ALT: () => this.SUBRULE(this.offset) },
    ]);
  });

  private search = this.RULE("search", () => {
    this.OR([{ ALT: () => this.CONSUME(t.First) }, { ALT: () => this.CONSUME(t.Last) }]);
    this.CONSUME(t.TokenWord);
    this.OPTION(() => this.CONSUME(t.Matching));
    this.SUBRULE(this.pattern);
    this.SUBRULE(this.stretch);
  });

  private offset = this.RULE("offset", () => {
    this.SUBRULE(this.place);
    this.OPTION(() => {
      this.OR([{ ALT: () => this.CONSUME(t.Plus) }, { ALT: () => this.CONSUME(t.Minus) }]);
      this.CONSUME(t.NumberToken);
    });
  });

  private rival = this.RULE("rival", () => {
    this.CONSUME(t.Rival);
    this.CONSUME(t.Text);
    this.CONSUME(t.LeftBrace);
  });

  private rivalEnd = this.RULE("rivalEnd", () => {
    this.CONSUME(t.RightBrace);
  });

  private claim = this.RULE("claim", () => {
    this.OPTION(() => {
      this.CONSUME(t.Claim);
      this.SUBRULE(this.name);
      this.CONSUME(t.Colon);
    });
    this.SUBRULE(this.sites);
    this.SUBRULE(this.predicate);
    this.MANY(() => {
      this.OR([{ ALT: () => this.SUBRULE(this.modifier) }, { ALT: () => this.SUBRULE(this.expect) }]);
    });
  });

  private modifier = this.RULE("modifier", () => {
    this.OR([
      {
        ALT: () => {
          this.CONSUME(t.When);
          this.SUBRULE(this.expression);
        },
      },
      { ALT: () => this.CONSUME(t.AnyIndex) },
      { ALT: () => this.CONSUME(t.WithNormsHeld) },
    ]);
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

  /** `nuisance feature depth: int = …` defines one; `nuisance feature name` is about one that is called "feature name". */
  private isFeature(): boolean {
    if (this.LA(1).tokenType === t.Feature) return true;
    if (this.LA(2).tokenType !== t.Feature) return false;
    for (let ahead = 3; ahead < 20; ahead++) if (this.LA(ahead).tokenType === t.Colon) return true;
    return false;
  }
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
export function parseLine(tokens: IToken[]): { cst: CstNode | undefined; faults: readonly SyntaxFault[] } {
  parser.input = tokens;
  const cst = parser.line() as CstNode | undefined;
  const faults = parser.errors.map((error): SyntaxFault => {
    const found = tokens.find((token) => token === error.token);
    return { expected: error.message, found, rule: error.context.ruleStack.at(-1) ?? "line" };
  });
  return { cst, faults };
}

/** The rules of the grammar as data, for the reference. The first is that of a line. */
export function grammarRules(): ISerializedGast[] {
  return parser.getSerializedGastProductions();
}

export function isA(token: IToken, type: TokenType): boolean {
  return tokenMatcher(token, type);
}
