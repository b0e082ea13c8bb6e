#ifndef MEMDB_CORE_PAGES_H_
#define MEMDB_CORE_PAGES_H_

#include <cstddef>

namespace memdb {

// Memory straight from the system, zeroed, aligned to its size (a power of two,
// at least 64 KiB); null when it cannot be had.
void* MapPages(size_t size);
// Asks for huge pages where the system has them: at a million entries they save most of
// the misses in the address translation. The first touch of one can take milliseconds.
void PreferHugePages(void* memory, size_t size);
void UnmapPages(void* memory, size_t size);

}  // namespace memdb

#endif  // MEMDB_CORE_PAGES_H_
