/** The version of the engine whose meaning of verdicts a document was made under. Raised when a definition changes. */
export const ENGINE_VERSION = "0.1.0";
