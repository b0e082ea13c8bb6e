import type { Subject, SubjectName } from './subject.js';

/** Loads the subject of that name; a process loads no other. */
export async function loadSubject(name: SubjectName): Promise<Subject> {
  switch (name) {
    case 'native':
    case 'fallback':
      return (await import('./memdb.js')).memdb(name);
    case 'map-simple':
      return (await import('./map.js')).mapSimple;
    case 'map-careful':
      return (await import('./map.js')).mapCareful;
    case 'lmdb':
      return (await import('./lmdb.js')).lmdb;
    case 'lmdb-fast':
      return (await import('./lmdb.js')).lmdbFast;
    case 'memory-level':
      return (await import('./memorylevel.js')).memoryLevel;
  }
}
