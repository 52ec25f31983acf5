import { renderToStaticMarkup } from "react-dom/server";
import { describe, expect, it } from "vitest";
import { Deeds } from "@/components/outcomes/Deeds";
import { Tiles } from "@/components/outcomes/Tiles";
import { TrendWord } from "@/components/outcomes/TrendWord";
import type { Loaded } from "@/lib/api/resource";
import type { Outcomes } from "@/lib/outcomes/data";
import type { Report, SavingsReport } from "@/lib/outcomes/types";
import { decision, estimate, none, report, savings, trend } from "./outcomes.samples";

const nothing = () => undefined;
const loaded = <Value,>(value: Value): Loaded<Value> => ({ value, error: null, loading: false });

function text(markup: string): string {
  return markup.replaceAll(/<[^>]+>/g, " ").replaceAll(/\s+/g, " ");
}

function tiles(shown: Report, saved: SavingsReport = savings()): string {
  const outcomes: Outcomes = { report: loaded(shown), trend: loaded(trend()), savings: loaded(saved), reload: nothing };
  return text(renderToStaticMarkup(<Tiles outcomes={outcomes} report={shown} open={nothing} />));
}

describe("the tiles", () => {
  it("show each value with its interval, its count and the open ones", () => {
    const shown = tiles(report());

    expect(shown).toContain("76 min");
    expect(shown).toContain("95 %: 68 to 84 · 112 incidents · 3 open");
    expect(shown).toContain("41 of 46");
    expect(shown).toContain("2 not known, counted as not");
    expect(shown).toContain("Worst part 9 needed a correction");
  });

  it("show a word and the reason instead of a number where there is none", () => {
    const empty = estimate({ value: null, low: null, high: null, n: 4, open: 0, says: "fewer than 6 incidents" });
    const shown = tiles(report({ figures: [{ ...none("time_to_restore"), estimate: empty }, none("verified_success"), none("clean_runs")] }));

    expect(shown).toContain("Not known");
    expect(shown).toContain("fewer than 6 incidents");
    expect(shown).toContain("No attempts");
    expect(shown).toContain("nothing to compare with");
    expect(shown).not.toMatch(/\b0 ?%|\$0|NaN|null/);
  });

  it("show minutes and no money as long as nobody has said what a minute costs", () => {
    const range = { middle: 1_000, low80: -60, high80: 2_000, low95: -600, high95: 3_000, p_positive: 0.88 };
    const shown = tiles(report(), savings({ counterfactual: "baseline", minutes: range, p_positive: 0.88 }));

    expect(shown).toContain("−1 to 33 hours");
    expect(shown).toContain("88 % likely above zero");
    expect(shown).toContain("minutes and no money");
    expect(shown).not.toContain("$");
  });

  it("show a range of money after its cost, and how much of it is assumed", () => {
    const range = { middle: 40_000, low80: 18_000, high80: 64_000, low95: 9_000, high95: 90_000, p_positive: 0.9996 };
    const split = { measured: 0.52, modelled: 0.31, assumed: 0.17 };
    const shown = tiles(report(), savings({ counterfactual: "hold_out", minutes: range, money: range, p_positive: 0.9996, claimed: true, cost: 412, split }));

    expect(shown).toContain("$18k to $64k");
    expect(shown).toContain("> 99 % likely above zero".replace(">", "&gt;"));
    expect(shown).toContain("52 % measured, 31 % modelled, 17 % assumed");
    expect(shown).toContain("after $410 of cost");
  });
});

describe("the word of the trend", () => {
  it("has an arrow when it is decided and none when it is not", () => {
    const say = (word: "improved" | "worse" | "no_clear_change" | "not_enough") => text(renderToStaticMarkup(<TrendWord decision={decision({ word })} />));

    expect(say("improved")).toContain("↓");
    expect(say("worse")).toContain("↑");
    expect(say("no_clear_change")).not.toMatch(/[↓↑]/);
    expect(say("not_enough")).not.toMatch(/[↓↑]/);
  });
});

describe("what the system did", () => {
  it("links its own incidents and not the imported ones", () => {
    const one = { title: "Cart errors", at: "2026-11-26T11:40:00Z", did: "rolled back cart", restored_by: "quell" as const, lasted_s: 180, prevented: false };
    const did = [
      { ...one, id: "INC-7", imported: false },
      { ...one, id: "github/1", title: "Old one", did: "", restored_by: "unknown" as const, imported: true },
    ];
    const markup = renderToStaticMarkup(<Deeds trend={loaded(trend({ did }))} />);

    expect(markup).toContain('?id=INC-7"');
    expect(markup).not.toContain("github%2F1");
    expect(text(markup)).toContain("rolled back cart, 3 min");
    expect(text(markup)).toContain("Old one restored, 3 min");
  });
});
