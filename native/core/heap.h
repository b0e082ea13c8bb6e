#ifndef MEMDB_CORE_HEAP_H_
#define MEMDB_CORE_HEAP_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "mutex.h"
#include "page_supply.h"
#include "thread_annotations.h"

namespace memdb {

// Where a block is in a heap: its distance in units of 16 bytes. 0 is no block.
// Half the size of a pointer, so a slot of a table holds a tag and a reference
// in 8 bytes.
using Ref = uint32_t;

// The memory of one store. Blocks of up to kLargestBlock bytes come from spans
// of 64 KiB, each cut into blocks of one size (a multiple of 16 bytes); a span
// with no block in use serves another size, and a chunk of spans with none goes
// back to the system. The next chunk is got ready ahead of need. Everything is freed
// with the heap at the latest, but for a chunk that is being got ready: soon after.
//
// Safe to use from all threads. A block belongs to who allocated it.
class Heap {
 public:
  static constexpr size_t kUnit = 16;
  static constexpr size_t kLargestBlock = 2048;

  Heap();
  ~Heap();
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  // A block of at least `size` <= kLargestBlock bytes, or 0 when memory cannot be had.
  Ref Allocate(size_t size) EXCLUDES(mutex_);
  // `size` is what it was allocated with.
  void Free(Ref ref, size_t size) EXCLUDES(mutex_);

  // Frees everything. Nobody may use any block any more.
  void Clear() EXCLUDES(mutex_);

  // Memory for what is larger than any block, or null. Freed with FreeLarge, or
  // with the heap.
  void* AllocateLarge(size_t size) EXCLUDES(mutex_);
  void FreeLarge(void* memory) EXCLUDES(mutex_);

  // The block's memory. The caller must have got the reference through a lock
  // (or from itself), which makes the chunk's address visible too.
  void* At(Ref ref) const {
    return chunks_[ref >> kChunkShift].memory.load(std::memory_order_relaxed) +
           size_t{ref & (kUnitsPerChunk - 1)} * kUnit;
  }

  // Bytes in spans that serve some size, and in large blocks; not the chunk ahead.
  size_t held_bytes() const { return held_bytes_.load(std::memory_order_relaxed); }

 private:
  static constexpr uint32_t kChunkShift = 17;
  static constexpr uint32_t kUnitsPerChunk = 1u << kChunkShift;
  static constexpr uint32_t kUnitsPerSpan = 4096;
  static constexpr uint32_t kSpansPerChunk = kUnitsPerChunk / kUnitsPerSpan;
  static constexpr uint32_t kMaxChunks = 1u << (32 - kChunkShift);
  static constexpr uint32_t kSizes = kLargestBlock / kUnit + 1;

  struct Span;
  struct Large;
  struct Chunk {
    std::atomic<char*> memory;
    // Spans of it that serve some size; and that were ever set up, the first ones.
    uint32_t used_spans;
    uint32_t known_spans;
  };

  Ref PopBlock(Span* span, uint32_t units) REQUIRES(mutex_);
  Span* TakeSpan(uint32_t units) REQUIRES(mutex_);
  void GiveSpanBack(Span* span) REQUIRES(mutex_);
  bool AddChunk() REQUIRES(mutex_);
  Span* NewSpan() REQUIRES(mutex_);

  static void Link(Span*& list, Span* span);
  static void Unlink(Span*& list, Span* span);
  static void ReleaseChunk(Chunk& chunk);

  Mutex mutex_;
  // Straight from the system, so that what is not used takes no memory. A chunk's
  // address is written before any reference into it is given out.
  Chunk* const chunks_;
  // Spans with a free block, by block size in units.
  Span* partial_[kSizes] GUARDED_BY(mutex_) = {};
  // Spans that were set up and serve no size now.
  Span* idle_ GUARDED_BY(mutex_) = nullptr;
  // The chunk that new spans come from, or kMaxChunks.
  uint32_t newest_ GUARDED_BY(mutex_) = kMaxChunks;
  Large* large_ GUARDED_BY(mutex_) = nullptr;
  // Chunks from here on were never there.
  uint32_t next_chunk_ GUARDED_BY(mutex_) = 0;
  uint32_t idle_chunks_ GUARDED_BY(mutex_) = 0;
  // Of the next chunk.
  PageSupply supply_ GUARDED_BY(mutex_){kUnitsPerChunk * kUnit};
  std::atomic<size_t> held_bytes_{0};
};

}  // namespace memdb

#endif  // MEMDB_CORE_HEAP_H_
