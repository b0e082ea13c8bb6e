#include "heap.h"

#include <algorithm>
#include <new>
#include <utility>

#include "pages.h"
#include "poison.h"

namespace memdb {

// The header of a large piece; its data follow.
struct Heap::Large {
  Large* next;
  Large* previous;
  size_t size;
  size_t padding;  // keeps the data after it aligned to 16 bytes
};

constexpr Heap::SizeClass Heap::ClassOf(size_t size) {
  // A block has room for the unit of the next free one.
  const auto units = std::max(1u, static_cast<uint32_t>((size + kUnit - 1) / kUnit));
  if (units <= kSmallUnits) return {units, units, Chunks::kShort};
  const bool is_short = units <= kShortUnits / kFewestBlocks;
  const uint32_t span_units = is_short ? kShortUnits : kLongUnits;
  const uint32_t count = span_units / units;
  // A short span has at most 31 of such blocks, a long one at most 63.
  const uint32_t list = kSmallUnits + 1 + (is_short ? 0 : 24) + count - kFewestBlocks;
  return {list, span_units / count, is_short ? Chunks::kShort : Chunks::kLong};
}

void Heap::Clear() {
  MutexLock lock(mutex_);
  chunks_.Clear();
  for (Span*& list : partial_) list = nullptr;
  // Again while the OS, which had no room for another hole, may have some now.
  for (bool progress = true; progress && large_ != nullptr;) {
    progress = false;
    for (Large* large = std::exchange(large_, nullptr); large != nullptr;) {
      Large* const next = large->next;
      if (UnmapPages(large, large->size)) {
        progress = true;
      } else {
        Link(large_, large);
      }
      large = next;
    }
  }
  large_bytes_.store(0, std::memory_order_relaxed);
}

Ref Heap::Allocate(size_t size) {
  static_assert(ClassOf(kLargestBlock).list == 153 && ClassOf(kLargestBlock / 8 + 1).list < kLists);
  const SizeClass size_class = ClassOf(size);
  MutexLock lock(mutex_);
  Span* span = partial_[size_class.list];
  if (span == nullptr) {
    span = TakeSpan(size_class);
    if (span == nullptr) return 0;
  }
  return PopBlock(span);
}

Ref Heap::PopBlock(Span* span) {
  const uint32_t units = span->block_units;
  uint32_t unit = span->free_list;
  if (unit != Span::kNoUnit) {
    MEMDB_UNPOISON(span->memory + unit * kUnit, units * kUnit);
    span->free_list = span->link(unit);
  } else {
    unit = span->fresh;
    span->fresh = static_cast<uint16_t>(unit + units);
    MEMDB_UNPOISON(span->memory + unit * kUnit, units * kUnit);
    if (span->units != kShortUnits) chunks_.Touch(span->first_ref + unit, units);
  }
  span->used++;
  if (span->full()) Unlink(partial_[span->list], span);
  return span->first_ref + unit;
}

void Heap::Free(Ref ref) {
  MutexLock lock(mutex_);
  Span* const span = chunks_.SpanAt(ref);
  const uint32_t unit = ref - span->first_ref;
  const bool was_full = span->full();
  span->link(unit) = span->free_list;
  span->free_list = static_cast<uint16_t>(unit);
  MEMDB_POISON(span->memory + unit * kUnit, span->block_units * kUnit);
  span->used--;
  if (was_full) Link(partial_[span->list], span);
  if (span->used == 0) {
    Unlink(partial_[span->list], span);
    chunks_.Return(span);
  }
}

Span* Heap::TakeSpan(const SizeClass& size_class) {
  Span* const span = chunks_.Take(size_class.length);
  if (span == nullptr) return nullptr;
  span->block_units = static_cast<uint16_t>(size_class.units);
  span->list = static_cast<uint8_t>(size_class.list);
  Link(partial_[size_class.list], span);
  return span;
}

void* Heap::AllocateLarge(size_t size) {
  const size_t page = SmallPageSize();
  const size_t mapped = (sizeof(Large) + size + page - 1) / page * page;
  void* const memory = MapAnySize(mapped);
  if (memory == nullptr) return nullptr;
  auto* large = new (memory) Large{};
  large->size = mapped;
  large_bytes_.fetch_add(mapped, std::memory_order_relaxed);
  MutexLock lock(mutex_);
  Link(large_, large);
  return large + 1;
}

void Heap::FreeLarge(void* memory) {
  Large* const large = static_cast<Large*>(memory) - 1;
  const size_t size = large->size;
  {
    MutexLock lock(mutex_);
    Unlink(large_, large);
  }
  if (UnmapPages(large, size)) {
    large_bytes_.fetch_sub(size, std::memory_order_relaxed);
    return;
  }
  // Its memory goes back but for the header; Clear tries again.
  const size_t kept = SmallPageSize();
  if (GivePagesBack(reinterpret_cast<char*>(large) + kept, size - kept)) {
    large_bytes_.fetch_sub(size - kept, std::memory_order_relaxed);
  }
  MutexLock lock(mutex_);
  Link(large_, large);
}

template <typename Item>
void Heap::Link(Item*& list, Item* item) {
  item->previous = nullptr;
  item->next = list;
  if (list != nullptr) list->previous = item;
  list = item;
}

template <typename Item>
void Heap::Unlink(Item*& list, Item* item) {
  if (item->previous != nullptr) {
    item->previous->next = item->next;
  } else {
    list = item->next;
  }
  if (item->next != nullptr) item->next->previous = item->previous;
}

}  // namespace memdb
