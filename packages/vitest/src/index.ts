export { circuitCases, type CircuitCase, type CircuitCases, type CircuitOptions } from "./circuit-cases.ts";
export { circuits, type CircuitsPlugin } from "./circuits.ts";
export { testCircuit } from "./test-circuit.ts";
