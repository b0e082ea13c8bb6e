#include "pages.h"

#include <cstdint>

#if defined(_WIN32)
#include <malloc.h>

#include <cstring>
#else
#include <sys/mman.h>
#endif

namespace memdb {

#if defined(_WIN32)

void* MapPages(size_t size) {
  void* memory = _aligned_malloc(size, size);
  if (memory != nullptr) std::memset(memory, 0, size);
  return memory;
}

void PreferHugePages(void*, size_t) {}

void UnmapPages(void* memory, size_t) {
  _aligned_free(memory);
}

#else

void* MapPages(size_t size) {
  // Twice the size contains an aligned piece; the rest is unmapped at once.
  void* mapped =
      mmap(nullptr, 2 * size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  char* begin = static_cast<char*>(mapped);
  const size_t before = (size - reinterpret_cast<uintptr_t>(begin) % size) % size;
  if (before != 0) munmap(begin, before);
  munmap(begin + before + size, size - before);
  begin += before;
  return begin;
}

void PreferHugePages([[maybe_unused]] void* memory, [[maybe_unused]] size_t size) {
#if defined(MADV_HUGEPAGE)
  madvise(memory, size, MADV_HUGEPAGE);
#endif
}

void UnmapPages(void* memory, size_t size) {
  munmap(memory, size);
}

#endif

}  // namespace memdb
