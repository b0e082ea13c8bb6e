#ifndef MEMDB_TEST_MEMORY_H_
#define MEMDB_TEST_MEMORY_H_

#include <cstddef>
#include <functional>

namespace memdb::test {

// Controls the core's allocations: the linker redirects its malloc, calloc and mmap to
// memory.cc, which replaces `new` too. On Linux only.
#if defined(__linux__)
inline constexpr bool kCountsMemory = true;
#else
inline constexpr bool kCountsMemory = false;
#endif

// Bytes of pages that are mapped now.
size_t MappedBytes();

// Bytes that the OS holds for the process now; 0 if it does not say.
size_t ResidentBytes();

// While one exists, this thread can unmap no pages.
class FailingUnmap {
 public:
  FailingUnmap();
  ~FailingUnmap();
  FailingUnmap(const FailingUnmap&) = delete;
  FailingUnmap& operator=(const FailingUnmap&) = delete;
};

// While one exists, this thread's allocation of that number (from 0) fails. One at a time in a
// thread.
class FailingAllocation {
 public:
  explicit FailingAllocation(size_t number);
  ~FailingAllocation();
  FailingAllocation(const FailingAllocation&) = delete;
  FailingAllocation& operator=(const FailingAllocation&) = delete;

  // Whether that allocation was made.
  bool failed() const;
};

// Has this thread call the function in its next allocation, once: it stands inside
// whatever call makes that allocation until the function returns.
void AtNextAllocation(std::function<void()> function);

}  // namespace memdb::test

#endif  // MEMDB_TEST_MEMORY_H_
