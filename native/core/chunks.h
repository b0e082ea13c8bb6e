#ifndef MEMDB_CORE_CHUNKS_H_
#define MEMDB_CORE_CHUNKS_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "page_supply.h"

namespace memdb {

// A place in a heap, in units of 16 bytes; 0 is no place. It has half the size of a pointer, so a
// slot of a table holds a tag and a reference in 8 bytes.
using Ref = uint32_t;

// A part of a chunk whose blocks have one size. Its record stands at the beginning of the chunk.
struct Span {
  static constexpr uint16_t kNoUnit = UINT16_MAX;

  Span* next;
  Span* previous;
  char* memory;
  Ref first_ref;
  uint16_t units;
  uint16_t block_units;
  uint16_t used;       // blocks in use
  uint16_t free_list;  // unit of the first freed block, or kNoUnit
  uint16_t fresh;      // no block was ever allocated from this unit on
  uint8_t list;        // of the heap: spans of this size that have a free block

  // A free block's first bytes hold the unit of the next free one.
  uint16_t& link(uint32_t unit) { return *reinterpret_cast<uint16_t*>(memory + unit * size_t{16}); }
  bool full() const { return free_list == kNoUnit && uint32_t{fresh} + block_units > units; }
};

// The memory of one store, which comes from the OS in chunks of 2 MiB. A chunk has 32 pages of 64
// KiB and is divided into short spans of one page or long spans of eight. A thread prepares the
// next chunk ahead of need.
//
// Pages of idle spans go back to the OS beyond a small reserve, those of the emptiest chunk
// first. An idle chunk goes back whole, except for one. New spans come from the fullest chunks. Not
// safe to use from two threads at once, apart from At, held_bytes and used_bytes.
class Chunks {
 public:
  static constexpr size_t kUnit = 16;
  static constexpr size_t kPageBytes = 64 * 1024;
  static constexpr uint32_t kUnitsPerPage = kPageBytes / kUnit;

  enum Length { kShort, kLong };
  static constexpr uint32_t PagesOf(Length length) { return length == kShort ? 1 : 8; }

  Chunks();
  ~Chunks();
  Chunks(const Chunks&) = delete;
  Chunks& operator=(const Chunks&) = delete;

  // Returns the memory at a reference. The caller must have got the reference under a lock (or
  // allocated it itself): that makes the chunk's address visible too.
  char* At(Ref ref) const {
    return chunks_[ref >> kChunkShift].memory.load(std::memory_order_relaxed) +
           size_t{ref & (kUnitsPerChunk - 1)} * kUnit;
  }
  Span* SpanAt(Ref ref) const {
    const Chunk& chunk = chunks_[ref >> kChunkShift];
    const uint32_t number = (ref & (kUnitsPerChunk - 1)) >> chunk.span_shift;
    return reinterpret_cast<Span*>(chunk.memory.load(std::memory_order_relaxed)) + number;
  }

  // Returns a span without blocks, or null if memory cannot be allocated.
  Span* Take(Length length);
  // No block of the span may be in use.
  void Return(Span* span);
  // Counts the pages of a long span as held. To be called before these units are first used.
  void Touch(Ref ref, uint32_t units);
  // Frees everything.
  void Clear();

  // Bytes that the OS holds for the chunks, counted in pages; with the prepared chunk.
  size_t held_bytes() const { return held_bytes_.load(std::memory_order_relaxed); }
  // Bytes of the spans in use.
  size_t used_bytes() const { return used_pages_.load(std::memory_order_relaxed) * kPageBytes; }

 private:
  static constexpr uint32_t kPagesPerChunk = 32;
  static constexpr size_t kChunkBytes = kPagesPerChunk * kPageBytes;
  static constexpr uint32_t kChunkShift = 17;
  static constexpr uint32_t kUnitsPerChunk = 1u << kChunkShift;
  static constexpr uint32_t kMaxChunks = 1u << (32 - kChunkShift);
  static constexpr uint16_t kNone = kMaxChunks;
  static constexpr int kLengths = 2;

  // One bit for each page.
  using Pages = uint32_t;

  struct alignas(32) Chunk {
    // Written before any reference into the chunk is returned. Null: it is not mapped.
    std::atomic<char*> memory;
    Pages used;      // those of spans in use
    Pages resident;  // those that the OS holds memory for
    // Neighbours in its list.
    uint16_t next;
    uint16_t previous;
    uint8_t span_shift;  // log2 of the units of its spans
    bool shrunk;         // gave pages back since it was last full: huge pages would undo that
  };

  // The chunk from which spans come last, and which keeps its pages.
  struct Newest {
    uint16_t index = kNone;
    bool first = true;
    bool prepared = false;  // has asked for the next chunk
  };

  // Chunks by the number of their free spans.
  struct Lists {
    uint64_t filled = 0;  // which of them have a chunk
    uint16_t heads[kPagesPerChunk + 1];
  };

  static Length LengthOf(const Chunk& chunk) {
    return chunk.span_shift == kShortShift ? kShort : kLong;
  }
  static constexpr uint8_t kShortShift = 12;
  static constexpr uint8_t kLongShift = 15;
  static Pages PagesOf(const Span* span);

  uint32_t IndexOf(const Span* span) const { return span->first_ref >> kChunkShift; }
  bool IsNewest(uint32_t index) const {
    return newest_[kShort].index == index || newest_[kLong].index == index;
  }
  // The list that the chunk stands in, if it has a free span.
  Lists& ListsOf(const Chunk& chunk);
  static uint32_t FreeSpans(const Chunk& chunk);
  // Does nothing for a newest chunk or a full one. In between, a chunk's pages may change.
  void List(uint32_t index);
  void Unlist(uint32_t index);

  // Returns a chunk with a free span, which is not in a list any more; kNone if memory cannot be
  // allocated.
  uint32_t TakeChunk(Length length);
  bool AddChunk(Length length);
  void ReleaseChunk(uint32_t index);
  void PrepareNext(Newest& newest);
  // Gives idle pages back until the reserve is left.
  void Trim();
  bool GiveBackIdleSpan(uint32_t index);
  void UpdateHeld();

  // Mapped, so that unused places take no memory.
  Chunk* const chunks_;
  // Chunks that have a free span, without newest ones and the spare one: with idle pages that are
  // resident, and without.
  Lists with_resident_[kLengths];
  Lists without_resident_[kLengths];
  Newest newest_[kLengths];
  // A chunk that has no span in use. One stays: otherwise a store that grows and shrinks by a
  // few entries would map and unmap.
  uint16_t spare_ = kNone;
  // Chunks from this index on were never mapped.
  uint32_t next_chunk_ = 0;
  size_t mapped_chunks_ = 0;
  std::atomic<size_t> used_pages_{0};
  size_t resident_pages_ = 0;
  // Of idle spans, in the lists and the spare chunk.
  size_t idle_resident_ = 0;
  // Prepares the next chunk.
  PageSupply supply_{kChunkBytes};
  std::atomic<size_t> held_bytes_{0};
};

}  // namespace memdb

#endif  // MEMDB_CORE_CHUNKS_H_
