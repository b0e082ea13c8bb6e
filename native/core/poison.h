#ifndef MEMDB_CORE_POISON_H_
#define MEMDB_CORE_POISON_H_

// Has AddressSanitizer report uses of free memory.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MEMDB_ASAN 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define MEMDB_ASAN 1
#endif
#if defined(MEMDB_ASAN)
#include <sanitizer/asan_interface.h>
#define MEMDB_POISON(memory, size) __asan_poison_memory_region(memory, size)
#define MEMDB_UNPOISON(memory, size) __asan_unpoison_memory_region(memory, size)
#else
#define MEMDB_POISON(memory, size) static_cast<void>(0)
#define MEMDB_UNPOISON(memory, size) static_cast<void>(0)
#endif

#endif  // MEMDB_CORE_POISON_H_
