#ifndef MEMDB_CORE_HEAP_H_
#define MEMDB_CORE_HEAP_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "chunks.h"
#include "mutex.h"
#include "thread_annotations.h"

namespace memdb {

// The memory of one store. Blocks of up to kLargestBlock bytes come from spans; all blocks of
// a span have one size. Data larger than any block has a mapping of its own. A span with no block
// in use can serve another size, and its memory can go back to the OS (see chunks.h). The heap
// frees everything when it ends; a chunk in preparation frees itself soon after.
//
// Safe to use from all threads. A block belongs to the caller that allocated it.
class Heap {
 public:
  static constexpr size_t kUnit = Chunks::kUnit;
  static constexpr size_t kLargestBlock = 64 * 1024;

  Heap() = default;
  ~Heap() { Clear(); }
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  // Returns a block of at least `size` <= kLargestBlock bytes, or 0 if memory cannot be allocated.
  Ref Allocate(size_t size) EXCLUDES(mutex_);
  void Free(Ref ref) EXCLUDES(mutex_);

  // Frees everything. No block may be used after that.
  void Clear() EXCLUDES(mutex_);

  // Returns memory for data larger than any block, or null. FreeLarge frees it, or the end of
  // the heap.
  void* AllocateLarge(size_t size) EXCLUDES(mutex_);
  void FreeLarge(void* memory) EXCLUDES(mutex_);

  // Returns the block's memory. The caller must have got the reference under a lock, or allocated
  // it itself.
  void* At(Ref ref) const { return chunks_.At(ref); }

  // Bytes that the OS holds for the heap, in pages.
  size_t held_bytes() const {
    return chunks_.held_bytes() + large_bytes_.load(std::memory_order_relaxed);
  }
  // Bytes of spans with a block in use, and of large pieces. 0: nobody owns anything.
  size_t used_bytes() const {
    return chunks_.used_bytes() + large_bytes_.load(std::memory_order_relaxed);
  }

 private:
  // Each size of up to so many units has spans of its own. The size of larger blocks is rounded up:
  // eight or more of them fill a span.
  static constexpr uint32_t kSmallUnits = 128;
  static constexpr uint32_t kShortUnits = Chunks::kUnitsPerPage;
  static constexpr uint32_t kLongUnits = Chunks::kUnitsPerPage * Chunks::PagesOf(Chunks::kLong);
  static constexpr uint32_t kFewestBlocks = 8;

  struct SizeClass {
    uint32_t list;
    uint32_t units;
    Chunks::Length length;
  };
  static constexpr SizeClass ClassOf(size_t size);
  static constexpr uint32_t kLists = 216;

  struct Large;

  Ref PopBlock(Span* span) REQUIRES(mutex_);
  Span* TakeSpan(const SizeClass& size_class) REQUIRES(mutex_);

  template <typename Item>
  static void Link(Item*& list, Item* item);
  template <typename Item>
  static void Unlink(Item*& list, Item* item);

  Mutex mutex_;
  // At reads it without the mutex.
  Chunks chunks_;
  // Spans with a free block, by size.
  Span* partial_[kLists] GUARDED_BY(mutex_) = {};
  Large* large_ GUARDED_BY(mutex_) = nullptr;
  std::atomic<size_t> large_bytes_{0};
};

}  // namespace memdb

#endif  // MEMDB_CORE_HEAP_H_
