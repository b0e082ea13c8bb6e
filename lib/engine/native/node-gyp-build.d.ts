declare module 'node-gyp-build' {
  /** Returns the path of the prebuilt or locally built addon of the package at `root`. Throws if it finds no file. */
  export function resolve(root: string): string;
}
