import * as nodeModule from 'node:module';

/** `createRequire` of Node. If webpack recognised it, it would follow each call and warn that it cannot. */
export const requireFrom = Reflect.get(
  nodeModule,
  'createRequire',
) as typeof nodeModule.createRequire;
