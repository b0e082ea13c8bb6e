#ifndef MEMDB_CORE_PAGES_H_
#define MEMDB_CORE_PAGES_H_

#include <cstddef>

namespace memdb {

// Memory straight from the system, zeroed, aligned to its size (a power of two,
// at least 64 KiB); null when it cannot be had.
void* MapPages(size_t size);
// Lets the system merge what is mapped there into huge pages in the course of minutes,
// to save misses in the address translation. For memory in use: of memory that is not,
// the first touch would wait for a whole huge page, which can take milliseconds.
void MergePages(void* memory, size_t size);
void UnmapPages(void* memory, size_t size);

}  // namespace memdb

#endif  // MEMDB_CORE_PAGES_H_
