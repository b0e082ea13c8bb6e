// The form of the package for bundlers: ES modules without `require`. Node itself never loads it, so that
// there is one copy of the package in a process. tsc has compiled the sources to build/module/.
import { at } from './project.mjs';

export default {
  input: {
    index: at('build/module/lib/index.js'),
    healing: at('build/module/lib/healing/index.js'),
    fleet: at('build/module/lib/fleet/index.js'),
  },
  external: /^(node:|@?[a-z])/,
  platform: 'node',
  output: {
    dir: at('dist/module'),
    format: 'esm',
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name].mjs',
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    comments: false,
  },
};
