#ifndef MEMDB_CORE_PAGES_H_
#define MEMDB_CORE_PAGES_H_

#include <cstddef>

namespace memdb {

// Returns zeroed memory from the OS, aligned to its size (a power of two, at least 64 KiB), or
// null if it cannot be allocated.
void* MapPages(size_t size);
// Asks the OS for huge pages, if it has them. At a million entries they save most misses of
// the address translation. The first touch of a huge page can take milliseconds.
void PreferHugePages(void* memory, size_t size);
void UnmapPages(void* memory, size_t size);

}  // namespace memdb

#endif  // MEMDB_CORE_PAGES_H_
