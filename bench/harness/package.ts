import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as Package from 'accumulate-memdb';
import { tree } from './root.js';

const requireFromTree = createRequire(join(tree, 'package.json'));

/** Loads a module of the measured package by its path in `dist/lib`. */
export const load = (module: string) => requireFromTree(`./dist/lib/${module}`);

/** The package under test. The benchmarks import its values from here, never by its name. */
export const { AccountUrl, Key, MemDB, uint }: typeof Package = load('index.js');
export type AccountUrl = Package.AccountUrl;
export type Key = Package.Key;
export type MemDB = Package.MemDB;
