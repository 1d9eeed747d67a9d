import type { Alternatives } from "./names-grammar.ts";
import { SitesParser } from "./sites-grammar.ts";
import * as t from "./tokens.ts";

/** The grammar of what is said of sites. */
export abstract class StatementsParser extends SitesParser {
  protected predicate = this.RULE("predicate", () => this.OR(this.predicates));

  private readonly predicates: Alternatives = {
    DEF: [
      { ALT: () => this.SUBRULE(this.carries) },
      { ALT: () => this.SUBRULE(this.contains) },
      { ALT: () => this.SUBRULE(this.ignores) },
      { ALT: () => this.SUBRULE(this.computes) },
      { ALT: () => this.SUBRULE(this.equals) },
      { ALT: () => this.SUBRULE(this.copies) },
      { ALT: () => this.SUBRULE(this.attends) },
      { ALT: () => this.SUBRULE(this.affects) },
      { ALT: () => this.SUBRULE(this.doesNotAffect) },
      { ALT: () => this.SUBRULE(this.is) },
    ],
    ERR_MSG:
      'what the sites do: "carries", "contains", "ignores", "computes", "equals", "copies", "attends from", ' +
      '"affects", "does not affect" or "is"',
  };

  private carries = this.RULE("carries", () => {
    this.CONSUME(t.Carries);
    this.OPTION(() => {
      this.CONSUME(t.At);
      this.CONSUME(t.Most);
    });
    this.SUBRULE(this.name);
  });

  private contains = this.RULE("contains", () => {
    this.CONSUME(t.Contains);
    this.SUBRULE(this.name);
  });

  private ignores = this.RULE("ignores", () => {
    this.CONSUME(t.Ignores);
    this.SUBRULE(this.name);
  });

  private computes = this.RULE("computes", () => {
    this.CONSUME(t.Computes);
    this.SUBRULE(this.name);
    this.CONSUME(t.From);
    this.SUBRULE(this.source);
    this.MANY(() => {
      this.CONSUME(t.Comma);
      this.SUBRULE1(this.source);
    });
  });

  /** `embed at opener by quote type`: sites, and the feature by which their values are drawn. */
  private source = this.RULE("source", () => {
    this.SUBRULE(this.sites);
    this.OPTION(() => {
      this.CONSUME(t.By);
      this.SUBRULE(this.name);
    });
  });

  private equals = this.RULE("equals", () => {
    this.CONSUME(t.EqualsVerb);
    this.SUBRULE(this.expression);
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
    this.OPTION3(() => this.CONSUME(t.Alone));
  });

  private attends = this.RULE("attends", () => {
    this.CONSUME(t.Attends);
    this.CONSUME(t.From);
    this.SUBRULE(this.position);
    this.CONSUME(t.To);
    this.SUBRULE1(this.position);
  });

  private affects = this.RULE("affects", () => {
    this.CONSUME(t.Affects);
    this.SUBRULE(this.sites);
  });

  private doesNotAffect = this.RULE("doesNotAffect", () => {
    this.CONSUME(t.DoesNotAffect);
    this.SUBRULE(this.sites);
    this.OPTION(() => {
      this.CONSUME(t.ExceptThrough);
      this.SUBRULE1(this.sites);
    });
  });

  private is = this.RULE("is", () => {
    this.CONSUME(t.Is);
    this.SUBRULE(this.property);
    this.MANY(() => {
      this.OR([
        {
          ALT: () => {
            this.CONSUME(t.Comma);
            this.OPTION(() => this.CONSUME(t.And));
          },
        },
        { ALT: () => this.CONSUME1(t.And) },
      ]);
      this.SUBRULE1(this.property);
    });
  });

  private property = this.RULE("property", () => {
    this.CONSUME(t.Word);
    this.OPTION(() => this.CONSUME(t.Jointly));
  });
}
