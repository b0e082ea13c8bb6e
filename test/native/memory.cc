#include "memory.h"

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <new>
#include <utility>

#if defined(__linux__)
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace memdb::test {

namespace {

constexpr size_t kNever = SIZE_MAX;

std::atomic<size_t> mapped_bytes{0};
thread_local size_t until_failure = kNever;
thread_local bool has_failed = false;
thread_local bool unmap_fails = false;
thread_local std::function<void()> at_next;

// Whether this allocation is the one to fail.
[[maybe_unused]] bool Fails() {
  if (at_next) std::exchange(at_next, nullptr)();
  if (until_failure == kNever) return false;
  if (until_failure-- > 0) return false;
  has_failed = true;
  until_failure = kNever;
  return true;
}

}  // namespace

size_t MappedBytes() {
  return mapped_bytes.load();
}

size_t ResidentBytes() {
#if defined(__linux__)
  size_t mapped = 0;
  size_t resident = 0;
  std::ifstream("/proc/self/statm") >> mapped >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
#else
  return 0;
#endif
}

FailingUnmap::FailingUnmap() {
  unmap_fails = true;
}

FailingUnmap::~FailingUnmap() {
  unmap_fails = false;
}

FailingAllocation::FailingAllocation(size_t number) {
  has_failed = false;
  until_failure = number;
}

FailingAllocation::~FailingAllocation() {
  until_failure = kNever;
}

bool FailingAllocation::failed() const {
  return has_failed;
}

void AtNextAllocation(std::function<void()> function) {
  at_next = std::move(function);
}

}  // namespace memdb::test

#if defined(__linux__)

using namespace memdb::test;

// With --wrap=X, the linker calls __wrap_X in place of X, and X by the name __real_X.
extern "C" {
void* __real_malloc(size_t size);
void* __real_calloc(size_t count, size_t size);
void* __real_mmap(void* at, size_t size, int protection, int flags, int file, off_t offset);
int __real_munmap(void* at, size_t size);

void* __wrap_malloc(size_t size) {
  return Fails() ? nullptr : __real_malloc(size);
}
void* __wrap_calloc(size_t count, size_t size) {
  return Fails() ? nullptr : __real_calloc(count, size);
}
void* __wrap_mmap(void* at, size_t size, int protection, int flags, int file, off_t offset) {
  if (Fails()) return MAP_FAILED;
  void* const memory = __real_mmap(at, size, protection, flags, file, offset);
  if (memory != MAP_FAILED) mapped_bytes += size;
  return memory;
}
int __wrap_munmap(void* at, size_t size) {
  if (unmap_fails) return -1;
  mapped_bytes -= size;
  return __real_munmap(at, size);
}
}

void* operator new(size_t size) {
  if (void* memory = malloc(size)) return memory;
  throw std::bad_alloc();
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return malloc(size);
}
void operator delete(void* memory) noexcept {
  free(memory);
}
void operator delete(void* memory, size_t) noexcept {
  free(memory);
}

#endif
