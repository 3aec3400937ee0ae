/** Loads a package that this one depends on, as CommonJS: at once, and only when it is needed. */
export declare const load: (name: string) => unknown
/** The path of the loader, which is an ES module in either build. */
export declare const LOADER: string
