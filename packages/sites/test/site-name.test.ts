import { expect, test } from "vitest";
import {
  compareSites,
  InputError,
  listSites,
  matchSites,
  nodeId,
  NODE_SITE_KINDS,
  parseNodeId,
  parseSite,
  siteAt,
  siteName,
} from "../src/index.ts";

test("every listed site reads back as its layer and kind", () => {
  const sites = listSites(3);
  expect(sites).toHaveLength(3 * 12 + 3);
  for (const site of sites) {
    expect(siteName(site)).toBe(site);
    const { layer, kind } = parseSite(site);
    expect(layer === undefined ? kind : `${layer}.${kind}`).toBe(site);
  }
});

test("sites are listed in the order of the forward pass, whatever the number of digits of the layer", () => {
  const sites = listSites(12);
  expect([...sites].reverse().sort(compareSites)).toEqual(sites);
  expect(sites.indexOf(siteAt(2, "mlp.resid_delta"))).toBeLessThan(sites.indexOf(siteAt(10, "resid_in")));
});

test("eight sites of a layer hold nodes", () => {
  expect(NODE_SITE_KINDS).toHaveLength(8);
  expect(NODE_SITE_KINDS).not.toContain("attn.y");
});

test.each([
  "",
  "0.attn",
  "attn.q",
  "00.attn.q",
  "-1.attn.q",
  "0.attn.Q",
  "0.logits",
  "1.5.attn.q",
  "0.attn.q.",
  "toString",
])("%j is no site", (text) => {
  expect(() => siteName(text)).toThrow(InputError);
});

test("a misspelt site is answered with the one that was meant, in its own layer", () => {
  expect(() => siteName("7.atn.q")).toThrow('did you mean "7.attn.q"');
});

test("a layer is a whole number from 0", () => {
  expect(() => siteAt(-1, "attn.q")).toThrow(InputError);
  expect(() => siteAt(0.5, "attn.q")).toThrow(InputError);
});

test("a node is a site and a channel", () => {
  expect(nodeId(siteAt(2, "mlp.post_act"), 407)).toBe("2.mlp.post_act.407");
  expect(parseNodeId("2.mlp.post_act.407")).toEqual({ site: "2.mlp.post_act", channel: 407 });
  expect(parseNodeId("final_resid.3")).toEqual({ site: "final_resid", channel: 3 });
});

test.each([
  "2.mlp.post_act",
  "2.mlp.post_act.",
  "2.mlp.post_act.-1",
  "2.mlp.post_act.07",
  "post_act.1",
  "0.attn.pattern.1",
])("%j is no node", (text) => {
  expect(() => parseNodeId(text)).toThrow(InputError);
});

test("a channel is a whole number from 0, and patterns have none", () => {
  expect(() => nodeId(siteAt(0, "attn.q"), -1)).toThrow(InputError);
  expect(() => nodeId(siteAt(0, "attn.pattern"), 1)).toThrow(/no channels/);
});

test("globs select sites in the order given", () => {
  const sites = listSites(2);
  expect(matchSites("*.mlp.post_act", sites)).toEqual(["0.mlp.post_act", "1.mlp.post_act"]);
  expect(matchSites("1.attn.{v,q}", sites)).toEqual(["1.attn.q", "1.attn.v"]);
  expect(matchSites("?.resid_in", sites)).toEqual(["0.resid_in", "1.resid_in"]);
  expect(matchSites("embed", sites)).toEqual(["embed"]);
  expect(matchSites("*", sites)).toEqual(sites);
});

test("a glob is no regular expression", () => {
  expect(() => matchSites("0.attn[.]q", listSites(1))).toThrow(InputError);
  expect(() => matchSites("0xattn.q", listSites(1))).toThrow(InputError);
});

test("a glob that selects nothing is an error with the nearest site", () => {
  expect(() => matchSites("1.mlp.postact", listSites(2))).toThrow('did you mean "1.mlp.post_act"');
  expect(() => matchSites("0.attn.{q,k", listSites(1))).toThrow(/does not close/);
});
