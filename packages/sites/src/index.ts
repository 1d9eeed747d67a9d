export { InputError, type InputProblem } from "./input-error.ts";
export { JsonValue } from "./strict-json.ts";
export { didYouMean, nearestNames } from "./nearest-names.ts";
export {
  compareSites,
  LAYER_SITE_KINDS,
  listSites,
  NODE_SITE_KINDS,
  parseSite,
  siteAt,
  siteName,
  type LayerSiteKind,
  type ModelSiteKind,
  type SiteKind,
  type SiteName,
} from "./site-name.ts";
export { nodeId, parseNodeId, type NodeId } from "./node-id.ts";
export { globPattern, matchSites } from "./match-sites.ts";
export {
  formatNodeFile,
  NODE_FILE_FORMAT,
  parseNodeFile,
  type NodeFile,
  type NodeFileEdge,
  type NodeFileLabel,
} from "./node-file.ts";
