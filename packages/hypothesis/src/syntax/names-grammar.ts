import { CstParser, type IOrAlt, type TokenType } from "chevrotain";
import * as t from "./tokens.ts";

/**
 * What a rule chooses from. Rules that nearly every line goes through keep theirs as fields: written out in the rule, the
 * choices would be made anew for each line.
 */
export interface Alternatives {
  DEF: IOrAlt<unknown>[];
  ERR_MSG: string;
}

/** What names and numbers are made of, shared by all rules. */
export abstract class NamesParser extends CstParser {
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
  }

  // A made-up or dropped token would let a misread statement pass for a whole one.
  override canTokenTypeBeInsertedInRecovery(_token: TokenType): boolean {
    return false;
  }
  override canTokenTypeBeDeletedInRecovery(_token: TokenType): boolean {
    return false;
  }

  /** `quote type`, or in quotes. */
  protected name = this.RULE("name", () => this.OR(this.nameForms));

  private readonly nameForms: Alternatives = {
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
  };

  /** A name inside an expression, where words such as `and` join. */
  protected operandName = this.RULE("operandName", () => {
    this.OR({
      DEF: [
        { ALT: () => this.CONSUME(t.Text) },
        {
          ALT: () => {
            this.CONSUME(t.PlainWord);
            this.MANY(() => {
              this.OR1([{ ALT: () => this.CONSUME1(t.PlainWord) }, { ALT: () => this.CONSUME(t.NumberToken) }]);
            });
          },
        },
      ],
      ERR_MSG: "a name",
    });
  });

  protected position = this.RULE("position", () => this.OR(this.positionForms));

  private readonly positionForms: Alternatives = {
    DEF: [{ ALT: () => this.CONSUME(t.NumberToken) }, { ALT: () => this.SUBRULE(this.name) }],
    ERR_MSG: "a position such as `opener`, `last` or an index",
  };

  /** A position inside an expression or a definition. */
  protected place = this.RULE("place", () => {
    this.OR({
      DEF: [{ ALT: () => this.CONSUME(t.NumberToken) }, { ALT: () => this.SUBRULE(this.operandName) }],
      ERR_MSG: "a position such as `opener`, `last` or an index",
    });
  });

  protected number = this.RULE("number", () => {
    this.CONSUME(t.NumberToken);
    this.OPTION(() => this.CONSUME(t.Percent));
  });
}
