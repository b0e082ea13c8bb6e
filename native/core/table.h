#ifndef MEMDB_CORE_TABLE_H_
#define MEMDB_CORE_TABLE_H_

#include <cstddef>
#include <cstdint>

#include "entry.h"

namespace memdb {

// An open-addressing table from digest to entry, with 8 bytes a slot and linear
// probing. A slot keeps the whole tag, so neither a failed search nor growth reads an
// entry. Not safe to use from two threads at once.
class Table {
 public:
  struct Slot {
    Tag tag;
    Ref ref;  // 0: the slot is free
  };

  Table() = default;
  ~Table();
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;

  size_t size() const { return used_; }
  size_t held_bytes() const { return slots_ == nullptr ? 0 : (size_t{mask_} + 1) * sizeof(Slot); }

  // Returns the slot of the digest, or null. Valid until the table changes.
  Slot* Find(const Heap& heap, const Digest& digest, Tag tag) const {
    if (slots_ == nullptr) return nullptr;
    for (uint32_t i = tag & mask_; slots_[i].ref != 0; i = (i + 1) & mask_) {
      if (slots_[i].tag == tag && EntryAt(heap, slots_[i].ref)->digest == digest) return &slots_[i];
    }
    return nullptr;
  }

  // Returns the slot that leads to the entry, or null.
  Slot* Find(Tag tag, Ref ref) const {
    if (slots_ == nullptr) return nullptr;
    for (uint32_t i = tag & mask_; slots_[i].ref != 0; i = (i + 1) & mask_) {
      if (slots_[i].ref == ref) return &slots_[i];
    }
    return nullptr;
  }

  // Returns the first entry that has the tag, or 0. Most likely Find will find it: for
  // prefetching.
  Ref Guess(Tag tag) const {
    if (slots_ == nullptr) return 0;
    for (uint32_t i = tag & mask_; slots_[i].ref != 0; i = (i + 1) & mask_) {
      if (slots_[i].tag == tag) return slots_[i].ref;
    }
    return 0;
  }
  // Where a search for the tag starts.
  const void* Home(Tag tag) const { return slots_ == nullptr ? nullptr : &slots_[tag & mask_]; }

  // Makes room for `more` insertions, so that they cannot fail. A quarter of the slots stays
  // free beyond that. Returns false and changes nothing if memory cannot be allocated.
  [[nodiscard]] bool Reserve(size_t more);
  // The digest must not be in the table, and room must be reserved.
  void Insert(Tag tag, Ref ref);
  void Remove(Slot* slot);
  // Removes all entries; keeps a little memory for the next use.
  void Reset();
  // Removes all entries and frees the memory.
  void Clear();

  template <typename Function>
  void ForEach(Function&& function) const {
    if (slots_ == nullptr) return;
    for (size_t i = 0; i <= mask_; i++) {
      if (slots_[i].ref != 0) function(slots_[i]);
    }
  }

 private:
  Slot* slots_ = nullptr;
  uint32_t mask_ = 0;
  uint32_t used_ = 0;
};

}  // namespace memdb

#endif  // MEMDB_CORE_TABLE_H_
