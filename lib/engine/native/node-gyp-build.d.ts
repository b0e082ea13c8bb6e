declare module 'node-gyp-build' {
  /** Loads the prebuilt or locally built addon of the package at `root`. */
  function load(root: string): unknown;
  export = load;
}
