#ifndef MEMDB_CORE_PAGES_H_
#define MEMDB_CORE_PAGES_H_

#include <cstddef>

namespace memdb {

// The size of the OS's pages, if they are not huge.
size_t SmallPageSize();

// Returns zeroed memory from the OS, aligned to its size (a power of two, at least 64 KiB), or
// null if it cannot be allocated.
void* MapPages(size_t size);
// The same for any size, aligned to small pages.
void* MapAnySize(size_t size);
// Returns false, and frees nothing, if the OS has no room for one more hole among its mappings.
bool UnmapPages(void* memory, size_t size);

// Asks the OS for huge pages, if it has them. At a million entries they save most misses of
// the address translation. The first touch of a huge page can take milliseconds.
void PreferHugePages(void* memory, size_t size);
// Has the OS make no huge page of these pages later. Those that are huge may stay.
void RefuseHugePages(void* memory, size_t size);

// Gives the memory of small pages back to the OS; the addresses stay. What is in them later is not
// known. Returns false if the OS refuses.
bool GivePagesBack(void* memory, size_t size);

}  // namespace memdb

#endif  // MEMDB_CORE_PAGES_H_
