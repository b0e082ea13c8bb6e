#include "pages.h"

#include <cstdint>

#if defined(_WIN32)
#include <windows.h>
#else
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace memdb {

#if defined(_WIN32)

size_t SmallPageSize() {
  static const size_t size = [] {
    SYSTEM_INFO info;
    GetSystemInfo(&info);
    return size_t{info.dwPageSize};
  }();
  return size;
}

void* MapPages(size_t size) {
  constexpr int kTries = 16;
  for (int tries = 0; tries < kTries; tries++) {
    // Twice the size contains an aligned piece. Part of a reservation cannot be freed, so the
    // piece is reserved anew. Another thread may be faster.
    void* const reserved = VirtualAlloc(nullptr, 2 * size, MEM_RESERVE, PAGE_NOACCESS);
    if (reserved == nullptr) return nullptr;
    const auto aligned = (reinterpret_cast<uintptr_t>(reserved) + size - 1) / size * size;
    VirtualFree(reserved, 0, MEM_RELEASE);
    void* const memory = VirtualAlloc(reinterpret_cast<void*>(aligned), size,
                                      MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (memory != nullptr) return memory;
  }
  return nullptr;
}

void* MapAnySize(size_t size) {
  return VirtualAlloc(nullptr, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
}

bool UnmapPages(void* memory, size_t) {
  return VirtualFree(memory, 0, MEM_RELEASE) != 0;
}

void PreferHugePages(void*, size_t) {}

void RefuseHugePages(void*, size_t) {}

bool GivePagesBack(void* memory, size_t size) {
  return DiscardVirtualMemory(memory, size) == ERROR_SUCCESS;
}

#else

size_t SmallPageSize() {
  static const auto size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

void* MapAnySize(size_t size) {
  void* const memory =
      mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

void* MapPages(size_t size) {
  // Twice the size contains an aligned piece; the rest is unmapped at once.
  char* begin = static_cast<char*>(MapAnySize(2 * size));
  if (begin == nullptr) return nullptr;
  const size_t before = (size - reinterpret_cast<uintptr_t>(begin) % size) % size;
  if (before != 0) munmap(begin, before);
  munmap(begin + before + size, size - before);
  return begin + before;
}

bool UnmapPages(void* memory, size_t size) {
  return munmap(memory, size) == 0;
}

void PreferHugePages([[maybe_unused]] void* memory, [[maybe_unused]] size_t size) {
#if defined(MADV_HUGEPAGE)
  madvise(memory, size, MADV_HUGEPAGE);
#endif
}

void RefuseHugePages([[maybe_unused]] void* memory, [[maybe_unused]] size_t size) {
#if defined(MADV_NOHUGEPAGE)
  madvise(memory, size, MADV_NOHUGEPAGE);
#endif
}

bool GivePagesBack(void* memory, size_t size) {
#if defined(__linux__)
  return madvise(memory, size, MADV_DONTNEED) == 0;
#else
  // Elsewhere the advice may be taken at once, later or never; a new mapping is empty.
  return mmap(memory, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
              0) != MAP_FAILED;
#endif
}

#endif

}  // namespace memdb
