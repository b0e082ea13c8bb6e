#include "table.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>

namespace memdb {

namespace {

constexpr size_t kSmallest = 8;
constexpr size_t kLargest = size_t{1} << 31;

// At most three of four slots are used.
size_t SlotsFor(size_t entries) {
  return std::max(kSmallest, std::bit_ceil(entries + (entries + 2) / 3));
}

}  // namespace

Table::~Table() {
  std::free(slots_);
}

bool Table::Reserve(size_t more) {
  const size_t wanted = SlotsFor(used_ + more);
  const size_t have = slots_ == nullptr ? 0 : size_t{mask_} + 1;
  if (wanted <= have) return true;
  if (wanted > kLargest) return false;
  auto* slots = static_cast<Slot*>(std::calloc(wanted, sizeof(Slot)));
  if (slots == nullptr) return false;
  const auto mask = static_cast<uint32_t>(wanted - 1);
  ForEach([&](const Slot& slot) {
    uint32_t i = slot.tag & mask;
    while (slots[i].ref != 0) i = (i + 1) & mask;
    slots[i] = slot;
  });
  std::free(slots_);
  slots_ = slots;
  mask_ = mask;
  return true;
}

void Table::Insert(Tag tag, Ref ref) {
  uint32_t i = tag & mask_;
  while (slots_[i].ref != 0) i = (i + 1) & mask_;
  slots_[i] = {tag, ref};
  used_++;
}

void Table::Remove(Slot* slot) {
  // Closes the gap: a later slot of the run moves here if it may. So no search ends too
  // early, and no mark of the deletion is needed.
  auto gap = static_cast<uint32_t>(slot - slots_);
  for (uint32_t i = (gap + 1) & mask_; slots_[i].ref != 0; i = (i + 1) & mask_) {
    const uint32_t home = slots_[i].tag & mask_;
    if (((i - home) & mask_) >= ((i - gap) & mask_)) {
      slots_[gap] = slots_[i];
      gap = i;
    }
  }
  slots_[gap].ref = 0;
  used_--;
}

void Table::Reset() {
  if (used_ == 0) return;
  constexpr size_t kKept = 1024;
  // A table that was large once must not be scanned in full ever after.
  const size_t needed = std::max(4 * kSmallest, SlotsFor(size_t{8} * used_));
  if (mask_ >= std::min(kKept, needed)) {
    Clear();
  } else {
    std::memset(slots_, 0, held_bytes());
    used_ = 0;
  }
}

void Table::Clear() {
  std::free(slots_);
  slots_ = nullptr;
  mask_ = 0;
  used_ = 0;
}

}  // namespace memdb
