#include "chunks.h"

#include <algorithm>
#include <bit>
#include <new>

#include "pages.h"
#include "poison.h"

namespace memdb {

namespace {

// The records of a chunk's spans, which come before the blocks of its first one.
constexpr size_t kRecordsBytes = 32 * sizeof(Span);

// Idle pages that are kept: some always, and one for so many in use. Otherwise a store that frees
// as much as it allocates would take every page from the OS again.
constexpr size_t kReserve = 16;
constexpr size_t kUsedForOneIdle = 16;

}  // namespace

Chunks::Chunks() : chunks_(static_cast<Chunk*>(MapPages(kMaxChunks * sizeof(Chunk)))) {
  static_assert(sizeof(Chunk) == 32);
  static_assert(kRecordsBytes % kUnit == 0);
  if (chunks_ == nullptr) throw std::bad_alloc();
}

Chunks::~Chunks() {
  Clear();
  UnmapPages(chunks_, kMaxChunks * sizeof(Chunk));
}

void Chunks::Clear() {
  for (uint32_t i = 0; i < next_chunk_; i++) {
    if (chunks_[i].memory.load(std::memory_order_relaxed) != nullptr) ReleaseChunk(i);
  }
  supply_.Drop();
  for (int length = 0; length < kLengths; length++) {
    with_resident_[length] = {};
    without_resident_[length] = {};
    newest_[length] = {};
  }
  spare_ = kNone;
  next_chunk_ = 0;
  used_pages_.store(0, std::memory_order_relaxed);
  idle_resident_ = 0;
  UpdateHeld();
}

Span* Chunks::Take(Length length) {
  const uint32_t index = TakeChunk(length);
  if (index == kNone) return nullptr;
  Chunk& chunk = chunks_[index];
  const uint32_t count = PagesOf(length);
  // Of each span, the bit of its first page.
  const Pages firsts = length == kShort ? ~Pages{0} : Pages{0x01010101};
  const Pages idle = ~chunk.used & firsts;
  const Pages resident = idle & chunk.resident;
  const auto page = static_cast<uint32_t>(std::countr_zero(resident != 0 ? resident : idle));

  char* const memory = chunk.memory.load(std::memory_order_relaxed);
  auto* span = new (memory + page / count * sizeof(Span)) Span{};
  span->memory = memory + page * kPageBytes;
  span->first_ref = (index << kChunkShift) + page * kUnitsPerPage;
  span->units = static_cast<uint16_t>(count * kUnitsPerPage);
  span->free_list = Span::kNoUnit;
  span->fresh = static_cast<uint16_t>(page == 0 ? kRecordsBytes / kUnit : 0);
  MEMDB_POISON(span->memory + span->fresh * kUnit, (span->units - span->fresh) * kUnit);

  chunk.used |= PagesOf(span);
  used_pages_.fetch_add(count, std::memory_order_relaxed);
  if (chunk.shrunk && chunk.used == ~Pages{0}) {
    PreferHugePages(memory, kChunkBytes);
    chunk.shrunk = false;
  }
  List(index);
  if (newest_[length].index == index) PrepareNext(newest_[length]);
  Touch(span->first_ref, 1);
  return span;
}

void Chunks::Return(Span* span) {
  const uint32_t index = IndexOf(span);
  Chunk& chunk = chunks_[index];
  Unlist(index);
  chunk.used &= ~PagesOf(span);
  used_pages_.fetch_sub(span->units / kUnitsPerPage, std::memory_order_relaxed);
  if (chunk.used != 0 || IsNewest(index)) {
    List(index);
  } else if (spare_ == kNone) {
    spare_ = static_cast<uint16_t>(index);
    idle_resident_ += static_cast<size_t>(std::popcount(chunk.resident));
  } else {
    ReleaseChunk(index);
    supply_.Drop();
  }
  Trim();
  UpdateHeld();
}

void Chunks::Touch(Ref ref, uint32_t units) {
  Chunk& chunk = chunks_[ref >> kChunkShift];
  const uint32_t first = (ref & (kUnitsPerChunk - 1)) / kUnitsPerPage;
  const uint32_t last = ((ref & (kUnitsPerChunk - 1)) + units - 1) / kUnitsPerPage;
  const Pages touched = (~Pages{0} >> (31 - last)) & (~Pages{0} << first);
  const Pages added = touched & ~chunk.resident;
  if (added == 0) return;
  chunk.resident |= added;
  resident_pages_ += static_cast<size_t>(std::popcount(added));
  UpdateHeld();
}

Chunks::Pages Chunks::PagesOf(const Span* span) {
  const Pages pages = span->units == kUnitsPerPage ? 1 : 0xff;
  return pages << (span->first_ref & (kUnitsPerChunk - 1)) / kUnitsPerPage;
}

uint32_t Chunks::FreeSpans(const Chunk& chunk) {
  return static_cast<uint32_t>(std::popcount(~chunk.used)) / PagesOf(LengthOf(chunk));
}

Chunks::Lists& Chunks::ListsOf(const Chunk& chunk) {
  const bool resident = (chunk.resident & ~chunk.used) != 0;
  return (resident ? with_resident_ : without_resident_)[LengthOf(chunk)];
}

void Chunks::List(uint32_t index) {
  Chunk& chunk = chunks_[index];
  const uint32_t count = FreeSpans(chunk);
  if (count == 0 || IsNewest(index)) return;
  Lists& lists = ListsOf(chunk);
  const uint64_t bit = uint64_t{1} << count;
  chunk.previous = kNone;
  chunk.next = lists.filled & bit ? lists.heads[count] : kNone;
  if (chunk.next != kNone) chunks_[chunk.next].previous = static_cast<uint16_t>(index);
  lists.heads[count] = static_cast<uint16_t>(index);
  lists.filled |= bit;
  idle_resident_ += static_cast<size_t>(std::popcount(chunk.resident & ~chunk.used));
}

void Chunks::Unlist(uint32_t index) {
  Chunk& chunk = chunks_[index];
  const uint32_t count = FreeSpans(chunk);
  if (count == 0 || IsNewest(index)) return;
  Lists& lists = ListsOf(chunk);
  if (chunk.next != kNone) chunks_[chunk.next].previous = chunk.previous;
  if (chunk.previous != kNone) {
    chunks_[chunk.previous].next = chunk.next;
  } else {
    lists.heads[count] = chunk.next;
    if (chunk.next == kNone) lists.filled &= ~(uint64_t{1} << count);
  }
  idle_resident_ -= static_cast<size_t>(std::popcount(chunk.resident & ~chunk.used));
}

uint32_t Chunks::TakeChunk(Length length) {
  for (const Lists* lists : {&with_resident_[length], &without_resident_[length]}) {
    if (lists->filled == 0) continue;
    // The fullest.
    const uint32_t index = lists->heads[std::countr_zero(lists->filled)];
    Unlist(index);
    return index;
  }
  const uint32_t newest = newest_[length].index;
  if (newest != kNone && FreeSpans(chunks_[newest]) > 0) return newest;
  if (spare_ != kNone) {
    const uint32_t index = spare_;
    spare_ = kNone;
    idle_resident_ -= static_cast<size_t>(std::popcount(chunks_[index].resident));
    chunks_[index].span_shift = length == kShort ? kShortShift : kLongShift;
    return index;
  }
  return AddChunk(length) ? newest_[length].index : kNone;
}

bool Chunks::AddChunk(Length length) {
  uint32_t index = 0;
  while (index < next_chunk_ && chunks_[index].memory.load(std::memory_order_relaxed) != nullptr) {
    index++;
  }
  if (index == kMaxChunks) return false;
  void* memory = supply_.Take();
  const bool prepared = memory != nullptr;
  // The supply is empty if the store grows faster than the OS gives pages.
  if (memory == nullptr) memory = MapPages(kChunkBytes);
  if (memory == nullptr) return false;
  Newest& newest = newest_[length];
  if (newest.index != kNone) {
    // If that chunk was not prepared, it has small pages: the OS may merge them later.
    PreferHugePages(chunks_[newest.index].memory.load(std::memory_order_relaxed), kChunkBytes);
  }
  newest = {static_cast<uint16_t>(index), newest.index == kNone, false};
  next_chunk_ = std::max(next_chunk_, index + 1);
  Chunk& chunk = chunks_[index];
  chunk.memory.store(static_cast<char*>(memory), std::memory_order_relaxed);
  chunk.used = 0;
  chunk.resident = prepared ? ~Pages{0} : 0;
  chunk.span_shift = length == kShort ? kShortShift : kLongShift;
  chunk.shrunk = false;
  mapped_chunks_++;
  resident_pages_ += static_cast<size_t>(std::popcount(chunk.resident));
  return true;
}

void Chunks::ReleaseChunk(uint32_t index) {
  Chunk& chunk = chunks_[index];
  char* const memory = chunk.memory.exchange(nullptr, std::memory_order_relaxed);
  MEMDB_UNPOISON(memory, kChunkBytes);
  UnmapPages(memory, kChunkBytes);
  mapped_chunks_--;
  resident_pages_ -= static_cast<size_t>(std::popcount(chunk.resident));
}

void Chunks::PrepareNext(Newest& newest) {
  // Many stores never need more than the first chunk.
  const uint32_t due = newest.first ? kPagesPerChunk * 7 / 8 : kPagesPerChunk / 2;
  const Chunk& chunk = chunks_[newest.index];
  if (newest.prepared || static_cast<uint32_t>(std::popcount(chunk.used)) < due) return;
  newest.prepared = true;
  supply_.Prepare();
  UpdateHeld();
}

void Chunks::Trim() {
  const size_t reserve = kReserve + used_pages_.load(std::memory_order_relaxed) / kUsedForOneIdle;
  while (idle_resident_ > reserve) {
    supply_.Drop();
    if (spare_ != kNone) {
      idle_resident_ -= static_cast<size_t>(std::popcount(chunks_[spare_].resident));
      ReleaseChunk(spare_);
      spare_ = kNone;
      continue;
    }
    // The emptiest, in pages.
    uint32_t index = kNone;
    for (const Lists& lists : with_resident_) {
      if (lists.filled == 0) continue;
      const uint32_t other = lists.heads[63 - std::countl_zero(lists.filled)];
      if (index == kNone || std::popcount(chunks_[other].used) < std::popcount(chunks_[index].used))
        index = other;
    }
    if (index == kNone || !GiveBackIdleSpan(index)) return;
  }
}

bool Chunks::GiveBackIdleSpan(uint32_t index) {
  Chunk& chunk = chunks_[index];
  const uint32_t count = PagesOf(LengthOf(chunk));
  const auto first = static_cast<uint32_t>(std::countr_zero(chunk.resident & ~chunk.used)) / count;
  const Pages pages = (count == 1 ? Pages{1} : Pages{0xff}) << first * count;
  char* const memory = chunk.memory.load(std::memory_order_relaxed);
  if (!chunk.shrunk) RefuseHugePages(memory, kChunkBytes);
  // The records stay.
  const size_t skipped = first == 0 ? SmallPageSize() : 0;
  const size_t bytes = count * kPageBytes;
  if (skipped < bytes && !GivePagesBack(memory + first * bytes + skipped, bytes - skipped)) {
    return false;
  }
  Unlist(index);
  chunk.shrunk = true;
  resident_pages_ -= static_cast<size_t>(std::popcount(chunk.resident & pages));
  chunk.resident &= ~pages;
  List(index);
  return true;
}

void Chunks::UpdateHeld() {
  const size_t records = mapped_chunks_ * SmallPageSize();
  const size_t prepared = supply_.has_piece() ? kChunkBytes : 0;
  held_bytes_.store(records + resident_pages_ * kPageBytes + prepared, std::memory_order_relaxed);
}

}  // namespace memdb
