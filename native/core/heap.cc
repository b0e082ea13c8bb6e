#include "heap.h"

#include <cstdlib>
#include <new>

#include "pages.h"

// AddressSanitizer reports uses of a free block.
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

namespace memdb {

namespace {

constexpr size_t kSpanBytes = 64 * 1024;

}  // namespace

// The header at the start of a span; the blocks follow.
struct Heap::Span {
  Span* next;
  Span* previous;
  Ref first_ref;  // the span's own first unit
  uint16_t block_units;
  uint16_t used;       // blocks in use
  uint16_t free_list;  // unit of the first freed block, or 0
  uint16_t fresh;      // no block was ever allocated from this unit on

  static constexpr uint32_t kHeaderUnits = 4;

  char* base() { return reinterpret_cast<char*>(this); }
  // A free block's first bytes hold the unit of the next free one.
  uint16_t& link(uint32_t unit) { return *reinterpret_cast<uint16_t*>(base() + unit * kUnit); }
  bool full() const { return free_list == 0 && fresh + block_units > kUnitsPerSpan; }
};

struct Heap::Large {
  Large* next;
  Large* previous;
  size_t size;
  size_t padding;  // keeps the data after it aligned to 16 bytes
};

Heap::Heap() : chunks_(static_cast<Chunk*>(MapPages(kMaxChunks * sizeof(Chunk)))) {
  static_assert(sizeof(Span) <= Span::kHeaderUnits * kUnit);
  static_assert(kUnitsPerSpan * kUnit == kSpanBytes);
  if (chunks_ == nullptr) throw std::bad_alloc();
}

Heap::~Heap() {
  Clear();
  UnmapPages(chunks_, kMaxChunks * sizeof(Chunk));
}

void Heap::Clear() {
  MutexLock lock(mutex_);
  for (uint32_t i = 0; i < next_chunk_; i++) ReleaseChunk(chunks_[i]);
  next_chunk_ = 0;
  newest_ = kMaxChunks;
  supply_.Drop();
  idle_ = nullptr;
  idle_chunks_ = 0;
  for (Span*& list : partial_) list = nullptr;
  while (large_ != nullptr) {
    Large* next = large_->next;
    std::free(large_);
    large_ = next;
  }
  held_bytes_.store(0, std::memory_order_relaxed);
}

Ref Heap::Allocate(size_t size) {
  const auto units = static_cast<uint32_t>((size + kUnit - 1) / kUnit);
  MutexLock lock(mutex_);
  Span* span = partial_[units];
  if (span == nullptr) {
    span = TakeSpan(units);
    if (span == nullptr) return 0;
  }
  return PopBlock(span, units);
}

Ref Heap::PopBlock(Span* span, uint32_t units) {
  uint32_t unit = span->free_list;
  if (unit != 0) {
    MEMDB_UNPOISON(span->base() + unit * kUnit, units * kUnit);
    span->free_list = span->link(unit);
  } else {
    unit = span->fresh;
    span->fresh = static_cast<uint16_t>(unit + units);
    MEMDB_UNPOISON(span->base() + unit * kUnit, units * kUnit);
  }
  span->used++;
  if (span->full()) Unlink(partial_[units], span);
  return span->first_ref + unit;
}

void Heap::Free(Ref ref, size_t size) {
  const auto units = static_cast<uint32_t>((size + kUnit - 1) / kUnit);
  const uint32_t unit = ref & (kUnitsPerSpan - 1);
  auto* span = static_cast<Span*>(At(ref - unit));
  MutexLock lock(mutex_);
  const bool was_full = span->full();
  span->link(unit) = span->free_list;
  span->free_list = static_cast<uint16_t>(unit);
  MEMDB_POISON(span->base() + unit * kUnit, units * kUnit);
  span->used--;
  if (was_full) Link(partial_[units], span);
  if (span->used == 0) {
    Unlink(partial_[units], span);
    GiveSpanBack(span);
  }
}

Heap::Span* Heap::TakeSpan(uint32_t units) {
  Span* span = idle_;
  if (span != nullptr) {
    Unlink(idle_, span);
  } else {
    span = NewSpan();
    if (span == nullptr) return nullptr;
  }
  if (chunks_[span->first_ref >> kChunkShift].used_spans++ == 0) idle_chunks_--;
  span->block_units = static_cast<uint16_t>(units);
  span->used = 0;
  span->free_list = 0;
  span->fresh = Span::kHeaderUnits;
  held_bytes_.fetch_add(kSpanBytes, std::memory_order_relaxed);
  Link(partial_[units], span);
  return span;
}

void Heap::GiveSpanBack(Span* span) {
  Link(idle_, span);
  held_bytes_.fetch_sub(kSpanBytes, std::memory_order_relaxed);

  const uint32_t index = span->first_ref >> kChunkShift;
  Chunk& chunk = chunks_[index];
  if (--chunk.used_spans > 0) return;
  idle_chunks_++;
  // One stays in reserve: otherwise a store that grows and shrinks by a few entries
  // would map and unmap.
  if (idle_chunks_ == 1 || index == newest_) return;
  idle_chunks_--;
  char* memory = chunk.memory.load(std::memory_order_relaxed);
  for (uint32_t i = 0; i < chunk.known_spans; i++) {
    Unlink(idle_, reinterpret_cast<Span*>(memory + i * kSpanBytes));
  }
  ReleaseChunk(chunk);
  supply_.Drop();
}

Heap::Span* Heap::NewSpan() {
  if (newest_ == kMaxChunks || chunks_[newest_].known_spans == kSpansPerChunk) {
    if (!AddChunk()) return nullptr;
  }
  Chunk& chunk = chunks_[newest_];
  const uint32_t index = chunk.known_spans++;
  // Many stores never need more than the first chunk.
  const uint32_t due = newest_ == 0 ? kSpansPerChunk * 7 / 8 : kSpansPerChunk / 2;
  if (chunk.known_spans == due) supply_.Prepare();
  char* base = chunk.memory.load(std::memory_order_relaxed) + index * kSpanBytes;
  MEMDB_POISON(base + Span::kHeaderUnits * kUnit, kSpanBytes - Span::kHeaderUnits * kUnit);
  auto* span = new (base) Span{};
  span->first_ref = (newest_ << kChunkShift) + index * kUnitsPerSpan;
  return span;
}

bool Heap::AddChunk() {
  uint32_t index = 0;
  while (index < next_chunk_ && chunks_[index].memory.load(std::memory_order_relaxed) != nullptr) {
    index++;
  }
  if (index == kMaxChunks) return false;
  void* memory = supply_.Take();
  // Null if the store grows faster than the OS gives pages.
  if (memory == nullptr) memory = MapPages(kUnitsPerChunk * kUnit);
  if (memory == nullptr) return false;
  if (newest_ != kMaxChunks) {
    // If that chunk was not prepared, it has small pages: the OS may merge them later.
    PreferHugePages(chunks_[newest_].memory.load(std::memory_order_relaxed),
                    kUnitsPerChunk * kUnit);
  }
  if (index == next_chunk_) next_chunk_++;
  chunks_[index].memory.store(static_cast<char*>(memory), std::memory_order_relaxed);
  newest_ = index;
  idle_chunks_++;
  return true;
}

void Heap::ReleaseChunk(Chunk& chunk) {
  char* memory = chunk.memory.exchange(nullptr, std::memory_order_relaxed);
  if (memory == nullptr) return;
  MEMDB_UNPOISON(memory, kUnitsPerChunk * kUnit);
  UnmapPages(memory, kUnitsPerChunk * kUnit);
  chunk.used_spans = 0;
  chunk.known_spans = 0;
}

void* Heap::AllocateLarge(size_t size) {
  void* memory = std::malloc(sizeof(Large) + size);
  if (memory == nullptr) return nullptr;
  auto* large = new (memory) Large{};
  large->size = size;
  held_bytes_.fetch_add(sizeof(Large) + size, std::memory_order_relaxed);
  MutexLock lock(mutex_);
  large->next = large_;
  if (large_ != nullptr) large_->previous = large;
  large_ = large;
  return large + 1;
}

void Heap::FreeLarge(void* memory) {
  Large* large = static_cast<Large*>(memory) - 1;
  {
    MutexLock lock(mutex_);
    if (large->previous != nullptr) {
      large->previous->next = large->next;
    } else {
      large_ = large->next;
    }
    if (large->next != nullptr) large->next->previous = large->previous;
  }
  held_bytes_.fetch_sub(sizeof(Large) + large->size, std::memory_order_relaxed);
  std::free(large);
}

void Heap::Link(Span*& list, Span* span) {
  span->previous = nullptr;
  span->next = list;
  if (list != nullptr) list->previous = span;
  list = span;
}

void Heap::Unlink(Span*& list, Span* span) {
  if (span->previous != nullptr) {
    span->previous->next = span->next;
  } else {
    list = span->next;
  }
  if (span->next != nullptr) span->next->previous = span->previous;
}

}  // namespace memdb
