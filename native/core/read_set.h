#ifndef MEMDB_CORE_READ_SET_H_
#define MEMDB_CORE_READ_SET_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "digest.h"

namespace memdb {

// What an optimistic batch read of the store: the keys that it looked up, absent ones too, and
// whether it scanned. The batches nested in it add to the same set. A session owns and guards it.
class ReadSet {
 public:
  struct Key {
    Digest digest;
    Tag tag;
  };

  // Adds a key, once. If memory cannot be allocated, the batch counts as one that scanned: then any
  // commit is a conflict.
  void Add(const Digest& digest, Tag tag);
  void AddScan() { scanned_ = true; }

  bool scanned() const { return scanned_; }
  std::span<const Key> keys() const { return keys_; }
  size_t held_bytes() const;

  // Forgets everything; keeps a little memory for the next use.
  void Reset();

 private:
  // Up to so many keys are compared one by one.
  static constexpr size_t kFew = 8;
  static constexpr size_t kKept = 1024;

  bool Contains(const Digest& digest, Tag tag) const;
  void Grow();

  std::vector<Key> keys_;
  // An open-addressing table of 1 + the index of a key, or 0. Empty while there are few keys.
  std::vector<uint32_t> places_;
  bool scanned_ = false;
};

}  // namespace memdb

#endif  // MEMDB_CORE_READ_SET_H_
