#ifndef MEMDB_CORE_CURSOR_H_
#define MEMDB_CORE_CURSOR_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "batch.h"
#include "entry.h"
#include "open_snapshots.h"
#include "store.h"

namespace memdb {

// An iteration over what a batch sees at its start: a copy of what is pending in
// the batch and its parents, over the version that it pins for itself. So it
// lives on when the batch is closed or written to. Owned by a session, which
// guards it.
class Cursor {
 public:
  // Pins the version that the batch reads. Null if memory cannot be allocated.
  static std::unique_ptr<Cursor> Start(Store& store, const Batch& batch);

  struct Chunk {
    // Of each pair: the sizes of key and value.
    std::span<int32_t> sizes;
    // Keys and values one after the other.
    std::span<uint8_t> bytes;
    // Out, with kNoRoom: what the next pair needs.
    size_t needed;
  };

  // Fills the chunk with the next pairs: how many (0 at the end), kNoRoom or kFull.
  int Next(Chunk* chunk);

  // Gives up the pin.
  void Release();

  // What it reads, and its place among the session's cursors. For the session.
  OpenSnapshot snapshot;
  size_t place = 0;

 private:
  struct Copy {
    std::vector<uint8_t> key;
    std::vector<uint8_t> value;
    bool deleted;
  };
  // The store's own: a caller may choose digests that meet under any other.
  struct DigestHash {
    const Store& store;
    size_t operator()(const Digest& digest) const { return store.TagOf(digest); }
  };
  using Overlay = std::unordered_map<Digest, Copy, DigestHash>;

  Cursor(Store& store, Version version)
      : store_(store), version_(version), overlay_(0, DigestHash{store}) {}

  Store& store_;
  const Version version_;
  Overlay overlay_;
  Overlay::const_iterator pending_;
  // The entries of the shard before next_shard_ that the overlay does not hide, and how
  // far they were shown.
  std::vector<const Entry*> entries_;
  size_t shown_ = 0;
  size_t next_shard_ = 0;
};

}  // namespace memdb

#endif  // MEMDB_CORE_CURSOR_H_
