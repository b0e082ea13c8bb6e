#ifndef MEMDB_CORE_HEAP_H_
#define MEMDB_CORE_HEAP_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "mutex.h"
#include "page_supply.h"
#include "thread_annotations.h"

namespace memdb {

// The place of a block in a heap, in units of 16 bytes; 0 is no block. It has half the
// size of a pointer, so a slot of a table holds a tag and a reference in 8 bytes.
using Ref = uint32_t;

// The memory of one store. Blocks of up to kLargestBlock bytes come from spans of
// 64 KiB. All blocks of a span have one size, a multiple of 16 bytes. A span with no block in use
// can serve another size. A chunk with no span in use goes back to the OS, except for
// one in reserve. A thread prepares the next chunk ahead of need. The heap frees everything when it
// ends; a chunk in preparation frees itself soon after.
//
// Safe to use from all threads. A block belongs to the caller that allocated it.
class Heap {
 public:
  static constexpr size_t kUnit = 16;
  static constexpr size_t kLargestBlock = 2048;

  Heap();
  ~Heap();
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  // Returns a block of at least `size` <= kLargestBlock bytes, or 0 if memory cannot be allocated.
  Ref Allocate(size_t size) EXCLUDES(mutex_);
  // `size` must be the size that Allocate was called with.
  void Free(Ref ref, size_t size) EXCLUDES(mutex_);

  // Frees everything. No block may be used after that.
  void Clear() EXCLUDES(mutex_);

  // Returns memory for data larger than any block, or null. FreeLarge frees it, or the end of
  // the heap.
  void* AllocateLarge(size_t size) EXCLUDES(mutex_);
  void FreeLarge(void* memory) EXCLUDES(mutex_);

  // Returns the block's memory. The caller must have got the reference under a lock (or
  // allocated it itself): that makes the chunk's address visible too.
  void* At(Ref ref) const {
    return chunks_[ref >> kChunkShift].memory.load(std::memory_order_relaxed) +
           size_t{ref & (kUnitsPerChunk - 1)} * kUnit;
  }

  // Bytes in spans that serve some size, and in large blocks; without the chunk in preparation.
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
    // How many of its spans serve some size, and how many were ever set up (the first ones).
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
  // Mapped, so that unused slots take no memory. A chunk's address is written before
  // any reference into it is returned.
  Chunk* const chunks_;
  // Spans with a free block, by block size in units.
  Span* partial_[kSizes] GUARDED_BY(mutex_) = {};
  // Spans that were set up but serve no size now.
  Span* idle_ GUARDED_BY(mutex_) = nullptr;
  // The chunk that gives new spans, or kMaxChunks.
  uint32_t newest_ GUARDED_BY(mutex_) = kMaxChunks;
  Large* large_ GUARDED_BY(mutex_) = nullptr;
  // Chunks from this index on were never mapped.
  uint32_t next_chunk_ GUARDED_BY(mutex_) = 0;
  uint32_t idle_chunks_ GUARDED_BY(mutex_) = 0;
  // Prepares the next chunk.
  PageSupply supply_ GUARDED_BY(mutex_){kUnitsPerChunk * kUnit};
  std::atomic<size_t> held_bytes_{0};
};

}  // namespace memdb

#endif  // MEMDB_CORE_HEAP_H_
