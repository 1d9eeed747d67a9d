export { prunerName, type PrunerName } from "./pruner-name.ts";
export { scaffoldPruner, type Scaffold } from "./scaffold-pruner.ts";
