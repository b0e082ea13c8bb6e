import type { Subject, SubjectName } from './subject.js';

/** The subject of that name; a process loads no other than its own. */
export async function loadSubject(name: SubjectName): Promise<Subject> {
  switch (name) {
    case 'native':
    case 'fallback':
      return (await import('./memdb.js')).memdb(name);
    case 'map':
      return (await import('./map.js')).map;
    case 'lmdb':
      return (await import('./lmdb.js')).lmdb;
    case 'lmdb-fast':
      return (await import('./lmdb.js')).lmdbFast;
    case 'memory-level':
      return (await import('./memorylevel.js')).memoryLevel;
  }
}
